"""Implements `sync.bootstrap.Staging`: the packed file, the loader that reads it, and the exchange at the end."""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, closing, suppress
from sqlite3 import Connection
from typing import Any, Final, TypeVar

import msgspec

from edge import lasting, replica
from edge.facts import Fact
from edge.fetching.lacking import beside, lacking
from edge.fetching.places import Places
from edge.fetching.talk import Aside, Begin, Finish, Finished, Grown, Loaded, Reply, Word
from edge.kit.child import Child, Failed, Hear
from edge.kit.errors import StoreError
from edge.kit.sqlite import Database
from edge.leaving import erased, leave
from edge.no_line import as_no_line
from edge.replica import Seals
from edge.staff import roster
from sync import snapshot, wire
from sync.snapshot import Manifest

R = TypeVar("R")
# Each looks through the whole outbox: so many are forgotten before somebody else gets the writer.
ERASED_AT_ONCE: Final = 4
KEPT_AT_ONCE: Final = 250
_TICKET: Final = re.compile(rb"[0-9a-f]{32}")


class Fetching:
    """One replica on its way. `turn` is held while rows are put into the one in use, and while it is exchanged."""

    def __init__(
        self,
        db: Database[Fact],
        places: Places,
        seals: Seals,
        *,
        turn: asyncio.Lock,
        on_begun: Callable[[], None],
        on_swapped: Callable[[], Awaitable[None]],
        child: Callable[[str, Hear], Child] = Child,
    ) -> None:
        """`child` starts the loader, a process of its own."""
        self._db = db
        self._places = places
        self._seals = seals
        self._turn = turn
        self._on_begun = on_begun
        self._on_swapped = on_swapped
        self._start = child
        self._child: Child | None = None
        self._said: asyncio.Queue[Reply] = asyncio.Queue()
        self._size = 0
        self._aside: list[Aside] = []

    def held(self) -> tuple[str, int]:
        places = self._places
        if not (places.ticket.exists() and places.packed.exists()):
            return "", 0
        ticket = places.ticket.read_bytes()
        if not _TICKET.fullmatch(ticket):
            return "", 0  # a power cut left its name, and not what it said
        return ticket.decode("ascii"), places.packed.stat().st_size

    async def begin(self, id_: str) -> None:
        await self.drop()
        try:
            self._places.packed.touch(mode=0o600)
            self._places.ticket.write_text(id_, encoding="ascii")
        except OSError as error:
            raise _disk(error) from None
        self._on_begun()

    async def add(self, piece: bytes) -> None:
        await self._awake()
        try:
            await asyncio.to_thread(self._append, piece)
        except OSError as error:
            raise _disk(error) from None
        self._tell(Grown(self._size, False))

    async def finish(self, manifest: Manifest) -> None:
        await self._awake()
        self._tell(Grown(self._size, True))
        loaded = await self._answer(Loaded)
        if (loaded.rows, loaded.sha256) != (manifest.rows, manifest.sha256):
            raise wire.Malformed("the snapshot is not what the hub signed", code="BAD_DIGEST", hint=_AGAIN)
        self._tell(Finish(manifest.cursors))
        await self._answer(Finished)
        await self._end_child()
        await self._forget_erased()

    def cursor(self, part: str) -> int:
        with closing(self._opened()) as conn:
            return replica.cursor(conn, part)

    async def apply(self, page: wire.Page) -> None:
        def put() -> None:
            with closing(self._opened()) as conn, conn:
                conn.execute("BEGIN")
                replica.apply(conn, page.rows, self._seals)

        with as_no_line():
            if here := lasting.of(page.rows, urgent=True):
                await leave(self._db, erased(here))
                await self._db.apply(lasting.heed, here)
        await asyncio.to_thread(put)

    async def _forget_erased(self) -> None:
        """Their rows stand before the cursors that come with the snapshot: no feed says them here any more."""
        ids = [
            bytes.fromhex(id_) for each in self._aside if each.t == snapshot.ERASED for id_, _, _ in each.rows
        ]
        with as_no_line():
            await leave(self._db, ids)
            for start in range(0, len(ids), ERASED_AT_ONCE):
                await self._db.apply(_forget, ids[start : start + ERASED_AT_ONCE])

    async def keep(self, *, whole: bool = True) -> None:
        def found() -> list[wire.Row]:
            # An old replica that is damaged tells nothing any more.
            with suppress(sqlite3.DatabaseError), self._reading() as conn:
                return lacking(conn, self._places.staging if whole else None)
            return []

        rows = await asyncio.to_thread(found)
        with as_no_line():
            for start in range(0, len(rows), KEPT_AT_ONCE):
                await self._db.apply(lasting.heed, rows[start : start + KEPT_AT_ONCE])

    def _reading(self) -> AbstractContextManager[Connection]:
        return beside(self._places.replica)

    async def swap(self, *, still: Callable[[], bool]) -> bool:
        async with self._turn:
            if not still():
                return False
            with as_no_line():
                await self._db.apply(_put_aside, self._aside, self._seals)
                await _to_its_end(self._exchanged())
        return True

    async def _exchanged(self) -> None:
        await self._db.replace("replica", self._places.replica, self._places.put)
        self._places.clear()
        with suppress(StoreError):  # who joined here is brought in once there is room (`edge.jobs.keep_time`)
            await self._on_swapped()

    async def drop(self) -> None:
        await self._end_child()
        self._places.clear()
        self._size, self._aside = 0, []

    async def rest(self) -> None:
        await self._end_child()

    async def _awake(self) -> None:
        """Have a loader at work on all that lies here; after a restart it begins the file from its start."""
        if self._child is not None:
            return
        self._on_begun()
        self._size = self._places.packed.stat().st_size
        said = self._said = asyncio.Queue()
        self._aside = []

        async def hear(lines: asyncio.StreamReader) -> None:
            while line := await lines.readline():
                said.put_nowait(msgspec.json.decode(line, type=Reply))
            said.put_nowait(Failed("ProcessLookupError", "the loader ended"))

        self._child = self._start("edge.fetching.loader", hear)
        await self._child.open()
        places, seals = self._places, self._seals
        begin = Begin(str(places.packed), str(places.staging), seals.transport, seals.kek)
        self._child.write(msgspec.json.encode(begin))
        self._tell(Grown(self._size, False))

    def _append(self, piece: bytes) -> None:
        with open(self._places.packed, "ab") as file:
            file.write(piece)
        self._size += len(piece)

    def _tell(self, word: Word) -> None:
        if self._child is not None:
            self._child.write(msgspec.json.encode(word))

    async def _answer(self, kind: type[R]) -> R:
        while isinstance(said := await self._said.get(), Aside):
            self._aside.append(said)
        if isinstance(said, kind):
            return said
        await self.drop()
        died = f"{said.error} at {said.died}" if isinstance(said, Failed) else "it answered something else"
        raise wire.Refused(f"the snapshot could not be loaded: {died}", code="S11", hint=_AGAIN)

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    def _opened(self) -> Connection:
        conn = sqlite3.connect(":memory:", isolation_level=None)
        conn.execute("ATTACH DATABASE ? AS replica", (str(self._places.staging),))
        conn.execute("PRAGMA replica.synchronous=FULL")
        conn.execute("PRAGMA replica.secure_delete=ON")
        return conn


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Also for whoever is stopped meanwhile: half of it would leave writers on another file than readers."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait((working,))
        raise


def _put_aside(conn: Connection, aside: Sequence[Aside], seals: Seals) -> None:
    people = [row for each in aside if each.t == "staff" for row in each.rows]
    for id_, ver, d in people:
        replica.put(conn, wire.Row("snapshot", 1, "put", "staff", id_, ver, d), seals)
    roster.keep_only(conn, [id_ for id_, _, _ in people])


def _forget(conn: Connection, erased: Sequence[bytes]) -> None:
    for customer_id in erased:
        lasting.forget(conn, customer_id)


def _disk(error: OSError) -> wire.Unreachable:
    return wire.Unreachable(
        f"what is fetched cannot be written ({error.strerror})",
        code="S11",
        hint="free disk space; it goes on by itself",
    )


_AGAIN: Final = "it is fetched again by itself"
