"""The composition root: opens everything in order, joins it, and closes it in reverse.

Production and every whole-house test call `open_edge` with other physics: clock, readers, line to the hub.
"""

import asyncio
import gc
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from drivers import catalogue
from drivers.nearby import nobody
from drivers.reader import Reader, Sighting
from drivers.wallet_settings import factory_keys
from edge import centre, indexing, jobs, newcomers
from edge.building import build
from edge.config import Config, credentials_folder
from edge.facts import Fact
from edge.files import alone, high_water_ms, prepare, suspect, whole_again
from edge.health import Health
from edge.house import House
from edge.keys import Keys, read_keys
from edge.kit.clock import Clock, ShopTime, SystemClock
from edge.kit.errors import StoreError
from edge.kit.ids import uuid7_source
from edge.kit.log import Log, json_log
from edge.kit.notify import notify, watchdog
from edge.kit.serve import serve
from edge.kit.sqlite import Database
from edge.record import record
from edge.tls import addresses
from edge.tls.mdns import Announcer
from edge.tls.places import host_of
from edge.tls.upkeep import keep_reachable
from edge.watch import ReaderState, keep
from staff_ui.app import make_app
from staff_ui.desk import Stage

# What not every shop has, its modules are loaded where it is opened: a start is counted in their milliseconds.
if TYPE_CHECKING:
    import httpx

    from edge.radio import Radio
    from sync.agent import Agent

# Container objects made and not yet freed before the collector looks; a tap leaves a few dozen.
GC_EVERY: Final = 20_000


@dataclass(slots=True)
class Edge:
    """The opened appliance. `app` is its ASGI application; `run` keeps it alive until cancelled."""

    house: House
    app: Any
    readers: Sequence[Reader]
    agent: "Agent | None"
    announcer: Announcer

    async def run(self, sock: socket.socket, *, enrol: socket.socket | None = None) -> None:
        """Serve on `sock` until cancelled; what a part raises comes out here.

        With a certificate of our own `sock` speaks HTTPS, and `enrol` is plain HTTP for the enrolment page alone.
        """
        own = self.house.own

        def ready() -> None:
            self.house.log("ready", port=sock.getsockname()[1], readers=len(self.readers))
            notify("READY=1")
            self.house.advisor.start()

        # What is there now stays, and what a tap makes is gone by reference counting: the collector need not run
        # several times in the middle of each.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_EVERY)
        try:
            async with asyncio.TaskGroup() as group:
                for work in self._work():
                    group.create_task(work)
                if own is not None and enrol is not None:
                    from staff_ui.enrol import make_enrol

                    group.create_task(serve(make_enrol(self.house, own), enrol, goodbye=lambda: None))
                await serve(
                    self.app,
                    sock,
                    goodbye=self._goodbye,
                    ready=ready,
                    tls=own.context if own is not None else None,
                )
        except* sqlite3.DatabaseError as errors:
            suspect(self.house.config.store.state)
            raise self.house.db.met(_first(errors)) from None
        finally:
            notify("STOPPING=1")

    def _goodbye(self) -> None:
        self.house.live.drop()
        self.house.counter.display.live.drop()

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        house = self.house

        async def guard(doing: Awaitable[object]) -> None:
            try:
                await doing
            except sqlite3.Error as error:
                known = house.db.met(error)
                house.log("tap_not_kept", code=known.code, hint=known.hint)
            except StoreError as error:
                # A full disk must not take the reader and the tablets away with it.
                house.log("tap_not_kept", code=error.code, hint=error.hint)
                jobs.store_down(house, error)

        async def on_sighting(sighting: Sighting) -> None:
            radio = house.radio
            near = radio is not None and sighting.token is not None and sighting.token.kind == "eid"
            await guard((radio if radio is not None and near else house.counter).on_sighting(sighting))

        def told(event: str, **fields: object) -> None:
            house.log(event, **fields)
            if house.radio is not None:
                house.radio.on_reader(str(fields["reader"]), up=event == "reader_up")
            house.live.tell("visits")  # the top line of the tablets names a reader that is out
            house.counter.display.live.tell("balie")

        work: list[Coroutine[Any, Any, None]] = [
            jobs.each_minute(house),
            jobs.expire(house),
            jobs.keep_time(house),
            jobs.end_on_damage(house),
            indexing.fill_search(house),
            house.advisor.run(),
            indexing.fill_products(house),
            watchdog(),
            keep_reachable(house.config, house.own, self.announcer, time=house.time, log=house.log),
        ]
        for reader in self.readers:
            state = house.health.readers.setdefault(reader.name, ReaderState())
            on_idle = house.radio.on_idle if house.radio is not None else None
            work.append(keep(reader, on_sighting, log=told, state=state, on_idle=on_idle))
        if house.radio is not None:
            work.append(house.radio.run(guard))
        if self.agent is not None:
            work.append(self.agent.run())
        return work


@asynccontextmanager
async def open_edge(
    config: Config,
    *,
    clock: Clock | None = None,
    keys: Keys | None = None,
    readers: Sequence[Reader] | None = None,
    hub_transport: "httpx.AsyncBaseTransport | None" = None,
    log: Log | None = None,
    stage: Stage | None = None,
    synchronous: str = "FULL",
) -> AsyncIterator[Edge]:
    """Open the appliance of `config`; raises ConfigError or StoreError before anything listens."""
    os.umask(0o077)
    physics = clock or SystemClock()
    say = log or json_log(now_ms=physics.wall_ms)
    secrets = keys or read_keys(credentials_folder(config))
    async with AsyncExitStack() as stack:
        stack.enter_context(alone(config.store.state))
        files = prepare(config.store.state, log=say, mend=True)
        fetching = files.fetched_again
        if fetching and not config.hub.url and not files.set_aside:
            whole_again(config.store.state)  # without a hub nobody else will say so
            fetching = False
        db: Database[Fact] = await Database.open(
            files.journal, attach={"replica": files.replica}, record=record, synchronous=synchronous
        )
        stack.push_async_callback(db.close)
        await newcomers.bring_in(db, secrets)
        time = ShopTime(physics, high_water_ms=high_water_ms(db.reader))
        hub = config.hub
        for_ms = hub.lease_days * centre.DAY_MS if hub.url else None
        await db.apply(centre.begin_lease, now_ms=time.now_ms(), for_ms=for_ms)
        heard_ms = time.now_ms() if for_ms is None else centre.heard_ms(db.reader)
        own = None
        if config.server.tls == "own":
            from edge.tls.own import open_own, ready

            made = open_own(
                config.store.state / "tls",
                host=host_of(config),
                shop=config.shop.name,
                kek=secrets.kek,
                now_ms=time.now_ms(),
            )
            own = ready(made, addresses.served(config.server), now_ms=time.now_ms())
        house = build(
            config,
            secrets,
            files=files,
            db=db,
            time=time,
            new_id=uuid7_source(physics),
            health=Health(
                alone=not config.hub.url,
                online_since_ms=heard_ms,
                fetching=fetching,
                lease_over=time.now_ms() >= centre.lease_until_ms(db.reader),
            ),
            log=say,
            own=own,
        )
        stack.callback(house.live.drop)
        announcer = Announcer(config, log=say)
        stack.push_async_callback(announcer.close)
        devices = readers if readers is not None else _readers(config, house.radio)
        for each in config.readers:
            if weak := factory_keys(each.sun):
                say("test_keys", reader=each.name, hint=weak)
        agent = None
        if config.hub.url:
            from edge.line import join_hub

            agent = await join_hub(house, stack, transport=hub_transport)
        app = make_app(house, stage=stage)
        yield Edge(house=house, app=app, readers=devices, agent=agent, announcer=announcer)


def _readers(config: Config, radio: "Radio | None") -> list[Reader]:
    """The configured readers, the radio among them told whom to ask."""
    resolve = radio.resolve if radio is not None else nobody
    return [catalogue.build(each, resolve=resolve) for each in config.readers]


def _first(errors: "BaseExceptionGroup[sqlite3.DatabaseError]") -> sqlite3.DatabaseError:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
