"""Imports, slice by slice: whole or not at all, by a number, and one that can be taken back."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync.hub.hq import undo
from sync.hub.hq.pace import Pace
from sync.hub.tables import imports as tables
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.app import Hub

R = TypeVar("R")
Put = Callable[[Connection, int, list[R]], list[Moved]]


class TakenBack(NamedTuple):
    """How many rows are as they were, and those that something newer had changed: they stayed as they are."""

    rows: int
    left: undo.Left


async def take(hub: "Hub", kind: str, rows: Iterable[R], put: Put[R]) -> int:
    """Put all rows in by slices under one number; what fails half-way is taken back. Raises Refused.

    Whoever takes it back meanwhile stops it: no slice comes in behind them.
    """
    number = await begin(hub, kind)

    def put_on(conn: Connection, of: int, some: list[R]) -> list[Moved]:
        if not tables.goes_on(conn, of):
            raise _stopped(of)
        return put(conn, of, some)

    try:
        rest, pace = iter(rows), Pace()
        some = list(islice(rest, pace.rows))
        while some:
            putting = asyncio.ensure_future(pace.change(hub, put_on, number, some))
            try:  # read on while the tables take these
                some = await asyncio.to_thread(lambda: list(islice(rest, pace.rows)))
            finally:
                await putting
        await end(hub, number)
    except BaseException:
        if await hub.db.apply(tables.leave, number, "undone"):  # else somebody is at it
            await _take_back(hub, number)
        raise
    return number


async def begin(hub: "Hub", kind: str) -> int:
    """A number for a new import; raises Refused while another stands half done."""
    return await hub.db.apply(_begin, kind=kind, now_ms=hub.now_ms())


async def end(hub: "Hub", number: int) -> None:
    if not await hub.db.apply(tables.leave, number, "done"):
        raise _stopped(number)


async def take_back(
    hub: "Hub", number: int, *, dry_run: bool = False, skip_touched: bool = False
) -> TakenBack:
    """Make everything what it was before an import; how many rows. Raises Refused and names what is newer.

    `skip_touched`: leaves what is newer as it is. `dry_run`: says what would be, or the same refusal.
    """
    found = await hub.db.read(tables.run, number)
    if found is None:
        hint = "`welkom import list --config hub.toml` names them"
        raise Refused("there is no such import", code="UNKNOWN_IMPORT", hint=hint)
    if found.state == "undone" and number not in await hub.db.read(tables.unfinished):
        hint = "nothing was changed; `welkom import list --config hub.toml` says which still stand"
        raise Refused(f"import {number} was taken back already", code="IMPORT_UNDONE", hint=hint)
    newer, count, after = undo.Left(), 0, ("", "")
    while rows := await hub.db.read(tables.rows, number, after=after, most=undo.SLICE):
        newer = newer.and_(await hub.db.read(undo.touched, rows))
        count += len(rows)
        after = (rows[-1].t, rows[-1].id)
    if newer.rows and not skip_touched:
        raise undo.refused(number, newer)
    if dry_run:
        return TakenBack(count - newer.rows, newer)
    await hub.db.apply(tables.leave, number, "undone")
    return await _take_back(hub, number, skip=skip_touched)


async def _take_back(hub: "Hub", number: int, *, skip: bool = False) -> TakenBack:
    count, after, pace = 0, ("", ""), Pace()
    while rows := await hub.db.read(tables.rows, number, after=after, most=pace.rows):
        back = partial(undo.take_back, rows=rows, now_ms=hub.now_ms(), skip=skip)
        await pace.change(hub, back, hub.keys, number)
        count += len(rows)
        after = (rows[-1].t, rows[-1].id)
    left, after = undo.Left(), ("", "")
    while rows := await hub.db.read(tables.rows, number, after=after, most=undo.SLICE):
        left = left.and_(rows)
        after = (rows[-1].t, rows[-1].id)
    await hub.db.apply(_end_undone, number)
    return TakenBack(count - left.rows, left)


def _end_undone(conn: Connection, number: int) -> None:
    tables.drop(conn, number)
    tables.set_undone(conn, number)


def _stopped(number: int) -> Refused:
    hint = "nothing of it stays; import the file again if it was right"
    return Refused(f"import {number} was taken back while it ran", code="IMPORT_UNDONE", hint=hint)


def _begin(conn: Connection, *, kind: str, now_ms: int) -> int:
    if open_ := tables.unfinished(conn):
        raise Refused(
            f"import {open_[0]} stands half done",
            code="IMPORT_OPEN",
            hint=f"if it does not run any more: `welkom import undo {open_[0]} --config hub.toml`",
        )
    return tables.begin(conn, kind=kind, now_ms=now_ms)
