"""How long a shop personalises without a word from the hub, by its own time that never runs back."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from edge.app import Edge, open_edge
from edge.centre import DAY_MS
from edge.config import Config, Hub, Shop, Store
from edge.jobs import keep_lease
from edge.recognition import tables as recognition
from edge.recognition.rules import Found, credential
from edge.record import set_clock
from edge.wallet import tables as wallet
from edge.wallet.tables import Here
from staff_ui.pages.state import state
from staff_ui.words import Words
from sync import wire
from tests.kit.clocks import HandClock
from tests.sync.centre import ANNA, HERE, KEYS, SECRETS, SHOP_KEY, Said, now_ms, open_centre
from tests.sync.wallets import NewCustomer, saver

pytestmark = pytest.mark.anyio


def recognised(edge: Edge) -> Found | None:
    card = credential(KEYS.chain_key, SHOP_KEY, "barcode", "LOYALTY-0001")
    assert card
    house = edge.house
    return recognition.find(house.db.reader, card, recipient=HERE, now_ms=house.time.now_ms())


def saved(edge: Edge) -> int | None:
    house = edge.house
    here = Here(HERE, "box-1", SECRETS.kek)
    found = wallet.balances(house.db.reader, ANNA, role="staff", here=here, now_ms=house.time.now_ms())
    return found.points if found else None


def said(edge: Edge) -> str:
    return state(edge.house.health, Words("nl", "Europe/Amsterdam"), now_ms=edge.house.time.now_ms()).sentence


async def hear(edge: Edge) -> None:
    """The hub answers; a box whose clock is off asks twice."""
    assert edge.agent
    with suppress(wire.Unreachable):
        await edge.agent.once()
    await edge.agent.once()
    await keep_lease(edge.house)


async def test_after_two_weeks_without_the_hub_nobody_is_recognised_and_everybody_keeps_their_balance(
    tmp_path: Path,
) -> None:
    clock, log = HandClock(wall=now_ms()), Said()
    config = Config(
        shop=Shop(id="s1", recipient=HERE),
        store=Store(state=tmp_path / "edge"),
        hub=Hub(url="http://hub.test", device="box-1"),
    )
    async with open_centre(tmp_path) as centre:
        anna = saver(ANNA, points=100)
        await centre.hub.add_customers(
            ["s1"], [NewCustomer(ANNA, anna.traits, [("number", "LOYALTY-0001")], anna.consents)]
        )
        opening = open_edge(config, clock=clock, keys=SECRETS, readers=[], hub_transport=centre.line, log=log)
        async with opening as edge:
            await hear(edge)
            yes, no = (
                Found(ANNA, blocked=False, may_recognise=True),
                Found(ANNA, blocked=False, may_recognise=False),
            )
            clock.pass_ms(14 * DAY_MS - 1)
            await keep_lease(edge.house)
            assert (recognised(edge), saved(edge), edge.house.health.lease_over) == (yes, 100, False)
            clock.pass_ms(1)
            await keep_lease(edge.house)
            assert (recognised(edge), saved(edge), edge.house.health.lease_over) == (no, 100, True)
            assert "hoofdkantoor" in said(edge)
            clock.set_wall(clock.wall - 30 * DAY_MS)  # somebody turns the clock back
            await keep_lease(edge.house)
            assert (recognised(edge), edge.house.health.lease_over) == (no, True)
            await edge.house.db.apply(
                set_clock, edge.house.time.now_ms()
            )  # as keep_time does each ten seconds
        clock.boot()
        async with open_edge(
            config, clock=clock, keys=SECRETS, readers=[], hub_transport=centre.line, log=log
        ) as edge:
            assert (recognised(edge), edge.house.health.lease_over) == (no, True)
            await hear(edge)
            assert (recognised(edge), edge.house.health.lease_over) == (yes, False)
            assert "hoofdkantoor" not in said(edge)
        assert (log.count("lease_over"), log.count("lease_renewed")) == (1, 1)


@pytest.mark.parametrize(("days", "is_kept"), [(14, True), (7, True), (30, True), (14, False)])
async def test_since_when_headquarters_is_out_of_reach_is_known_after_a_power_cut(
    tmp_path: Path, days: int, is_kept: bool
) -> None:
    """Also where somebody gives it more or fewer days meanwhile, or the box was of before this was kept."""
    clock, log = HandClock(wall=now_ms()), Said()
    config = Config(
        shop=Shop(id="s1", recipient=HERE),
        store=Store(state=tmp_path / "edge"),
        hub=Hub(url="http://hub.test", device="box-1"),
    )
    async with open_centre(tmp_path) as centre:
        opening = partial(
            open_edge, clock=clock, keys=SECRETS, readers=[], hub_transport=centre.line, log=log
        )
        async with opening(config) as edge:
            await hear(edge)
            heard_ms = edge.house.time.now_ms()
            if not is_kept:
                await edge.house.db.apply(lambda conn: conn.execute("UPDATE hub SET heard_ms=0").rowcount)
        clock.pass_ms(3 * DAY_MS)
        clock.boot()
        changed = replace(config, hub=replace(config.hub, lease_days=days))
        async with opening(changed) as edge:
            assert edge.agent
            day = Words("nl", "Europe/Amsterdam").since(heard_ms, now_ms=edge.house.time.now_ms())
            edge.agent.contact.down(wire.Unreachable("no line", code="NO_LINE", hint=""))
            assert said(edge) == f"Hoofdkantoor niet bereikbaar sinds {day}. Alles werkt."
            await hear(edge)
            clock.pass_ms(60_000)
            edge.agent.contact.down(wire.Unreachable("no line", code="NO_LINE", hint=""))
            assert edge.house.health.online_since_ms > heard_ms + 3 * DAY_MS, (
                "of this outage, not of the other"
            )


async def test_a_shop_without_a_hub_has_no_lease(tmp_path: Path) -> None:
    clock = HandClock()
    config = Config(store=Store(state=tmp_path / "edge"))
    async with open_edge(config, clock=clock, keys=SECRETS, readers=[], log=Said()) as edge:
        clock.pass_ms(4_000 * DAY_MS)
        await keep_lease(edge.house)
        assert not edge.house.health.lease_over
