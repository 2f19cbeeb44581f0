"""Composition root of the hub: opens everything in order, joins it, closes it in reverse."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, Protocol, TypeVar

from edge.catalogue.rules import Product, Stock
from edge.kit.clock import Clock, ShopTime, SystemClock
from edge.kit.log import Log, json_log
from edge.kit.sql import Connection
from edge.kit.sweeping import AT_ONCE_BYTES
from sync import wire
from sync.hub import (
    catalogue,
    ears,
    first_lines,
    guests,
    intake,
    judging,
    keys_apart,
    merging,
    people,
    restored,
    retention,
    worked,
)
from sync.hub import devices as boxes
from sync.hub.admission import Admission
from sync.hub.compaction import Acks, keep_compact
from sync.hub.config import Config
from sync.hub.contacts import Contacts
from sync.hub.feed import Bell
from sync.hub.knocks import Knocks
from sync.hub.known import Known
from sync.hub.nonces import Shared
from sync.hub.people import NewCustomer
from sync.hub.portal import sessions
from sync.hub.problem import Refusal
from sync.hub.questions import Questions
from sync.hub.signer import signer
from sync.hub.snapshots.shelf import Shelf
from sync.hub.store import FILE, Store, open_store
from sync.hub.tables import devices
from sync.hub.tables import people as customers
from sync.hub.tables import portal as portals
from sync.hub.tables.feed import Moved
from sync.hub.tally import Tally
from sync.hub.together import Together
from sync.hub.wishes import Wishes

if TYPE_CHECKING:
    from litestar import Litestar

    from sync.hub.meter import Meter
    from sync.hub.portal.pages import Pages

SLICE: Final = 500  # customers a transaction: some 0.15 s of the one writer
P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", list[Moved], list[Moved] | None)


class Aside(Protocol):
    """Runs what waits for the disk, so that nobody else has to wait for it."""

    async def __call__(self, act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...


class Hub:
    """The open hub. `app` is its ASGI application; everything that changes goes through `change`."""

    def __init__(
        self, db: Store, config: Config, *, clock: Clock, log: Log, aside: Aside = asyncio.to_thread
    ) -> None:
        """`aside` is where a mark is forced to the disk: beside the loop, or in it where there is no thread."""
        self.db = db
        self._aside = aside
        self.config = config
        self.keys = config.keys
        self.signer = signer(config.keys.hub_kek, number=config.signing)
        self.acks = Acks()
        self.shelf = Shelf(config, db=db, signer=self.signer, log=log)
        self._wall_ms = clock.wall_ms
        self._latest_ms = 0
        self._time = ShopTime(clock)
        self.known = Known(db)
        self.nonces = Shared(db)
        self.bell = Bell()
        self.tally = Tally()
        self._uploads = Together(db, config.keys, now_ms=self.now_ms, announce=self.announce)
        self.admission = Admission()
        self.questions = Questions(config.guests)
        self.wishes = Wishes(config.forgets_a_day)
        self.contacts = Contacts(now_ms=self.now_ms, on_change=self.bell.poke)
        self.knocks = Knocks(now_ms=self.now_ms, on_change=self.bell.poke)
        self.log = log

    def now_ms(self) -> int:
        """What the machine's clock says."""
        now_ms = self._wall_ms()
        self._latest_ms = max(self._latest_ms, now_ms)
        return now_ms

    def basis_ms(self) -> int:
        """The instant at which a consent is asked for: a clock that is set back while we run revives none that ended.

        Everything else goes by `now_ms`: signatures and sessions must follow a clock that was put right.
        """
        self._latest_ms = max(self._latest_ms, self.now_ms())
        return self._latest_ms

    def sure_ms(self) -> int | None:
        """By what may be deleted for good; None while the clock is in doubt (`ShopTime.sure_ms`)."""
        return self._time.sure_ms()

    @cached_property
    def app(self) -> "Meter":
        """Loaded where it is asked for: what only reads or writes the hub's tables begins three times as soon."""
        from sync.hub.gate import Gate
        from sync.hub.meter import Meter
        from sync.hub.often import Often

        return Meter(Gate(Often(self.inside), self), self.tally)

    @cached_property
    def pages(self) -> "Pages":
        """What customers' pages are made with, and the letters that lead to them."""
        from sync.hub.portal.pages import Pages

        return Pages(self)

    @cached_property
    def inside(self) -> "Litestar":
        """What whoever is let in may ask for."""
        from sync.hub.serving import everything

        return everything(self)

    async def change(
        self,
        act: Callable[Concatenate[Connection, P], M],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> M:
        """Run an act in one transaction, then wake the shops that wait for what it published."""
        moved = await self.db.apply(act, *args, **kwargs)
        self.announce(moved or [])
        return moved

    async def take(
        self, envelope: wire.Envelope, facts: Sequence[wire.Event], proof: intake.Proof | None = None
    ) -> intake.Taken:
        """Take in an upload; a fork is logged once, whatever the box sends after it."""
        try:
            taken = await self._uploads.take(intake.Upload(envelope, facts, proof))
        except Refusal as refusal:
            if refusal.code == "FORKED" and await self.db.apply(
                devices.mark_forked, envelope.device, now_ms=self.now_ms()
            ):
                self.log("forked", code=refusal.code, hint=refusal.hint, device_epoch=envelope.epoch)
            raise
        self.tally.took(taken)
        for broken in taken.breaks:
            self.log("looks_broken", device=broken.device_id, line=broken.n, why=broken.why)
        if self.bell.is_listened() and facts:
            span = {"first": envelope.from_seq, "last": taken.seq}
            self.bell.poke(await self.db.read(portals.about, envelope.device, envelope.epoch, **span))
        return taken

    async def invite(self, shop_id: str, ask: wire.GuestAsk) -> guests.Invited:
        """Find the owner of a card that a shop does not know, and send them down; raises Refused, Refusal."""
        self.questions.ask(shop_id)
        invited = await self.db.apply(
            guests.invite, self.keys, shop_id=shop_id, card=ask.card, now_ms=self.now_ms()
        )
        if invited.found == "nobody":
            self.questions.was_nobody(shop_id)
        self.announce(invited.moved)
        return invited

    def announce(self, moved: Sequence[Moved]) -> None:
        """Wake the shops and the pages that wait for what was committed."""
        self.bell.ring([each.part for each in moved])
        self.bell.poke(customer_id for each in moved for customer_id in each.customers)

    async def portal_code(self, customer_id: bytes) -> str:
        """A code that lets one phone into this customer's page: once, within 15 minutes. Raises Refused."""
        return await self.db.apply(sessions.make_code, customer_id, now_ms=self.now_ms())

    async def add_customers(
        self,
        shop_ids: Sequence[str],
        customers: Iterable[NewCustomer],
        *,
        reason: str = "joined",
        at_once: int = SLICE,
    ) -> int:
        """Add many customers, `at_once` in one transaction; how many they were.

        Larger slices are a fifth faster, and make everybody else wait longer for the writer.
        """
        rest, count = iter(customers), 0
        while some := list(islice(rest, at_once)):
            await self.change(
                people.add_customers,
                self.keys,
                shop_ids=shop_ids,
                customers=some,
                now_ms=self.now_ms(),
                reason=reason,
            )
            count += len(some)
        return count

    async def add_products(self, products: Iterable[Product]) -> int:
        """Add or change products, in slices; how many were given. What is the same already is not sent again."""
        rest, count = iter(products), 0
        while some := list(islice(rest, catalogue.SLICE)):
            await self.change(catalogue.put_products, some)
            count += len(some)
        return count

    async def drop_products(self, items: Iterable[str]) -> None:
        """Take products out of the catalogue, in slices."""
        rest = iter(items)
        while some := list(islice(rest, catalogue.SLICE)):
            await self.change(catalogue.drop_products, some)

    async def set_stock(self, stocks: Iterable[Stock], *, shop_ids: Sequence[str] | None = None) -> int:
        """Take counts of these shops (None: of all), in slices; how many were given."""
        rest, count = iter(stocks), 0
        while some := list(islice(rest, catalogue.SLICE)):
            await self.change(catalogue.set_stock, some, shop_ids=shop_ids)
            count += len(some)
        return count

    async def erase(self, customer_id: bytes) -> list[Moved]:
        """Forget a customer, also where it was written ahead, and for good: no backup brings them back."""
        if await self.db.read(customers.exists, customer_id):
            for each in await self.db.read(merging.history, customer_id):
                mark = people.mark(self.keys, each)
                await self._aside(restored.remember, self.config.state / restored.FILE, mark)
        await self.db.owe_sweep()
        moved = await self.change(people.erase, self.keys, customer_id=customer_id, now_ms=self.now_ms())
        self.bell.poke([customer_id])
        await self.shelf.sweep()
        await self.db.sweep_small()
        return moved


@asynccontextmanager
async def open_hub(
    config: Config,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    put_back: bool = False,
    look: bool = False,
    only_reads: bool = False,
) -> AsyncGenerator[Hub, None]:
    """The hub on its store, brought up to date; raises StoreError.

    `put_back`: its database is a backup; `look`: its file is read through first (`open_store`); `only_reads`: for a
    command that only reads beside whoever writes, so nothing is done but what it asks. Production and every test call
    this; they differ in clock, log and store.
    """
    clock = clock or SystemClock()
    log = log or json_log(now_ms=clock.wall_ms)
    apart = config.state / keys_apart.FILE
    if not config.database:
        keys_apart.refuse_without(config.state / FILE, apart)
        worked.refuse_empty(config.state)
    db = await open_store(config, log=log, look=look)
    try:
        await db.read(_refuse_strange, config, put_back=put_back)
        hub = Hub(db, config, clock=clock, log=log)
        marks = restored.remembered(config.state / restored.FILE)
        if not await db.read(restored.knows, marks):
            await db.owe_sweep()
            await db.apply(restored.replay, config.keys, marks=marks, now_ms=clock.wall_ms())
        if only_reads:
            yield hub
            return
        await (
            hub.shelf.sweep()
        )  # as much as this: whoever was erased last may have been so just before a crash
        await db.scrub()
        await db.sweep(most=AT_ONCE_BYTES)
        if put_back:
            hub.shelf.forget()
            await keys_apart.put_back(db, config.keys, apart)
            apart.unlink(missing_ok=True)  # beside the database it would keep alive whom an erasure forgets
            log("hub_put_back", to_version=await db.apply(restored.raise_epoch, now_ms=clock.wall_ms()))
        working = [
            asyncio.create_task(ears.listen(db, hub.bell, await ears.now(db), log=log)),
            asyncio.create_task(keep_compact(db, hub.acks, log=log)),
            asyncio.create_task(hub.shelf.keep_swept()),
            asyncio.create_task(retention.keep_tidy(hub)),
            asyncio.create_task(judging.keep_judging(hub, at_once=put_back)),
            asyncio.create_task(first_lines.keep_writing(hub)),
        ]
        try:
            yield hub
        finally:
            for task in working:
                task.cancel()
            hub.bell.close()
            await asyncio.gather(*working, return_exceptions=True)
            await hub.shelf.close()
    finally:
        await db.close()


def _refuse_strange(conn: Connection, config: Config, *, put_back: bool) -> None:
    """Raise StoreError for a database that this hub could not serve."""
    apart = config.state / keys_apart.FILE
    (keys_apart.refuse_nobodys if put_back else keys_apart.refuse_copy)(conn, apart)
    boxes.refuse_other_kek(conn, config.keys)
