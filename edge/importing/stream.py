"""From a file of any length to numbered lines: CSV with a mapping, or JSON lines, plain or gzipped."""

import gzip
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Final, cast

from edge.catalogue.importers.lines import (
    MAP_IT,
    MOST_CELL,
    NO_LIST,
    NO_WORKBOOK,
    OLD_MAC,
    WORKBOOKS,
    BadFile,
    Mapping_,
    headed,
    read_rows,
)

MOST_LINE: Final = 1 << 20  # characters; longer is a file without line ends


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why one line cannot be taken; a sentence for whoever mends the file, without what stands there."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Cells:
    """A line of CSV: our field -> text."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Json:
    """A line of JSON lines."""

    line: int
    text: bytes


def lines(
    path: Path, mapping: Mapping_, *, fields: frozenset[str], needed: str
) -> Iterator[Cells | Json | Wrong]:
    """Every line that holds something; `needed` names the fields of which one column must be there.

    Raises BadFile for what is wrong with the file as a whole, with its line, and OSError.
    """
    with _open(path) as file:
        texts = _texts(file, mapping.encoding)
        blank, first = 0, ""
        for first in texts:
            if first.strip():
                break
            blank += 1
        if not first.strip():
            raise BadFile(0, "the file is empty")
        whole = chain(repeat("\n", blank), [first], texts)
        if first.lstrip().startswith("["):
            raise BadFile(blank + 1, NO_LIST)
        if first.lstrip().startswith("{"):
            for number, text in enumerate(whole, 1):
                if len(text) > MOST_CELL:
                    yield Wrong(number, f"longer than {MOST_CELL} signs")
                elif text.strip():
                    yield Json(number, text.encode())
            return
        columns = {name: mapping.columns.get(name, name).casefold() for name in sorted(fields)}

        def know(names: Collection[str]) -> None:
            _know(columns, names, mapping, needed=needed.split())

        number = 0
        for number, row in headed(read_rows(whole, first=first, delimiter=mapping.delimiter), know=know):
            if isinstance(row, str):
                yield Wrong(number, row)
            else:
                yield Cells(number, {name: row.get(theirs, "") for name, theirs in columns.items()})
        if not number:
            raise BadFile(0, "there is no line under the headers")


def _know(
    columns: Mapping[str, str], names: Collection[str], mapping: Mapping_, *, needed: list[str]
) -> None:
    for name in mapping.columns:
        if columns[name] not in names:
            raise BadFile(1, f"there is no column {columns[name]!r} (for {name}): correct the mapping")
    if not any(columns[name] in names for name in needed):
        raise BadFile(1, f"there is no column {' or '.join(needed)}: {MAP_IT}")
    known = set(columns.values())
    if not mapping.columns and (strange := sorted(set(names) - known - {""})):
        raise BadFile(1, f"the column {strange[0][:60]!r} is none of {', '.join(columns)}: {MAP_IT}")


def _open(path: Path) -> IO[bytes]:
    file = path.open("rb")
    if file.peek(2)[:2] == b"\x1f\x8b":
        file.close()
        return cast(IO[bytes], gzip.open(path, "rb"))
    return file


def _texts(file: IO[bytes], encoding: str) -> Iterator[str]:
    number = 0
    while True:
        try:
            raw = file.readline(MOST_LINE)
        except (OSError, EOFError):
            raise BadFile(number + 1, "the file ends in the middle, or was damaged") from None
        number += 1
        if not raw:
            return
        if number == 1:
            if raw.startswith(WORKBOOKS):
                raise BadFile(0, NO_WORKBOOK)
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise BadFile(1, "the file is UTF-16: save it as CSV UTF-8")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) >= MOST_LINE and b"\r" in raw and b"\0" not in raw:
            raise BadFile(number, OLD_MAC)
        if b"\0" in raw or len(raw) >= MOST_LINE:
            raise BadFile(number, "this is not a text file, or it was damaged")
        try:
            yield raw.decode(encoding)
        except UnicodeDecodeError:
            raise BadFile(
                number, f'not {encoding}: save the file as UTF-8, or say encoding = "cp1252" in the mapping'
            ) from None
