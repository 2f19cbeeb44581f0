"""Loads a snapshot into a file beside the replica, in a process of its own. `python -m edge.fetching.loader`.

It begins while the file still comes in, and ends when its stdin does: after a kill -9 of the house nobody is left.
"""

import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from sqlite3 import Connection
from typing import IO, BinaryIO, Final, cast

import msgspec
import zstandard

from edge import replica
from edge.fetching.slabs import Loading
from edge.fetching.talk import Aside, Begin, Finish, Finished, Grown, Loaded, Reply, Word
from edge.kit.child import Failed
from edge.kit.errors import Corrupt
from edge.kit.log import died
from edge.kit.migrate import load, migrate
from edge.kit.on_disk import settle
from edge.replica import Seals
from sync import snapshot

NICE: Final = 10
# Pages in memory; rows come in the order of the tables, so few are touched twice.
_CACHE_KIB: Final = 16_384
_READ_BYTES: Final = 1 << 18
_WINDOW_BYTES: Final = 8 << 20
_WORD: Final["msgspec.json.Decoder[Word]"] = msgspec.json.Decoder(Word)


class _Gone(Exception):
    """The house ended, and with it the reason to go on."""


class Growing:
    """The packed file as it comes in: `read` waits until the house says that there is more."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = self._size = 0
        self._whole = False
        self.digest = sha256()

    def read(self, most: int = -1, /) -> bytes:
        """At most `most` bytes; none at the end of the whole file."""
        while self._at >= self._size and not self._whole:
            match _heard():
                case Grown(bytes=size, whole=whole):
                    self._size, self._whole = size, whole
                case _:
                    raise _Gone
        room = min(self._size - self._at, _READ_BYTES if most < 0 else most)
        content = self._file.read(room)
        if len(content) < room:
            raise Corrupt("the packed file is shorter than was said", code="S02", hint="it is fetched again")
        self._at += len(content)
        self.digest.update(content)
        return content


def lines(source: Growing) -> Iterator[bytes]:
    """The lines that `source` unfolds to; raises ValueError for one over the cap, or a last one without an end."""
    unfolding = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
    held = b""
    readable = cast(IO[bytes], source)  # all that is asked of it is `read`
    with unfolding.stream_reader(readable, read_size=_READ_BYTES, read_across_frames=True) as reader:
        while piece := reader.read(1 << 20):
            *whole, held = (held + piece).split(b"\n")
            yield from whole
            if len(held) > snapshot.SLAB_BYTES:
                raise ValueError("a line is too long")
    if held:
        raise ValueError("the last line has no end")


def begin(staging: Path) -> tuple[Connection, list[str]]:
    """A new, empty staging file as schema `replica`, and the statements that make its indexes afterwards."""
    staging.unlink(missing_ok=True)
    with closing(sqlite3.connect(staging, isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous=OFF")
        migrate(conn, load(files("edge.schema") / "replica"), file=staging.name)
        indexes = conn.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type='index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.execute("ATTACH DATABASE ? AS replica", (str(staging),))
    # Whatever happens before the last line, the file is thrown away: nothing in it has to be undone or be lasting.
    for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
        conn.execute(f"PRAGMA replica.{setting}")
    return conn, [re.sub(r"^CREATE INDEX ", "CREATE INDEX replica.", sql) for _, sql in indexes]


def fill(
    conn: Connection, source: Growing, seals: Seals, *, aside: Callable[[Aside], None] = lambda _: None
) -> Loaded:
    """Write every row of `source` into the attached file; what belongs elsewhere is told `aside`."""
    loading, rows = Loading(conn, seals, aside), 0
    conn.execute("BEGIN")
    for line in lines(source):
        rows += loading.put(line)
    conn.execute("COMMIT")
    return Loaded(rows, source.digest.hexdigest())


def finish(conn: Connection, staging: Path, *, indexes: list[str], cursors: dict[str, int]) -> None:
    """Cursors, indexes, a look through the whole file, and all of it on the disk; raises Corrupt."""
    for part, seq in cursors.items():
        replica.move(conn, part, seq)
    for index in indexes:
        conn.execute(index)
    (verdict,) = conn.execute("PRAGMA replica.quick_check(1)").fetchone()
    if verdict != "ok":
        raise Corrupt(
            f"{staging.name} is damaged", code="S02", hint="it is fetched again; look after the disk"
        )
    conn.execute("DETACH replica")
    conn.close()
    with open(staging, "rb") as file:
        os.fsync(file.fileno())
    settle(staging.parent)


def _heard() -> Word:
    line = sys.stdin.buffer.readline()
    if not line:
        raise _Gone
    return _WORD.decode(line)


def _say(reply: Reply) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(reply) + b"\n")
    sys.stdout.buffer.flush()


def _work(order: Begin) -> None:
    staging = Path(order.staging)
    conn, indexes = begin(staging)
    with open(order.packed, "rb") as packed:
        _say(fill(conn, Growing(packed), Seals(order.transport, order.kek), aside=_say))
    match _heard():
        case Finish(cursors=cursors):
            finish(conn, staging, indexes=indexes, cursors=cursors)
            _say(Finished())
        case _:
            raise _Gone


def main() -> None:
    os.umask(0o077)
    with suppress(OSError):
        os.nice(NICE)
    try:
        _work(msgspec.json.decode(sys.stdin.buffer.readline(), type=Begin))
    except _Gone:
        return
    except Exception as error:
        _say(Failed(**died(error)))


if __name__ == "__main__":
    main()
