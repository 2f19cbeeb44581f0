"""What one `[[readers]]` table may say: types, defaults and the refusal of everything else.

One flat dataclass for all kinds keeps the file, `welkom check` and the drivers on one set of names.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from drivers import checks
from drivers.checks import SettingsError as SettingsError
from drivers.codecs.ntag424.sun_url import Cards
from drivers.codecs.printed.layouts import LAYOUTS
from drivers.codecs.tags.ndef import NdefRule as NdefRule
from drivers.codecs.tags.ndef import RecordKind
from drivers.codecs.wallets.hce import Issuer
from drivers.codecs.wallets.smarttap import Collector
from drivers.codecs.wallets.vas import Merchant
from drivers.patterns import is_slow
from drivers.reader import Evidence
from drivers.reader_keys import Folders, file_path, secret_text
from drivers.wallet_settings import TABLES

Format = Literal["line", "vtap", "aim"]

# Where a reader is looked for that names no device; the others need one, or look for themselves.
DEVICES: Final[Mapping[str, str]] = {"nfc": "usb"}
MAX_MATCH: Final = 500  # characters of one rule: longer is a mistake, and slow patterns hide in long ones
CARDS: Final = ("device", "uid", "vas", "smarttap", "sun", "hce", "ndef")

# The settings of each kind beside `name` and `kind`; the first tuple holds what it cannot do without.
KEYS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "serial": (("device",), ("baud", "format", "prefix", "suffix", "idle_ms", "source", "evidence")),
    "hid": (("device",), ("layout", "format", "prefix", "suffix", "idle_ms", "source", "evidence")),
    "nfc": ((), CARDS),
    "pcsc": ((), CARDS),
    "ble": ((), ("device", "keys", "silence_s", "reference")),
    "mqtt": (("device",), ("keys", "username", "password", "ca", "topics")),
    "pipe": (("device",), ()),
    "replay": ((), ("file", "device", "pace", "keep_at")),
    "sim": ((), ("values", "rate_per_s", "strangers", "seed")),
}
# Those that name a file, or stand in one.
FILES: Final[Mapping[str, Callable[[object, str, Folders], object]]] = {
    "keys": file_path,
    "ca": file_path,
    "password": secret_text,
}


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
    vas: tuple[Merchant, ...] = ()
    smarttap: tuple[Collector, ...] = ()
    sun: tuple[Cards, ...] = ()
    hce: tuple[Issuer, ...] = ()
    ndef: tuple[NdefRule, ...] = ()
    keys: Path | None = None
    silence_s: float = 10.0
    reference: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    topics: tuple[str, ...] = ()
    file: Path | None = None
    pace: float = 1.0
    keep_at: bool = False
    values: tuple[str, ...] = field(default=(), repr=False)
    rate_per_s: float = 0.2
    strangers: float = 0.1
    seed: int = 0


def tables(file: Mapping[str, object]) -> list[dict[str, object]]:
    """The [[readers]] of a parsed file, each unchecked yet; none where it has none. Raises SettingsError."""
    readers = file.get("readers", [])
    if not isinstance(readers, list):
        raise SettingsError("readers: is a list of tables; write [[readers]] above each")
    for number, table in enumerate(readers):
        if not isinstance(table, dict):
            raise SettingsError(f"readers[{number}]: is a table; write [[readers]] above it")
    return readers


def outline(table: Mapping[str, object], *, where: str) -> ReaderSettings:
    """Kind, name and device alone, for who may not read its keys. Raises SettingsError."""
    kind = _kind(table, where)
    return ReaderSettings(
        checks.text(table.get("name", kind), f"{where}.name"),
        kind,
        device=_device(kind, table["device"], f"{where}.device")
        if "device" in table
        else DEVICES.get(kind, ""),
    )


def parse_reader(
    table: Mapping[str, object], *, where: str, base: Path, credentials: Path | None = None
) -> ReaderSettings:
    """One table of the configuration, checked; files are relative to `base`. Raises SettingsError.

    `credential:` looks in `credentials`, else where $CREDENTIALS_DIRECTORY says.
    """
    kind = _kind(table, where)
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
    if kind in DEVICES:
        values["device"] = DEVICES[kind]
    folders = Folders.around(base, credentials)
    for key, value in table.items():
        if key in TABLES:
            values[key] = TABLES[key](value, f"{where}.{key}", folders)
        elif key == "device":
            values[key] = _device(kind, value, f"{where}.{key}")
        elif key in FILES:
            values[key] = FILES[key](value, f"{where}.{key}", folders)
        else:
            values[key] = _CHECKS[key](value, f"{where}.{key}")
    if kind == "replay":
        if "file" not in values and "device" not in values:
            raise SettingsError(f"{where}.file: kind replay needs it; add file = …")
        file = values.get("file") or checks.path(values["device"], f"{where}.device")
        values["file"] = base / cast("Path", file)
    return ReaderSettings(**values)


def _kind(table: Mapping[str, object], where: str) -> str:
    kind = checks.text(table.get("kind"), f"{where}.kind")
    if kind not in KEYS:
        raise SettingsError(f"{where}.kind: unknown reader kind {kind!r}; choose one of {', '.join(KEYS)}")
    return kind


def _device(kind: str, value: object, where: str) -> str:
    device = checks.text(value, where)
    # What stands in an address is shown wherever the device is, so no secret may stand there.
    if kind == "mqtt" and "@" in device:
        raise SettingsError(f"{where}: no user and password in it; write username = … and password = …")
    return device


def _rules(value: object, where: str) -> tuple[NdefRule, ...]:
    return tuple(_rule(row, here) for row, here in checks.rows(value, where, required=("record", "match")))


def _rule(row: Mapping[str, object], where: str) -> NdefRule:
    record = checks.one_of(get_args(RecordKind))(row["record"], f"{where}.record")
    text = checks.text(row["match"], f"{where}.match")
    if len(text) > MAX_MATCH:
        raise SettingsError(f"{where}.match: longer than {MAX_MATCH} characters; shorten the pattern")
    try:
        match = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(f"{where}.match: not a regular expression ({error}); correct it") from None
    if is_slow(text):
        raise SettingsError(
            f"{where}.match: could keep the whole process busy for seconds; no + * or | inside another + or *, "
            "and at most three of them after a ^"
        )
    if match.groups < 1:
        raise SettingsError(f"{where}.match: has no group; put the customer's number in ( )")
    return NdefRule(cast("RecordKind", record), match)


_CHECKS: Final[Mapping[str, checks.Check[object]]] = {
    "name": checks.name,
    "kind": checks.text,
    "baud": checks.whole(300, 4_000_000),
    "format": checks.one_of(get_args(Format)),
    "prefix": checks.any_text,
    "suffix": checks.any_text,
    "idle_ms": checks.whole(10, 5000),
    "layout": checks.one_of(tuple(LAYOUTS)),
    "source": checks.name,
    "evidence": checks.one_of(get_args(Evidence)),
    "uid": checks.flag,
    "silence_s": checks.number(1, 3600),
    "reference": checks.flag,
    "username": checks.any_text,
    "topics": checks.texts,
    "ndef": _rules,
    "file": checks.path,
    "pace": checks.number(0, 100_000),
    "keep_at": checks.flag,
    "values": checks.texts,
    "rate_per_s": checks.number(0, 1000),
    "strangers": checks.number(0, 1),
    "seed": checks.whole(-(2**63), 2**63 - 1),
}
