"""The appliance as the sync agent sees it: facts that wait, and pages of the feed that come down.

A page and its cursor are one transaction. What comes down the urgent lane is also kept in the journal, which
a rebuilt replica does not touch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from sqlite3 import Connection
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from edge import centre, histories, lasting, outbox, replica, say_again
from edge.consent import tables as consent
from edge.facts import Fact
from edge.joining import tables as joining
from edge.keys import Keys
from edge.kit.chain import link
from edge.kit.clock import ShopTime
from edge.kit.sqlite import Database
from edge.leaving import erased, leave
from edge.no_line import as_no_line
from edge.replica import Seals
from sync import wire
from sync.box import Place, Told, Unsaid

P = ParamSpec("P")
T = TypeVar("T")

# A page of the feed is applied in slices, so that a tap waits for the writer at most some 10 ms.
SLICE_ROWS = 250
FORGOTTEN_AT_ONCE = 1_000  # as long, when all of it goes


async def _nothing() -> None: ...


class Uplink:
    """Implements `sync.box.Box` on this house's database."""

    def __init__(
        self,
        db: Database[Fact],
        keys: Keys,
        time: ShopTime,
        *,
        on_applied: Callable[[Sequence[wire.Row]], Awaitable[None]],
        on_complete: Callable[[], None] = lambda: None,
        on_empty: Callable[[], Awaitable[None]] = _nothing,
        on_heard: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_complete` is called whenever the replica holds everything the hub has for this shop; `on_empty` when it
        holds nothing, because all is fetched again."""
        self._db = db
        self._time = time
        self._on_applied = on_applied
        self._on_complete = on_complete
        self._on_empty = on_empty
        self._on_heard = on_heard
        self._seals = Seals.of(keys)
        # Whether something was taken away that no receipt may be for yet: after a crash, who knows.
        self._unreceipted = True
        self.turn = asyncio.Lock()  # held by whoever changes the replica, or puts another in its place

    def waiting(self, limit: int) -> wire.Batch | None:
        held = outbox.waiting(self._db.reader, most=limit, most_bytes=wire.BATCH_BYTES // 2)
        if held is None:
            return None
        events = [
            wire.Event(
                seq=line.seq,
                at_ms=line.at_ms,
                kind=line.kind,
                body=msgspec.Raw(line.body),
                hash=line.hash.hex() if line.body == outbox.BLANK else None,
            )
            for line in held.lines
        ]
        return wire.Batch(held.epoch, held.from_seq, held.prev_hash, events)

    async def settle(self, answer: wire.Answer) -> None:
        await self._kept(outbox.settle, epoch=answer.ack.epoch, seq=answer.ack.seq)

    async def _kept(
        self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Write in the journal; a store that cannot is as good as no line."""
        with as_no_line():
            return await self._db.apply(change, *args, **kwargs)

    def cursor(self, part: str) -> int:
        return replica.cursor(self._db.reader, part)

    async def apply(self, page: wire.Page) -> None:
        async with self.turn:
            first = page.rows[0] if page.rows else None
            if first and first.seq - first.skips - 1 > self.cursor(page.checkpoint.part):
                return  # another replica took the place of the one that this page follows
            await self._apply_page(page)

    async def _apply_page(self, page: wire.Page) -> None:
        urgent = page.checkpoint.part.endswith(":urgent")
        for start in range(0, len(page.rows), SLICE_ROWS):
            rows = page.rows[start : start + SLICE_ROWS]
            takes = urgent and any(row.op != "put" or row.t != "key" for row in rows)
            erases = any(row.op == "erase" for row in rows)
            before, self._unreceipted = self._unreceipted, self._unreceipted or takes or erases
            with as_no_line():
                if takes or erases:
                    await self._db.owe_sweep()
                await self._apply_slice(rows, urgent=urgent)
                # The tablets first: emptying a log takes time.
                await self._on_applied(rows)
                if erases:
                    await self._db.sweep_small()
                if takes:
                    await self._db.apply(centre.gone, rows[-1].p, rows[-1].seq)
                self._unreceipted = before
        if page.checkpoint.up_to_date and not urgent:
            registers = any(row.t in ("consent", "credential") for row in page.rows)
            if registers and not say_again.owes(self._db.reader):
                await self._say_again()
            self._on_complete()

    async def heed(self, rows: Sequence[wire.Row]) -> None:
        here = lasting.of(rows, urgent=True)
        gone = [row for row in rows if row.op == "erase" or (row.op == "del" and row.t == "customer")]
        if not (here or gone):
            return
        async with self.turn:
            await self._promised()
            if here:
                with as_no_line():
                    await leave(self._db, erased(here))
                await self._kept(lasting.heed, here)
            if gone:
                await self._kept(replica.heed, gone)
            await self._on_applied([*here, *(row for row in gone if row.op == "del")])

    async def _say_again(self) -> None:
        """A hub that was put back from a backup may not know what was taken away: the "no" of this shop holds."""
        now_ms = self._time.now_ms()
        if say_again.unsaid(self._db.reader, now_ms=now_ms):
            with as_no_line():
                await self._db.write(say_again.unsaid, now_ms=now_ms)

    async def _apply_slice(self, rows: Sequence[wire.Row], *, urgent: bool) -> None:
        # A commit over two files is not atomic across a power cut. The journal's part changes nothing when it is
        # done again, so it goes first; the replica's part and the cursor are one transaction after it.
        here = lasting.of(rows, urgent=urgent)
        try:
            if here:
                held = self.cursor(rows[0].p)
                await leave(self._db, erased([row for row in here if row.seq > held]))
                await self._db.apply(lasting.keep, here)
            await self._db.apply(replica.apply, rows, self._seals)
        except ValueError:
            raise wire.Malformed(
                "a row of the feed has an id that is none", code="BAD_ID", hint="the hub has a bug: report it"
            ) from None
        if joining.confirmed(self._db.reader):
            await self._db.force("replica")  # or a power cut would leave neither ours nor the hub's
            await self._db.apply(joining.settle)

    def hub_time(self, hub_time_ms: int) -> None:
        self._time.settle(hub_time_ms)
        self._on_heard()

    def pins(self) -> Sequence[str]:
        return centre.keys(self._db.reader)

    async def pin(self, keys: Sequence[str]) -> None:
        await self._kept(centre.pin, keys)

    def receipt(self) -> tuple[str, int] | None:
        return centre.receipt(self._db.reader)

    async def receipted(self, cursor: int, *, of_hub: int) -> None:
        await self._kept(centre.receipted, cursor, of_hub=of_hub)

    async def make_sure(self, part: str, *, replaced: bool = False) -> None:
        async with self.turn:
            if not (self._unreceipted or replaced):
                return
            self._unreceipted = True
            with as_no_line():
                await self._db.sweep_small()
                if cursor := self.cursor(part):
                    await self._db.apply(centre.gone, part, cursor)
            self._unreceipted = False

    def epoch(self) -> int:
        return histories.epoch(self._db.reader)

    def silent(self) -> bool:
        return histories.silent(self._db.reader)

    def retained(self) -> Mapping[int, tuple[int, int]]:
        return histories.retained(self._db.reader)

    def chain(self, epoch: int, seq: int) -> str:
        return (histories.hash_at(self._db.reader, epoch, seq) or b"").hex()

    async def reopen(self, seq: int) -> None:
        await self._kept(histories.reopen, seq)

    def unsaid(self, shared: Mapping[int, int], *, after: Place, most: int) -> Sequence[Unsaid]:
        lines = histories.unsaid(self._db.reader, shared, after=after, most=most)
        return [
            Unsaid((epoch, line.seq), line.at_ms, line.kind, line.body, blank=line.body == outbox.BLANK)
            for epoch, line in lines
        ]

    def chained(self, last: Told, facts: Sequence[Unsaid]) -> list[Told]:
        found = []
        for fact in facts:
            seq = last.seq + 1
            hash_ = link(last.hash, seq=seq, at_ms=fact.at_ms, kind=fact.kind, body=fact.body)
            last = Told(last.epoch, seq, hash_)
            found.append(last)
        return found

    async def renew(self, epoch: int, shared: Mapping[int, int], told: Mapping[Place, Told]) -> None:
        await self._kept(histories.renew, epoch, shared, told)

    def hub_epoch(self) -> int:
        return centre.epoch(self._db.reader)

    async def start_over(self, hub_epoch: int, *, empty: bool) -> None:
        if empty:
            async with self.turn:
                await self._promised()
                await self._kept(say_again.owe_nothing)  # what is half-empty is compared with nothing
                while await self._kept(centre.forget_some_of_replica, most=FORGOTTEN_AT_ONCE):
                    pass  # taps have the writer in between
            await self._durable()
            await self._on_empty()
        await self._kept(_know, hub_epoch)

    def owes(self) -> bool:
        return say_again.owes(self._db.reader)

    async def up_to_date(self) -> None:
        """Say again, once after the hub was put back, every "no" that it may lack.

        Of whom it names here its own register is compared. Whom it told this shop of since its backup it does not
        know, so of whoever is not in the replica, now that this is whole, all is said; and whoever of them was
        erased it would not name here: of whom a shop speaks it does.
        """
        if not say_again.owes(self._db.reader):
            return
        async with self.turn:
            await self._say_again()
            now_ms = self._time.now_ms()
            while say_again.owes(self._db.reader):
                with as_no_line():
                    await self._db.write(say_again.some_of_others, most=SLICE_ROWS, now_ms=now_ms)

    async def _promised(self) -> None:
        """What is to be deleted now is to leave the files' pages too."""
        with as_no_line():
            await self._db.owe_sweep()

    async def _durable(self) -> None:
        """Force the replica to its disk: a power cut may take what is only in its log, and the journal's next word
        (whose cursors these are) would stay."""
        with as_no_line():
            await self._db.force("replica")


def _know(conn: Connection, hub_epoch: int) -> None:
    known = centre.epoch(conn)
    centre.know(conn, hub_epoch)
    consent.forget_agreements(conn)
    if known:
        say_again.owe(conn)


def products_of(rows: Sequence[wire.Row]) -> list[str]:
    """Items of the products that these rows brought, changed or took away."""
    return list(dict.fromkeys(row.id for row in rows if row.t == "product"))


def customer_of(row: wire.Row) -> bytes | None:
    """Whom a row is about, as far as its id says so."""
    if row.t not in ("key", "customer", "consent"):
        return None
    try:
        return bytes.fromhex(row.id.split("/")[0])
    except ValueError:
        return None
