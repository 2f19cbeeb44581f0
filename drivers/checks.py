"""One value of a reader's table at a time: what it must be, and the refusal that says so with its path."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
Check = Callable[[object, str], T]  # the value, and where it stands

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")  # it stands in log lines and metric labels
MAX_ROWS: Final = 16  # tables of one kind in one reader: each may cost a tap 50 ms


class SettingsError(ValueError):
    """A reader's table is wrong: the text says what, where (`readers[0].baud`) and what to write instead."""


def text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{where}: must be a text that is not empty; write it in quotes")
    return value


def name(value: object, where: str) -> str:
    found = text(value, where)
    if not NAME.fullmatch(found):
        raise SettingsError(
            f"{where}: letters, digits, dot, dash and underscore only, at most 63; rename the reader"
        )
    return found


def any_text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > 64:
        raise SettingsError(f"{where}: must be a text of at most 64 characters; write it in quotes")
    return value


def flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{where}: must be true or false")
    return value


def path(value: object, where: str) -> Path:
    found = text(value, where).removeprefix("file:")
    if not found or "\0" in found:
        raise SettingsError(f"{where}: must be the path of a file, relative to the configuration or absolute")
    return Path(found)


def texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise SettingsError(f'{where}: must be a list of texts, such as ["2900000012345"]')
    return tuple(text(item, f"{where}[{at}]") for at, item in enumerate(value))


def number(lowest: float, highest: float) -> Check[float]:
    def check(value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise SettingsError(f"{where}: must be a number from {lowest:g} to {highest:g}")
        return float(value)

    return check


def whole(lowest: int, highest: int) -> Check[int]:
    def check(value: object, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SettingsError(f"{where}: must be a whole number from {lowest} to {highest}")
        return value

    return check


def one_of(choices: tuple[str, ...]) -> Check[str]:
    def check(value: object, where: str) -> str:
        if value not in choices:
            raise SettingsError(f"{where}: must be one of {', '.join(choices)}")
        return str(value)

    return check


def hex_bytes(lowest: int, highest: int) -> Check[bytes]:
    def check(value: object, where: str) -> bytes:
        digits = text(value, where)
        many = f"{lowest} bytes" if lowest == highest else f"{lowest} to {highest} bytes"
        try:
            found = bytes.fromhex(digits)
        except ValueError:
            raise SettingsError(f"{where}: must be {many} in hex") from None
        if not lowest <= len(found) <= highest:
            raise SettingsError(f"{where}: has {len(found)} bytes; must be {many} in hex")
        return found

    return check


def rows(
    value: object, where: str, *, required: Sequence[str], optional: Sequence[str] = ()
) -> list[tuple[Mapping[str, object], str]]:
    """The tables of a list with where each stands; unknown and missing keys are refused."""
    last = where.rpartition(".")[2]
    if not isinstance(value, list | tuple):
        raise SettingsError(f"{where}: must be a list of tables; write [[readers.{last}]] above each")
    if len(value) > MAX_ROWS:
        raise SettingsError(f"{where}: more than {MAX_ROWS} tables; remove those that nobody uses")
    found: list[tuple[Mapping[str, object], str]] = []
    known = (*required, *optional)
    for at, row in enumerate(value):
        here = f"{where}[{at}]"
        if not isinstance(row, Mapping):
            raise SettingsError(
                f"{here}: must be a table with {' and '.join(required)}; write [[readers.{last}]] above it"
            )
        for key in row:
            if key not in known:
                raise SettingsError(f"{here}.{key}: there is no such setting; keep {', '.join(known)} only")
        for key in required:
            if key not in row:
                raise SettingsError(f"{here}.{key}: is needed; add {key} = …")
        found.append((row, here))
    return found
