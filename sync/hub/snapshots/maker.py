"""Writes one snapshot, in a process of its own: a million customers must not hold up who else asks the hub.

`python -m sync.hub.snapshots.maker`; one `Order` on stdin, one `Made` (or `Failed`) on stdout.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Raw

from edge.kit.child import Failed
from edge.kit.log import died
from edge.kit.seal import KEY_BYTES
from edge.kit.sql import Connection
from sync import snapshot, wire
from sync.hub.config import Config, Keys
from sync.hub.store import open_store
from sync.hub.tables import feed as partitions
from sync.hub.tables import snapshot as tables
from sync.hub.tables.snapshot import Whole
from sync.packing import pack

_ENCODER: Final = msgspec.json.Encoder()
_NOTHING: Final = Raw(b"{}")
FRAME_BYTES: Final = 1 << 20  # of slabs, unfolded, before they are packed and can be fetched
NICE: Final = 5  # below who answers shops


class Order(msgspec.Struct, frozen=True):
    """Whose snapshot, where to, and where the hub keeps everything; a password comes through the pipe alone."""

    state: str
    database: str
    password: str | None
    shop: str
    mark: str  # what `tables.mark` said of the shop when it was asked for
    out: str

    def __repr__(self) -> str:
        return "Order(…)"


class Made(msgspec.Struct, frozen=True, tag=True):
    cursors: dict[str, int]
    rows: int
    bytes: int
    sha256: str


def make(conn: Connection, shop: str, path: Path) -> Made:
    """Write what `shop` is to know to a file; `conn` shows cursors and rows as of one moment."""
    with open(path, "wb") as out:
        made = _write(conn, shop, out)
        os.fsync(out.fileno())
    return made


def _write(conn: Connection, shop: str, out: BinaryIO) -> Made:
    parts = (wire.main_part(shop), wire.urgent_part(shop))
    cursors = {part: partitions.last(conn, part) for part in parts}
    digest, rows, size = sha256(), 0, 0
    for frame, count in _frames(chain(_slabs(conn, parts[0]), _erased(conn, parts))):
        packed = pack(frame)
        out.write(packed)
        out.flush()
        digest.update(packed)
        rows, size = rows + count, size + len(packed)
    return Made(cursors, rows, size, digest.hexdigest())


def _slabs(conn: Connection, part: str) -> Iterator[tuple[bytes, int]]:
    """Lines of the file, each with its number of rows."""
    gone = tables.gone(conn, part)
    for t in tables.kinds(conn, part):
        rows = tables.folded(conn, part, t, gone=gone)
        while some := list(islice(rows, snapshot.SLAB_ROWS)):
            for its in _fitting(some):
                yield _slab(t, _ENCODER.encode([(id_, ver, Raw(d)) for id_, ver, d in its])), len(its)


def _fitting(rows: list[Whole]) -> Iterator[list[Whole]]:
    """As they are, or in halves, so that no line is too long."""
    if len(rows) > 1 and sum(len(d) + 2 * len(id_) + 64 for id_, _, d in rows) > snapshot.SLAB_BYTES - 1024:
        half = len(rows) // 2
        yield from _fitting(rows[:half])
        yield from _fitting(rows[half:])
    else:
        yield rows


def _erased(conn: Connection, parts: tuple[str, str]) -> Iterator[tuple[bytes, int]]:
    """The last slabs: who has to be gone from what a shop keeps itself, whatever it missed of the feed."""
    ids = tables.erased(conn, parts)
    for start in range(0, len(ids), snapshot.SLAB_ROWS):
        rows = [(id_, 1, _NOTHING) for id_ in ids[start : start + snapshot.SLAB_ROWS]]
        yield _slab(snapshot.ERASED, _ENCODER.encode(rows)), len(rows)


def _slab(t: str, rows: bytes) -> bytes:
    return b'{"t":"%b","rows":%b}\n' % (t.encode(), rows)


def _frames(slabs: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    held, rows = bytearray(), 0
    for slab, count in slabs:
        held += slab
        rows += count
        if len(held) >= FRAME_BYTES:
            yield bytes(held), rows
            held, rows = bytearray(), 0
    if held:
        yield bytes(held), rows


async def _ordered(order: Order) -> Made:
    """Raises ValueError when somebody was erased or the shop got another key meanwhile: nothing of it may go out."""
    nothing = bytes(KEY_BYTES)  # what is written stays sealed: no key is needed for it
    config = Config(
        Path(order.state),
        Keys(nothing, nothing),
        database=order.database,
        database_password=order.password,
    )
    store = await open_store(config, log=lambda *_, **__: None)
    try:
        made = await store.view(make, order.shop, Path(order.out))
        if await store.read(tables.mark, order.shop) != order.mark:
            raise ValueError("somebody was erased meanwhile, or the shop got another key")
        return made
    finally:
        await store.close()


def main() -> None:
    os.umask(0o077)
    with suppress(OSError):
        os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    answer: Made | Failed
    try:
        answer = asyncio.run(_ordered(order))
    except Exception as error:
        answer = Failed(**died(error))
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")


if __name__ == "__main__":
    main()
