"""Needles of a person in every form in which they could stand in a file, and a search through all bytes."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final
from urllib.parse import quote

import zstandard

_ZSTD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_MOST_OPENED: Final = 64 << 20
# Columns whose values the database checks; anything else is filled with a canary or a number.
_ALLOWED: Final = {
    "basis": "consent",
    "state": "given",
    "kind": "mail",
    "instrument": "points",
    "why": "purchase",
    "op": "put",
    "t": "customer",
    "part": "shop:s1",
    "shop_id": "s1",
}
_BY_TABLE: Final = {("credential", "state"): "active", ("ledger", "kind"): "points"}


def forms(text: str) -> set[bytes]:
    """A word as it stands in files: UTF-8, UTF-16, escaped in JSON and in an address, hex and base64."""
    found = {text.encode("utf-16-le"), text.encode("utf-16-be"), json.dumps(text)[1:-1].encode()}
    return found | {quote(text).encode()} | binary(text.encode())


def binary(content: bytes) -> set[bytes]:
    """Bytes as they stand in files: raw, in hex of both cases, and in base64 wherever it begins."""
    found = {content, content.hex().encode(), content.hex().upper().encode()}
    for lead in range(3):
        # The first and the last letters share bits with what stands around.
        inner = base64.b64encode(b"\0" * lead + content)[4 if lead else 0 : -4]
        if len(inner) >= 8:
            found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def traces(folder: Path, needles: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """(file, needle) of everything that is found in any file below `folder`, also within compressed streams."""
    wanted = list(needles)
    found = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = file.read_bytes()
        for where, piece in (
            (file.name, content),
            *((f"{file.name} (opened)", it) for it in opened(content)),
        ):
            found += [(f"{file.parent.name}/{where}", needle) for needle in wanted if needle in piece]
    return found


def opened(content: bytes) -> Iterator[bytes]:
    """Every stream of zstd, gzip or zlib that begins anywhere in these bytes."""
    for at in _places(content, (_ZSTD,)):
        with suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().stream_reader(BytesIO(content[at:])).read(_MOST_OPENED)
    for at in _places(content, (_GZIP,)):
        with suppress(OSError, EOFError, zlib.error):
            yield gzip.GzipFile(fileobj=BytesIO(content[at:])).read(_MOST_OPENED)
    for at in _places(content, _ZLIB):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(content[at:], _MOST_OPENED)


def _places(content: bytes, marks: Iterable[bytes]) -> Iterator[int]:
    for mark in marks:
        at = content.find(mark)
        while at >= 0:
            yield at
            at = content.find(mark, at + 1)


def plant(conn: Connection, customer_id: bytes, *, schema: str = "main") -> set[bytes]:
    """A row of this customer in every table that has a column for one; the canaries that stand in them."""
    planted = set()
    tables = conn.execute(
        f"SELECT name FROM {schema}.sqlite_schema WHERE type='table' ORDER BY name"
    ).fetchall()
    for (table,) in tables:
        columns = conn.execute(f"PRAGMA {schema}.table_info({table})").fetchall()
        names = {name for _, name, *_ in columns}
        whose = "customer_id" if "customer_id" in names else "id" if table == "customer" else None
        if whose is None:
            continue
        row: dict[str, Any] = {}
        for number, (_, name, kind, *_) in enumerate(columns):
            allowed = _BY_TABLE.get((table, name)) or _ALLOWED.get(name)
            canary = f"CANARY.{table}.{name}".encode()
            if name == whose:
                row[name] = customer_id
            elif kind == "INTEGER":
                row[name] = 7_000_000 + number
            elif allowed is not None:
                row[name] = allowed
            else:
                row[name] = canary if kind == "BLOB" else canary.decode()
                planted.add(canary)
        marks = ", ".join(f":{name}" for name in row)
        conn.execute(f"INSERT INTO {schema}.{table} ({', '.join(row)}) VALUES ({marks})", row)
    return planted


def files_hold(folder: Path, content: bytes) -> bool:
    """Whether these bytes stand in any file."""
    return bool(traces(folder, binary(content)))
