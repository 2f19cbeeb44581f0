"""From hostile bytes to lines with numbers: whatever is wrong with a file as a whole is said here, with its line."""

import csv
import io
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from edge.kit.cells import unguarded

MOST_BYTES: Final = 256 << 20  # a hundred thousand products with long texts take some 100 MB
MOST_CELL: Final = 100_000  # characters; below csv.field_size_limit, which all of the process shares
Row = dict[str, str]
Know = Callable[[Collection[str]], None]  # raises BadFile for headers that cannot be used
ENCODINGS: Final = ("utf-8", "cp1252", "iso-8859-1", "iso-8859-15")

WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods begin, and .xls
OLD_MAC: Final = "its lines end as those of an old Mac (CR alone): save it as CSV UTF-8"
NO_WORKBOOK: Final = "it is a workbook of a spreadsheet program: save the sheet as CSV UTF-8"
MAP_IT: Final = (
    'write a mapping, a file with [columns] and lines such as title = "Omschrijving", for --mapping'
)
NO_LIST: Final = "it is a list in JSON: write JSON lines, an object on each line without [ and commas"


class BadFile(Exception):
    """The file as a whole cannot be read; nothing of it was. `line` 0: not one line's fault."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}" if line else what)
        self.line = line
        self.what = what


def unusable(count: int) -> str:
    """How many lines cannot be used, as a sentence."""
    return f"{count} line{'' if count == 1 else 's'} cannot be used"


@dataclass(frozen=True, slots=True)
class Mapping_:
    """How a file of somebody else is to be read: our field -> the name of their column."""

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ""  # empty: the one that the first line has most of
    encoding: str = "utf-8"
    language: str = "nl"


def read_mapping(text: str, *, fields: frozenset[str]) -> Mapping_:
    """A mapping file (TOML): `[columns]` with `our_field = "Their column"`, and beside it `delimiter`, `encoding`,
    `language`; raises BadFile."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(0, f"the mapping is no TOML: {error}") from None
    columns = table.pop("columns", {})
    known = {"delimiter", "encoding", "language"}
    if unknown := sorted(set(table) - known):
        raise BadFile(
            0,
            f"the mapping has an unknown key {unknown[0]!r}; known are [columns], {', '.join(sorted(known))}",
        )
    if not isinstance(columns, dict) or not all(isinstance(each, str) for each in columns.values()):
        raise BadFile(0, 'the mapping needs a table [columns] with lines such as title = "Omschrijving"')
    if unknown := sorted(set(columns) - fields):
        raise BadFile(0, f"{unknown[0]!r} is no field of ours; there are {', '.join(sorted(fields))}")
    if not all(isinstance(each, str) for each in table.values()):
        raise BadFile(0, "delimiter, encoding and language are texts in quotes")
    mapping = Mapping_(columns=columns, **table)
    if mapping.encoding not in ENCODINGS or len(mapping.delimiter) > 1:
        raise BadFile(0, f"encoding is one of {', '.join(ENCODINGS)}; delimiter is one sign")
    return mapping


def decode(body: bytes, encoding: str) -> str:
    """The text of a file; raises BadFile for what is not text in that encoding."""
    if len(body) > MOST_BYTES:
        raise BadFile(0, f"the file is over {MOST_BYTES >> 20} MB: is it a product file?")
    if body.startswith(WORKBOOKS):
        raise BadFile(0, NO_WORKBOOK)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile(1, "the file is UTF-16: save it as CSV UTF-8")
    body = body.removeprefix(b"\xef\xbb\xbf")
    if (at := body.find(b"\0")) >= 0:
        raise BadFile(_line_of(body, at), "a NUL byte: this is not a text file, or it was damaged")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadFile(
            _line_of(body, error.start),
            f'not {encoding}: save the file as UTF-8, or say encoding = "cp1252" in the mapping',
        ) from None
    if not text.strip():
        raise BadFile(0, "the file is empty")
    return text


def _line_of(body: bytes, at: int) -> int:
    before = body[:at].replace(b"\r\n", b"\n")
    return 1 + before.count(b"\n") + before.count(b"\r")


def first_line(body: bytes) -> str:
    """The first line that is not blank as far as it can be read, for guessing only."""
    lines = body[:65536].removeprefix(b"\xef\xbb\xbf").splitlines()
    return next((line.decode("utf-8", "replace") for line in lines if line.strip()), "")


def rows(text: str, *, delimiter: str = "") -> Iterator[tuple[int, list[str]]]:
    """Rows of CSV (RFC 4180) with the number of the line they begin on; blank ones are left out."""
    return read_rows(
        io.StringIO(text, newline=""), first=text.lstrip().split("\n", 1)[0], delimiter=delimiter
    )


def read_rows(lines: Iterable[str], *, first: str, delimiter: str = "") -> Iterator[tuple[int, list[str]]]:
    """As `rows`, of lines with their ends that come one by one; `first` is the first that is not blank."""
    sign = delimiter or max(",;\t", key=first.count)
    reader = csv.reader(lines, delimiter=sign, strict=True)
    begins = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "new-line" in str(error):
                raise BadFile(begins, OLD_MAC) from None
            what = "a cell is far too long" if "larger" in str(error) else str(error)
            raise BadFile(begins, f"{what}: look for a quote that is not closed from here on") from None
        if any(len(cell) > MOST_CELL for cell in row):
            raise BadFile(begins, "a cell is far too long: look for a quote that is not closed from here on")
        if any(cell.strip() for cell in row):
            yield begins, row
        begins = reader.line_num + 1


def table(text: str, *, delimiter: str = "", know: Know = lambda names: None) -> Iterator[tuple[int, Row]]:
    """Rows as dictionaries by header in lower case; raises BadFile for a row with more cells than headers."""
    for line, row in headed(rows(text, delimiter=delimiter), know=know):
        if isinstance(row, str):
            raise BadFile(line, row)
        yield line, row


def headed(lines: Iterator[tuple[int, list[str]]], *, know: Know) -> Iterator[tuple[int, Row | str]]:
    """Rows of which the first are headers, as dictionaries by header in lower case; raises BadFile, as `know` may.

    Of a row with more cells than headers it is said what is wrong with it, without what stands there. The apostrophe
    that keeps a spreadsheet from running a cell is no part of it.
    """
    _, headers = next(lines, (1, []))
    names = [header.strip().casefold() for header in headers]
    if doubled := {name for name in names if name and names.count(name) > 1}:
        raise BadFile(1, f"two columns are called {sorted(doubled)[0][:60]!r}")
    know(names)
    for line, row in lines:
        if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]):
            yield line, f"{len(row)} cells under {len(names)} headers: a quote or delimiter is wrong"
            continue
        yield line, {name: unguarded(cell.strip()) for name, cell in zip(names, row, strict=False) if name}
