"""Composition root of the hub: opens everything in order, joins it, closes it in reverse."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from importlib.resources import files
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from typing import Concatenate, Final, ParamSpec, TypeVar

import anyio.to_thread
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from edge.catalogue.rules import Product, Stock
from edge.kit.clock import Clock, SystemClock
from edge.kit.log import Log, json_log
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import Database, open_writer
from sync import wire
from sync.hub import api, catalogue, intake, people
from sync.hub.config import Config
from sync.hub.contacts import Contacts
from sync.hub.feed import Bell
from sync.hub.people import NewCustomer
from sync.hub.portal import page
from sync.hub.portal import routes as portal
from sync.hub.portal.security import AddHeaders
from sync.hub.problem import Refusal, problems
from sync.hub.signer import signer
from sync.hub.tables import devices
from sync.hub.tables import portal as portals
from sync.hub.tables.feed import Moved

FILE: Final = "hub.db"
MIGRATIONS: Final = files("sync.hub") / "schema"
SLICE: Final = 500  # customers a transaction: some 0.15 s of the one writer
P = ParamSpec("P")
M = TypeVar("M", list[Moved], list[Moved] | None)


class Hub:
    """The open hub. `app` is its ASGI application; everything that changes goes through `change`."""

    def __init__(self, db: Database[Moved], config: Config, *, clock: Clock, log: Log, file: Path) -> None:
        self.db = db
        self.config = config
        self.keys = config.keys
        self.signer = signer(config.keys.hub_kek, number=config.signing)
        self.now_ms = clock.wall_ms
        self.bell = Bell()
        self.contacts = Contacts(now_ms=self.now_ms, on_change=self.bell.poke)
        self.log = log
        self.file = file
        self.app = Litestar(
            [*api.routes(self), portal.router(self)],
            before_send=[AddHeaders(config.frame_ancestors)],
            exception_handlers=problems(now_ms=self.now_ms, log=log),
            openapi_config=OpenAPIConfig(
                title="Welkom hub",
                version=str(wire.SCHEMA),
                path="/schema",
                render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            ),
            request_max_body_size=wire.BATCH_BYTES,
            logging_config=None,
        )

    async def change(
        self,
        act: Callable[Concatenate[Connection, P], M],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> M:
        """Run an act in one transaction, then wake the shops that wait for what it published."""
        moved = await self.db.apply(act, *args, **kwargs)
        self._announce(moved or [])
        return moved

    async def take(self, envelope: wire.Envelope, facts: Sequence[wire.Event]) -> intake.Taken:
        """Take in an upload; a fork is logged once, whatever the box sends after it."""
        try:
            taken = await self.db.apply(
                intake.take, self.keys, envelope=envelope, facts=facts, now_ms=self.now_ms()
            )
        except Refusal as refusal:
            if refusal.code == "FORKED" and await self.db.apply(
                devices.mark_forked, envelope.device, now_ms=self.now_ms()
            ):
                self.log("forked", code=refusal.code, hint=refusal.hint, device_epoch=envelope.epoch)
            raise
        self._announce(taken.moved)
        if self.bell.is_listened() and facts:
            span = {"first": envelope.from_seq, "last": taken.seq}
            self.bell.poke(portals.about(self.db.reader, envelope.device, envelope.epoch, **span))
        return taken

    def _announce(self, moved: Sequence[Moved]) -> None:
        """Wake the shops and the pages that wait for what was committed."""
        self.bell.ring([each.part for each in moved])
        self.bell.poke(customer_id for each in moved for customer_id in each.customers)

    async def portal_code(self, customer_id: bytes) -> str:
        """A code that lets one phone into this customer's page: once, within 15 minutes. Raises Refused."""
        return await self.db.apply(page.make_code, customer_id, now_ms=self.now_ms())

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
        """Forget a customer, also in the write-ahead log."""
        moved = await self.change(people.erase, self.keys, customer_id=customer_id, now_ms=self.now_ms())
        self.bell.poke([customer_id])
        await anyio.to_thread.run_sync(_truncate_wal, self.file)
        return moved


@asynccontextmanager
async def open_hub(
    config: Config, *, clock: Clock | None = None, log: Log | None = None
) -> AsyncGenerator[Hub, None]:
    """The hub on `hub.db` in the state folder, brought up to date; raises StoreError.

    Production and every test call this; they differ in clock and log.
    """
    clock = clock or SystemClock()
    log = log or json_log(now_ms=clock.wall_ms)
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = config.state / FILE
    with closing(open_writer(path)) as conn:
        before, after = migrate(conn, load(MIGRATIONS), file=FILE)
    if before != after:
        log("migrated", file=FILE, from_version=before, to_version=after)
    db: Database[Moved] = await Database.open(path, attach={}, record=lambda conn, moved: 0)
    try:
        hub = Hub(db, config, clock=clock, log=log, file=path)
        listening = asyncio.create_task(hub.bell.listen(db.reader))
        try:
            yield hub
        finally:
            listening.cancel()
            hub.bell.close()
    finally:
        await db.close()


def _truncate_wal(path: Path) -> None:
    with closing(open_writer(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
