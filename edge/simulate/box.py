"""One shop's appliance: its real tables, acts, outbox, uplink and agent, in a process that can end at any step."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from sqlite3 import Connection, DatabaseError
from typing import Any, Final, cast

from msgspec.structs import replace

from edge import centre, newcomers, outbox
from edge.consent.tables import FOREVER_MS
from edge.facts import Fact
from edge.files import high_water_ms, prepare
from edge.joining import tables as joining
from edge.keys import Keys
from edge.kit.clock import ShopTime
from edge.kit.errors import StoreError
from edge.kit.ids import uuid7_source
from edge.kit.sqlite import Database
from edge.record import record, set_clock
from edge.simulate import guests, whole
from edge.simulate.basis import none_without
from edge.simulate.centre import KEYS
from edge.simulate.client import Client
from edge.simulate.disk import Clock, Disk, lay, quiet
from edge.simulate.line import Line
from edge.simulate.process import Process
from edge.simulate.signatures import Private
from edge.uplink import Uplink
from edge.visits import acts as visits
from edge.wallet.tables import Here
from sync import wire
from sync.agent import Agent
from sync.hub.tables.devices import Device

START_MS: Final = 1_795_000_000_000
RECIPIENT: Final = "van-dam"
QUIET_MS: Final = 30_000  # instead of minutes: a story is over in one
LEASE_MS: Final = 10_000  # instead of two weeks
_LEASE_LOOK_S: Final = 2.0
Act = Callable[[Connection], Sequence[Fact]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact that the shop was told is kept."""

    kind: str
    at_ms: int
    body: bytes


@dataclass
class Memory:
    """What people in the shop remember, whatever the box forgets: the simulation holds it to that."""

    kept: list[Kept] = field(default_factory=list)
    # customer and purpose -> the generation whose withdrawal this box has had on its disk
    withdrawn: dict[tuple[bytes, str], int] = field(default_factory=dict)
    fetched: set[tuple[bytes, str]] = field(default_factory=set)  # of those, what came with a replica alone
    in_doubt: list[tuple[bytes, Act]] = field(default_factory=list)  # forms that nobody had an answer to
    answered: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)  # line -> what was said of it first
    erased: set[bytes] = field(default_factory=set)  # whom this box has heard to be
    came_back: bool = False  # one of them, with a replica that was fetched
    wrong: list[str] = field(default_factory=list)  # what an act did that it may not do
    lease_until_ms: int = FOREVER_MS  # shop time; what the last word from the hub allows
    parted: bool = False  # the box was put back or copied: the hub may hold more of it than it does itself
    to_renew: bool = False  # and a person has still to give it a new epoch
    untold: bool = False  # and nobody told headquarters, which learns it from what the box says next

    def forget_lost(self, held: Counter[Kept]) -> None:
        """Two disks were lost: only what one of them or a backup still holds can be asked for."""
        self.kept = [each for each in self.kept if is_held(each, held)]


def is_held(kept: Kept, held: Mapping[Kept, int], times: int = 1) -> bool:
    """Whether a fact is among what is held, or was blanked there by an erasure."""
    blank = Kept(kept.kind, kept.at_ms, outbox.BLANK)
    return held.get(kept, 0) + held.get(blank, 0) >= times


def _facts(conn: Connection) -> Counter[Kept]:
    """All that a journal holds, by the epochs of before too."""
    columns = "SELECT kind, at_ms, body FROM"
    rows = conn.execute(f"{columns} outbox UNION ALL {columns} outbox_past")
    return Counter(Kept(*row) for row in rows)


class _Older(Agent):
    """The agent of the version before: what that one does not know of a row, it passes over."""

    async def _page(self, part: str, *, after: int, wait_s: int) -> wire.Page:
        page = await super()._page(part, after=after, wait_s=wait_s)
        return wire.Page([replace(row, skips=0) for row in page.rows], page.checkpoint, page.signed)


class Box:
    """An appliance. `up` while its process runs."""

    def __init__(
        self,
        name: str,
        folder: Path,
        clock: Clock,
        line: Line,
        dice: random.Random,
        *,
        on_death: Callable[[BaseException], None],
    ) -> None:
        key = name.encode().ljust(32, b"*")
        self.name = name
        self.keys = Keys(
            shop_key=key, chain_key=KEYS.chain_key, kek=key[::-1], pin_pepper=key, device_key=key
        )
        self._signing = Private.from_private_bytes(key)
        self.clock = clock
        self.line = line
        self.disk = Disk(folder, "journal.db", {"replica": "replica.db"})
        lay(self.disk.files)
        self.memory = Memory()
        self.schema = wire.SCHEMA  # of the messages that its version speaks
        self.page_rows = wire.PAGE_ROWS  # in small pages something else comes between two rows
        self.fetches = False  # a replica whole, as one does in the field; else from the first row of the feed
        self.leased = False  # whether consents count here no longer than `LEASE_MS` after the hub's last word
        self.watching: tuple[str, ...] = ("staff",)
        self.up = False
        self._heard_ms = 0
        self._dice = dice
        self._on_death = on_death

    @property
    def device(self) -> str:
        return f"box-{self.name}"

    @property
    def here(self) -> Here:
        return Here(recipient=RECIPIENT, device=self.device, kek=self.keys.kek)

    def twin(self, folder: Path, line: Line) -> "Box":
        """A copy of this box as it is now, keys and all."""
        other = Box(self.name, folder, Clock(start_ms=START_MS), line, self._dice, on_death=self._on_death)
        other.schema, other.page_rows = self.schema, self.page_rows
        other.leased, other.fetches = self.leased, self.fetches
        other.disk.at_once_bytes = self.disk.at_once_bytes
        self.disk.copy(self.db.reader, folder)
        return other

    def held(self) -> Counter[Kept]:
        """All facts that stand in the journal, whether its process runs or not."""
        with self.disk.reading() as conn:
            return _facts(conn)

    def put_back(self, at_hub: Counter[Kept]) -> None:
        """After `end`: the backup instead of these files. What nobody else has is gone, as with the disk."""
        self.disk.put_back()
        whole.places_of(self).clear()  # this is another disk
        no = "SELECT customer_id, purpose, gen FROM consent WHERE state='withdrawn'"
        with self.disk.reading() as conn:
            held = _facts(conn)
            said_no = {(customer_id, purpose): gen for customer_id, purpose, gen in conn.execute(no)}
            lines = {line_id for (line_id,) in conn.execute("SELECT line_id FROM ledger")}
        memory = self.memory
        memory.parted = memory.to_renew = True
        memory.lease_until_ms = FOREVER_MS  # until it is begun anew
        memory.erased.clear()
        memory.forget_lost(held + at_hub)
        memory.withdrawn = {
            key: min(gen, said_no[key]) for key, gen in memory.withdrawn.items() if key in said_no
        }
        memory.answered = {key: said for key, said in memory.answered.items() if key in lines}

    def registered(self, epoch: int = 1) -> Device:
        public = self._signing.public_key().public_bytes_raw()
        return Device(self.device, self.name, epoch, public)

    async def start(self) -> None:
        """Open what is on the disk, as `edge.app.open_edge` does, and converse."""
        if self.disk.used:  # what was just laid is what this would make
            prepare(self.disk.folder, log=quiet, mend=True)
        process = Process(self.name, pause=lambda: self._dice.uniform(0.0002, 0.004), on_death=self._on_death)
        self.process, self.up, self._heard_ms = process, True, 0
        self.db: Database[Fact] = self.disk.open(process, record=record)
        await self.bring_in()
        if not process.alive:
            return
        self.time = ShopTime(self.clock, high_water_ms=high_water_ms(self.db.reader))
        self.new_id = uuid7_source(self.clock, random=self._dice.randbytes)
        self.uplink = Uplink(
            self.db,
            self.keys,
            self.time,
            on_applied=self._applied,
            on_empty=self.bring_in,
            on_heard=self._heard,
        )
        self.line.is_new = self._is_new
        agent = _Older if self.schema < wire.SCHEMA else Agent
        self.agent = agent(
            self.uplink,
            Client(self.line.of(process)),
            device=self.device,
            shop=self.name,
            key=cast(Any, self._signing),
            wall_ms=self.time.now_ms,
            log=quiet,
            chance=self._dice.random,
            schema=self.schema,
            page_rows=self.page_rows,
            staging=whole.fetching(self, process) if self.fetches else None,
        )
        self.elsewhere = guests.elsewhere(self)
        self.db.on_facts = self.agent.wake
        process.start(self.agent.run())
        if self.leased:
            process.start(self._keep_lease())

    def end(self) -> None:
        self.up = False
        self.process.end()

    def lose_power(self) -> None:
        """After `end`: any part of what was not forced to the disk is lost."""
        self.disk.power_cut(self._dice)
        whole.power_cut(self, self._dice)

    def _is_new(self) -> bool:
        """Whether it has nothing yet that could be taken away (`sync.agent.Agent.run`)."""
        return self.fetches and not self.uplink.cursor(wire.urgent_part(self.name))

    async def do(self, act: Act) -> list[Fact]:
        """An act of the tablets; what happened. Raises StoreError where the disk does not take it."""
        done = await self.db.write(act)
        for fact in done.facts:
            self.memory.kept.append(Kept(outbox.kind_of(fact), fact.at_ms, outbox.body_of(fact)))
        return list(done.facts)

    async def bring_in(self) -> None:
        """Lay who was made here in the replica: after joining, and at a start."""
        with suppress(StoreError):
            await newcomers.bring_in(self.db, self.keys)

    async def tick(self) -> None:
        """The clockwork: the mark of the clock, quiet visits, consents that ended."""
        now_ms = self.time.now_ms()
        with suppress(StoreError):
            await self.db.apply(set_clock, now_ms)
        await self.do(partial(visits.end_quiet, now_ms=now_ms, quiet_ms=QUIET_MS))
        await self._end_without_basis(now_ms)
        await guests.leave(self)

    def _heard(self) -> None:
        """The hub answered: the lease is extended by that when it is looked at next."""
        self._heard_ms = self.time.now_ms()
        self.memory.lease_until_ms = max(self.memory.lease_until_ms, self._heard_ms + LEASE_MS)

    async def _keep_lease(self) -> None:
        """What `edge.app` does of it at a start, and `edge.jobs` from then on."""
        begun = False
        while True:
            with suppress(StoreError):
                if not begun:
                    end_ms = self.time.now_ms() + LEASE_MS
                    await self.db.apply(centre.begin_lease, now_ms=end_ms - LEASE_MS, for_ms=LEASE_MS)
                    # It may have been heard meanwhile.
                    end_ms = max(end_ms, self._heard_ms + LEASE_MS)
                    begun, self.memory.lease_until_ms = True, min(self.memory.lease_until_ms, end_ms)
                heard_ms, self._heard_ms = self._heard_ms, 0
                if heard_ms:
                    await self.db.apply(centre.extend_lease, heard_ms=heard_ms, for_ms=LEASE_MS)
                await self._end_without_basis(self.time.now_ms())
            await asyncio.sleep(_LEASE_LOOK_S)

    async def _applied(self, rows: Sequence[wire.Row]) -> None:
        """What `edge.line.join_hub` does with applied rows, as far as it writes."""
        for row in rows:
            if row.op == "erase":
                self.memory.erased.add(bytes.fromhex(row.id))
            if row.op == "del" and row.t == "customer":
                self._left({bytes.fromhex(row.id)})
            body = wire.row_body(row)
            if isinstance(body, wire.Consent) and body.state == "withdrawn":
                self.memory.fetched.discard((bytes.fromhex(body.customer), body.purpose))
                self.saw_withdrawal(bytes.fromhex(body.customer), body.purpose, body.gen)
            elif isinstance(body, wire.Consent):
                self.saw_yes(bytes.fromhex(body.customer), body.purpose, body.gen)
        with suppress(StoreError):
            await self._end_without_basis(self.time.now_ms())
        self.elsewhere.moved()

    async def swapped(self) -> None:
        """What `edge.arrived.replaced` does, as far as it writes."""
        if joining.anything_local(self.db.reader):
            await self.db.apply(joining.settle)
            await newcomers.bring_in(self.db, self.keys)
        whom = {customer_id for (customer_id,) in self.db.reader.execute("SELECT id FROM replica.customer")}
        self.memory.came_back |= not whom.isdisjoint(self.memory.erased)
        rows = self.db.reader.execute("SELECT customer_id, purpose, gen, state FROM replica.consent")
        for customer_id, purpose, gen, state in rows.fetchall():
            if state == "withdrawn" and gen > self.memory.withdrawn.get((customer_id, purpose), 0):
                self.memory.fetched.add((customer_id, purpose))
            (self.saw_withdrawal if state == "withdrawn" else self.saw_yes)(customer_id, purpose, gen)
        self._left({customer_id for customer_id, _ in self.memory.fetched} - whom)
        with suppress(StoreError):
            await self._end_without_basis(self.time.now_ms())
        self.elsewhere.moved()

    async def _end_without_basis(self, now_ms: int) -> None:
        words: dict[str, Any] = {"recipient": RECIPIENT, "now_ms": now_ms}
        await self.do(none_without(partial(visits.end_without_basis, **words), self.memory, **words))

    def _left(self, whom: set[bytes]) -> None:
        """What only a replica said of them the journal never heard, and the replica forgets whoever leaves."""
        for key in [each for each in self.memory.fetched if each[0] in whom]:
            self.memory.fetched.discard(key)
            self.memory.withdrawn.pop(key, None)

    def saw_withdrawal(self, customer_id: bytes, purpose: str, gen: int) -> None:
        held = self.memory.withdrawn
        held[customer_id, purpose] = max(gen, held.get((customer_id, purpose), 0))

    def saw_yes(self, customer_id: bytes, purpose: str, gen: int) -> None:
        """A later yes: whatever a hub that is put back says then, it is what the customer wants."""
        if self.memory.withdrawn.get((customer_id, purpose), gen) < gen:
            del self.memory.withdrawn[customer_id, purpose]

    def epoch(self) -> int:
        (epoch,) = self.db.reader.execute("SELECT epoch FROM outbox_head").fetchone()
        return int(epoch)

    def depth(self) -> int:
        try:
            return outbox.depth(self.db.reader)
        except DatabaseError:
            return -1
