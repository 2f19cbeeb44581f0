"""What one `[[readers]]` table may say: types, defaults and the refusal of everything else.

One flat dataclass for all kinds keeps the file, `welkom check` and the drivers on one set of names.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from drivers.codecs.layouts import LAYOUTS
from drivers.reader import Evidence

Format = Literal["line", "vtap", "aim"]
RecordKind = Literal["uri", "text", "mime", "external"]

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")  # it stands in log lines and metric labels
MAX_MATCH: Final = 500  # characters of one rule: longer is a mistake, and slow patterns hide in long ones

# The settings of each kind beside `name` and `kind`; the first tuple holds what it cannot do without.
KEYS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "serial": (("device",), ("baud", "format", "prefix", "suffix", "idle_ms", "source", "evidence")),
    "hid": (("device",), ("layout", "format", "prefix", "suffix", "idle_ms", "source", "evidence")),
    "nfc": ((), ("device", "uid", "ndef")),
    "pcsc": ((), ("device", "uid", "ndef")),
    "pipe": (("device",), ()),
    "replay": ((), ("file", "device", "pace", "keep_at")),
    "sim": ((), ("values", "rate_per_s", "strangers", "seed")),
}


class SettingsError(ValueError):
    """A reader's table is wrong: the text says what, where (`readers[0].baud`) and what to write instead."""


@dataclass(frozen=True, slots=True)
class NdefRule:
    """The first record of this kind that `match` finds gives its first group as the value."""

    record: RecordKind
    match: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """One reader's settings, all kinds together; the table in drivers/README.md has a row for each field."""

    name: str
    kind: str
    device: str = ""
    baud: int = 9600
    format: Format = "line"
    prefix: str = ""
    suffix: str = ""
    idle_ms: int = 100
    layout: str = "us"
    source: str = "vtap"
    evidence: Evidence = "weak"
    uid: bool = False
    ndef: tuple[NdefRule, ...] = ()
    file: Path | None = None
    pace: float = 1.0
    keep_at: bool = False
    values: tuple[str, ...] = field(default=(), repr=False)
    rate_per_s: float = 0.2
    strangers: float = 0.1
    seed: int = 0


def parse_reader(table: Mapping[str, object], *, where: str, base: Path) -> ReaderSettings:
    """One table of the configuration, checked; `file` is relative to `base`. Raises SettingsError."""
    kind = _text(table.get("kind"), f"{where}.kind")
    if kind not in KEYS:
        raise SettingsError(f"{where}.kind: unknown reader kind {kind!r}; choose one of {', '.join(KEYS)}")
    required, optional = KEYS[kind]
    known = {"name", "kind", *required, *optional}
    for key in table:
        if key not in known:
            raise SettingsError(
                f"{where}.{key}: kind {kind} has no such setting; remove it or use one of "
                f"{', '.join(sorted(known))}"
            )
    for key in required:
        if key not in table:
            raise SettingsError(f"{where}.{key}: kind {kind} needs it; add {key} = …")
    values: dict[str, Any] = {"name": kind, "kind": kind}
    if kind == "nfc":
        values["device"] = "usb"
    for key, value in table.items():
        values[key] = _CHECKS[key](value, f"{where}.{key}")
    if kind == "replay":
        if "file" not in values and "device" not in values:
            raise SettingsError(f"{where}.file: kind replay needs it; add file = …")
        file = values.get("file") or _path(values["device"], f"{where}.device")
        values["file"] = base / cast("Path", file)
    return ReaderSettings(**values)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{where}: must be a text that is not empty; write it in quotes")
    return value


def _name(value: object, where: str) -> str:
    text = _text(value, where)
    if not NAME.fullmatch(text):
        raise SettingsError(
            f"{where}: letters, digits, dot, dash and underscore only, at most 63; rename the reader"
        )
    return text


def _any_text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > 64:
        raise SettingsError(f"{where}: must be a text of at most 64 characters; write it in quotes")
    return value


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{where}: must be true or false")
    return value


def _path(value: object, where: str) -> Path:
    text = _text(value, where).removeprefix("file:")
    if not text or "\0" in text:
        raise SettingsError(f"{where}: must be the path of a file, relative to the configuration or absolute")
    return Path(text)


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise SettingsError(f'{where}: must be a list of texts, such as ["2900000012345"]')
    return tuple(_text(item, f"{where}[{at}]") for at, item in enumerate(value))


def _number(lowest: float, highest: float) -> Callable[[object, str], float]:
    def check(value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise SettingsError(f"{where}: must be a number from {lowest:g} to {highest:g}")
        return float(value)

    return check


def _whole(lowest: int, highest: int) -> Callable[[object, str], int]:
    def check(value: object, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SettingsError(f"{where}: must be a whole number from {lowest} to {highest}")
        return value

    return check


def _one_of(choices: tuple[str, ...]) -> Callable[[object, str], str]:
    def check(value: object, where: str) -> str:
        if value not in choices:
            raise SettingsError(f"{where}: must be one of {', '.join(choices)}")
        return str(value)

    return check


def _rules(value: object, where: str) -> tuple[NdefRule, ...]:
    if not isinstance(value, list | tuple):
        raise SettingsError(f"{where}: must be a list of tables; write [[readers.ndef]] above each rule")
    return tuple(_rule(item, f"{where}[{at}]") for at, item in enumerate(value))


def _rule(value: object, where: str) -> NdefRule:
    if not isinstance(value, Mapping):
        raise SettingsError(
            f"{where}: must be a table with record and match; write [[readers.ndef]] above it"
        )
    for key in value:
        if key not in ("record", "match"):
            raise SettingsError(f"{where}.{key}: a rule has no such setting; keep record and match only")
    record = _one_of(get_args(RecordKind))(value.get("record"), f"{where}.record")
    text = _text(value.get("match"), f"{where}.match")
    if len(text) > MAX_MATCH:
        raise SettingsError(f"{where}.match: longer than {MAX_MATCH} characters; shorten the pattern")
    try:
        match = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(f"{where}.match: not a regular expression ({error}); correct it") from None
    if match.groups < 1:
        raise SettingsError(f"{where}.match: has no group; put the customer's number in ( )")
    return NdefRule(cast("RecordKind", record), match)


_CHECKS: Final[Mapping[str, Callable[[object, str], object]]] = {
    "name": _name,
    "kind": _text,
    "device": _text,
    "baud": _whole(300, 4_000_000),
    "format": _one_of(get_args(Format)),
    "prefix": _any_text,
    "suffix": _any_text,
    "idle_ms": _whole(10, 5000),
    "layout": _one_of(tuple(LAYOUTS)),
    "source": _name,
    "evidence": _one_of(get_args(Evidence)),
    "uid": _flag,
    "ndef": _rules,
    "file": _path,
    "pace": _number(0, 100_000),
    "keep_at": _flag,
    "values": _texts,
    "rate_per_s": _number(0, 1000),
    "strangers": _number(0, 1),
    "seed": _whole(-(2**63), 2**63 - 1),
}
