"""Keeps the partitions as short as what they have to say: the last of each row, and what is still to be taken away.

A shop with any cursor comes to the same either way. What takes something away stays until every box of the shop that
is not retired has applied it; a box that is below that all the same (its files are older than it said) is told to
fetch its replica whole.
"""

from collections.abc import Callable
from typing import Final

from edge.kit.log import Log
from edge.kit.sql import Connection
from sync.hub.rounds import keep_on
from sync.hub.store import Store
from sync.hub.tables import compaction as tables

EVERY_S: Final = 600.0
SLICE: Final = 2_000  # rows looked at, or taken out, in one transaction


class Acks:
    """How far boxes have come, kept in memory: what a crash forgets only keeps a row longer."""

    def __init__(self) -> None:
        self._seqs: dict[tuple[str, str], int] = {}

    def heard(self, device_id: str, part: str, seq: int) -> None:
        if seq > self._seqs.get((device_id, part), 0):
            self._seqs[device_id, part] = seq

    def take(self) -> dict[tuple[str, str], int]:
        """What was heard since the last time."""
        seqs, self._seqs = self._seqs, {}
        return seqs


def overtaken(conn: Connection, part: str) -> int:
    """Take out what the next slice of rows made superfluous; how many there were. 0 only when all was looked at."""
    head = tables.hold(conn, part)
    upto = min(head.last, head.compacted + SLICE)
    if upto == head.compacted:
        return 0
    tables.drop(conn, part, tables.overtaken(conn, part, after=head.compacted, upto=upto))
    tables.note(conn, part, compacted=upto, gone=head.gone)
    return upto - head.compacted


def taken_away(conn: Connection, part: str, shop: str) -> int:
    """Take out a slice of what every box has taken away; how many there were."""
    head = tables.hold(conn, part)
    floor = tables.floor(conn, part, shop=shop)
    # The last row of all stays: it has to say how many are missing before it.
    upto = head.last - 1 if floor is None else min(floor, head.last - 1)
    seqs = tables.taken_away(conn, part, upto=upto, limit=SLICE)
    if seqs:
        tables.drop(conn, part, seqs)
        tables.note(conn, part, compacted=head.compacted, gone=max(head.gone, seqs[-1]))
    return len(seqs)


async def compact(db: Store, acks: Acks) -> None:
    """All partitions, a slice at a time: whoever else changes something waits for one of them at most."""
    if heard := acks.take():
        await db.apply(tables.acknowledge, heard)
    for part in await db.read(tables.parts):
        while await db.apply(overtaken, part):
            pass
        while await db.apply(taken_away, part, part.split(":")[1]):
            pass


async def keep_compact(
    db: Store, acks: Acks, *, log: Log, rest: Callable[[], float] = lambda: EVERY_S
) -> None:
    """`compact` until cancelled; what fails is said, and tried again."""
    await keep_on(lambda: compact(db, acks), rest=rest, log=log, failed="compaction_failed")
