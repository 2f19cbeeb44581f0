"""Rows into a file: CSV that no spreadsheet runs, or Parquet where pyarrow is installed. Whole, or not there."""

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from edge.kit.cells import guarded
from edge.kit.errors import WelkomError

Row = tuple[Any, ...]
BATCH: Final = 5_000


def write_csv(file: IO[str], columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    """RFC 4180; times as RFC 3339 in UTC; how many rows."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        count += 1
    return count


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return guarded(value) if isinstance(value, str) else value


def write_parquet(path: Path, columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    """Parquet with zstd, some thousand rows a group; how many rows. Raises WelkomError without pyarrow."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise WelkomError(
            "pyarrow is not installed",
            code="X01",
            hint="take --out ledger.csv (any name that ends in .csv), or pip install -r requirements-hq.txt",
        ) from None
    types = {"text": pa.string(), "whole": pa.int64(), "time": pa.timestamp("ms", tz="UTC")}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    count, rest = 0, iter(rows)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(rest, BATCH)):
            arrays = [
                pa.array(values, type=kind)
                for values, kind in zip(zip(*some, strict=True), schema.types, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(some)
    return count


def write(path: Path | None, form: str, columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    """Into a file of our own alone, which is there whole or not at all; None: CSV to standard output."""
    if path is None:
        return write_csv(sys.stdout, columns, rows)
    with _whole(path) as part:
        return _write_part(part, form, columns, rows)


def make_folder(path: Path) -> None:
    """The folder of several files, for its owner alone where it is new. Raises WelkomError where it cannot be."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        hint = "name a folder, new or not, in one that is there and yours to write in"
        raise WelkomError(f"{path} cannot be a folder ({error.strerror})", code="X02", hint=hint) from None


def _write_part(part: Path, form: str, columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    if form == "parquet":
        return write_parquet(part, columns, rows)
    with part.open("w", encoding="utf-8", newline="") as file:
        return write_csv(file, columns, rows)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    part = path.with_name(f".{path.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        hint = "look at its folder: is it there, yours, and not full; nothing was left half written"
        raise WelkomError(f"{path} cannot be written ({error.strerror})", code="X02", hint=hint) from None
    finally:
        part.unlink(missing_ok=True)
