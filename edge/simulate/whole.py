"""A replica that is fetched whole in a story: the real shelf, bytes, loader and exchange, without their processes.

In the field the hub has a snapshot made, and a box has it loaded, by a child process each. Here the child's work is
done in steps of whoever asked for it, and ends with them; files, messages and checks are the real ones.
"""

import asyncio
import os
import random
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec

from edge.fetching import loader
from edge.fetching.places import Places
from edge.fetching.staging import Fetching
from edge.fetching.talk import Begin, Finish, Finished, Grown, Reply, Word
from edge.kit.child import LINE_BYTES, Child, Failed, Hear
from edge.kit.log import died
from edge.replica import Seals
from edge.simulate.process import Process
from sync.hub.app import Hub
from sync.hub.snapshots import shelf
from sync.hub.snapshots.maker import Made, Order, make
from sync.hub.tables import snapshot as tables

if TYPE_CHECKING:
    from edge.simulate.box import Box


def places_of(box: "Box") -> Places:
    return Places(box.disk.folder / "replica.db")


def fetching(box: "Box", process: Process) -> Fetching:
    """What `edge.line` gives the agent."""
    return _OnOneConnection(
        box.db,
        places_of(box),
        Seals.of(box.keys),
        turn=box.uplink.turn,
        on_begun=lambda: None,
        on_swapped=box.swapped,
        child=lambda _, hear: cast(Child, _Loader(process, hear)),
    )


def power_cut(box: "Box", dice: random.Random) -> None:
    """After the process ended: what came in of a snapshot was not forced to the disk."""
    packed = places_of(box).packed
    if packed.exists():
        os.truncate(packed, dice.randint(0, packed.stat().st_size))


class _OnOneConnection(Fetching):
    """Nobody else may open what the box has (`edge.simulate.disk`)."""

    def _reading(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._db.reader)


class _Whole(loader.Growing):
    """The packed file, all of which is there."""

    def __init__(self, packed: BinaryIO, size: int) -> None:
        super().__init__(packed)
        self._size, self._whole = size, True


async def _hears(hear: Hear, said: asyncio.StreamReader) -> None:
    await hear(said)


class _Loader:
    """`edge.kit.child.Child` with `edge.fetching.loader` in it: it hears all of the file at once."""

    def __init__(self, process: Process, hear: Hear) -> None:
        self._process = process
        self._hear = hear
        self._order: Begin | None = None
        self._conn: Connection | None = None
        self._indexes: list[str] = []

    async def open(self) -> None:
        self._said = asyncio.StreamReader(LINE_BYTES)
        self._process.start(_hears(self._hear, self._said))
        self._process.owns(self._end)

    def write(self, line: bytes) -> bool:
        try:
            if self._order is None:
                self._order = msgspec.json.decode(line, type=Begin)
            else:
                self._work(self._order, msgspec.json.decode(line, type=Word))
        except Exception as error:
            self._say(Failed(**died(error)))
        return True

    def _work(self, order: Begin, word: Word) -> None:
        staging = Path(order.staging)
        match word:
            case Grown(bytes=size, whole=True):
                self._conn, self._indexes = loader.begin(staging)
                seals = Seals(order.transport, order.kek)
                with open(order.packed, "rb") as packed:
                    self._say(loader.fill(self._conn, _Whole(packed, size), seals, aside=self._say))
            case Finish(cursors=cursors):
                assert self._conn is not None
                loader.finish(self._conn, staging, indexes=self._indexes, cursors=cursors)
                self._say(Finished())
            case _:
                """More is to come."""

    def _say(self, reply: Reply) -> None:
        self._said.feed_data(msgspec.json.encode(reply) + b"\n")

    async def close(self) -> None:
        self._end()
        self._said.feed_eof()

    def _end(self) -> None:
        if self._conn is not None:
            self._conn.close()


class Shelf(shelf.Shelf):
    """The hub's, on the story's time. `seen`: when a file was first looked at, which outlives the process."""

    def __init__(self, hub: Hub, process: Process, dice: random.Random, seen: dict[Path, float]) -> None:
        super().__init__(hub.config, db=hub.db, signer=hub.signer, log=hub.log)
        self._process = process
        self._dice = dice
        self._seen = seen
        # One hub in four can make none for a while: its disk, its memory, another version.
        self._fails_until_s = self._now_s() + dice.uniform(0, 60) if dice.random() < 1 / 4 else 0.0
        process.owns(self._end)

    def _end(self) -> None:
        for making in self._making.values():
            making.task.cancel()

    def _done(self, shop: str) -> None:
        if self._process.alive:  # of one that is no more, what was half made stays
            super()._done(shop)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _age_s(self, path: Path) -> float:
        path.stat()
        return self._now_s() - self._seen.setdefault(path, self._now_s())

    async def _made(self, order: Order) -> Made | Failed:
        """What the maker does; a box may come for what lies there before it is vouched for."""
        await asyncio.sleep(self._dice.uniform(0, 2))
        if self._now_s() < self._fails_until_s:
            return Failed("OSError", "there is no room")
        made = await self._db.read(make, order.shop, Path(order.out))
        await asyncio.sleep(self._dice.uniform(0, 2))
        if await self._db.read(tables.mark, order.shop) != order.mark:
            return Failed("ValueError", "somebody was erased meanwhile")
        return made
