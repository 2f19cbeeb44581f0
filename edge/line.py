"""The line to the hub: the agent on this house. A shop without a hub never loads any of it."""

import shutil
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from importlib.metadata import version
from secrets import token_hex

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import arrived, outbox, own_requests
from edge.advice.pack import pack_id
from edge.elsewhere import Elsewhere, Found
from edge.facts import Fact
from edge.fetching.places import Places
from edge.fetching.staging import Fetching
from edge.health import Health
from edge.house import House
from edge.kit.log import Log
from edge.kit.sqlite import Database
from edge.no_line import as_no_line
from edge.recognition.evidence import Evidence
from edge.refusals import Refusals
from edge.replica import Seals
from edge.uplink import Uplink
from sync import own_page, own_request, wire
from sync.agent import Agent
from sync.asking import Asking
from sync.contact import AgentState


async def carried_out(db: Database[Fact], asking: Asking, *, log: Log, refused: Refusals) -> None:
    """Have the hub do what customers asked for, each as often as it takes; raises Unreachable.

    What it refuses waits on, for an hour each time, and stops nothing.
    """
    for asked in refused.without(own_requests.waiting(db.reader)):
        said = own_request.OwnRequest(
            customer_id=asked.customer_id.hex(),
            kind=asked.kind,
            shown=asked.shown,
            at_ms=asked.at_ms,
            sealed=asked.sealed.hex(),
            stay=asked.stay,
        )
        try:
            await own_request.ask(asking, said)
        except wire.WireError as error:
            # A hub of before has no such address (HTTP_404), another fails at it: both take facts.
            if error.code == "NO_LINE":
                raise
            if refused.is_new(asked, error):
                log("own_request_refused", code=error.code, hint=error.hint)
            continue
        with as_no_line():  # what was carried out is then said again
            await db.apply(own_requests.done, asked)


async def join_hub(
    house: House, stack: AsyncExitStack, *, transport: httpx.AsyncBaseTransport | None
) -> Agent:
    """The agent on this house: facts go up after each commit, what comes down reaches the tablets at once."""
    client = await stack.enter_async_context(
        httpx.AsyncClient(base_url=house.config.hub.url, transport=transport)
    )

    async def applied(rows: Sequence[wire.Row]) -> None:
        await arrived.rows_came(house, rows)
        elsewhere.moved()

    async def whose(card: str) -> tuple[Found, int]:
        try:
            answer = await agent.whose(card)
        except wire.WireError as error:
            house.log("guest_not_asked", code=error.code, hint=error.hint)
            raise TimeoutError from None
        return answer.found, answer.cursor

    async def address_of(customer_id: bytes, shown: Evidence) -> str | None:
        if not house.health.online:
            return None
        try:
            return (await own_page.ask(agent.asking, customer_id.hex(), shown=shown)).address
        except wire.WireError as error:
            house.log("own_page_not_made", code=error.code, hint=error.hint)
            return None

    house.own_page.ask = address_of

    refused = Refusals()

    async def first() -> None:
        await carried_out(house.db, agent.asking, log=house.log, refused=refused)

    async def carry() -> None:
        if house.health.online:
            with suppress(wire.WireError):
                await first()

    house.own_page.carry = carry

    def changed() -> None:
        _take_over(house.health, agent.state)
        house.live.tell("visits")

    async def swapped() -> None:
        await arrived.replaced(house)
        arrived.complete(house)

    def heard() -> None:
        house.health.heard_ms = house.health.contact_ms = house.time.now_ms()

    box = Uplink(
        house.db,
        house.keys,
        house.time,
        on_applied=applied,
        on_complete=partial(arrived.complete, house),
        on_empty=partial(arrived.empty, house),
        on_heard=heard,
    )
    staging = Fetching(
        house.db,
        Places(house.config.store.state / "replica.db"),
        Seals.of(house.keys),
        turn=box.turn,
        on_begun=partial(arrived.begun, house),
        on_swapped=swapped,
    )
    stack.push_async_callback(staging.rest)
    elsewhere = Elsewhere(
        whose,
        cursor=lambda: box.cursor(wire.main_part(house.config.shop.id)),
        # Who comes down the feed comes after the replica that is being fetched: nobody waits at the counter for that.
        online=lambda: agent.state.online and not house.health.fetching,
        shop_key=house.keys.shop_key,
        shop_id=house.config.shop.id,
    )
    house.counter.elsewhere = elsewhere
    boot = token_hex(8)
    agent = Agent(
        box,
        client,
        device=house.config.hub.device,
        shop=house.config.shop.id,
        key=Ed25519PrivateKey.from_private_bytes(house.keys.device_key),
        wall_ms=house.time.now_ms,
        log=house.log,
        on_change=changed,
        report=lambda: _status(house, box, agent.state.code, boot=boot),
        before_facts=first,
        staging=staging,
    )
    house.db.on_facts = agent.wake
    return agent


def _status(house: House, box: Uplink, code: str, *, boot: str) -> wire.Status:
    """How this box does, for headquarters' fleet page; nothing of anybody. `code` is of the line's last trouble."""
    now_ms, conn = house.time.now_ms(), house.db.reader
    oldest_ms = outbox.oldest_ms(conn)
    health, shop = house.health, house.config.shop.id
    return wire.Status(
        version=version("welkom"),
        clock_ms=time.time_ns() // 1_000_000,
        urgent=box.cursor(wire.urgent_part(shop)),
        main=box.cursor(wire.main_part(shop)),
        outbox=outbox.depth(conn),
        outbox_oldest_s=0 if oldest_ms is None else max(0, now_ms - oldest_ms) // 1000,
        disk_free_mb=shutil.disk_usage(house.config.store.state).free >> 20,
        readers=[
            wire.ReaderHealth(name, "" if state.up else state.code or "starting")
            for name, state in sorted(health.readers.items())
        ],
        trouble=health.store or (code if code in wire.PARTED else ""),
        rules=pack_id(),
        boot=boot,
    )


def _take_over(health: Health, state: AgentState) -> None:
    health.online = state.online
    if health.contact_ms or state.online:  # else it is out since before this start
        health.online_since_ms = state.since_ms
