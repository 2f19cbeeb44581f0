"""Of who came to a hub that kept no first lines, what they came with is written down, once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.kit.sql import Connection
from sync.hub import books, first_lines, people, wallet
from sync.hub.app import Hub, open_hub
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import first_lines as tables
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, HERE, KEYS, Said
from tests.sync.hq.desk import WHO, Desk, open_desk

pytestmark = pytest.mark.anyio
OTHERS = [bytes([number]) * 16 for number in (1, 2, 250)]


def of_before(conn: Connection) -> None:
    """As a hub that is brought up to date finds its tables."""
    conn.execute("DELETE FROM ledger WHERE device_id=:book", {"book": books.OPENING})
    conn.execute("UPDATE hub SET opened=:nobody", {"nobody": ""})


def lose_key(conn: Connection) -> None:
    conn.execute("UPDATE customer_key SET wrapped=:no WHERE customer_id=:anna", {"no": b"x", "anna": ANNA})


def lines(conn: Connection) -> list[Any]:
    query = "SELECT customer_id, instrument, delta, short, why, at_ms FROM ledger ORDER BY 1, 2, why, 3"
    return [(bytes(whose), *rest) for whose, *rest in conn.execute(query).fetchall()]


def totals(conn: Connection) -> dict[tuple[bytes, str], int]:
    query = "SELECT customer_id, instrument, sum(delta + short) FROM ledger GROUP BY 1, 2"
    return {(bytes(whose), name): total for whose, name, total in conn.execute(query).fetchall()}


async def balances(hub: Hub) -> dict[tuple[bytes, str], int]:
    found: dict[tuple[bytes, str], int] = {}
    for each in (ANNA, *OTHERS):
        held = (await hub.db.read(wallet.balances, hub.keys, each, now_ms=hub.now_ms())).balances
        if held.points is not None:
            found[each, "points"] = held.points
        if held.stamps is not None:
            found[each, "stamps"] = held.stamps.have
    return found


async def grown(desk: Desk) -> Hub:
    """Somebody who spent, one who only came with something, one with nothing, and one whose key is lost."""
    hub = desk.hub
    for each, points in zip(OTHERS, (7, 0, 9), strict=True):
        new = NewCustomer(each, {"points": {"balance": points}}, [], [NewConsent("saving", HERE)])
        await hub.change(people.add_customer, KEYS, shop_ids=["s1"], customer=new, now_ms=hub.now_ms())
    spent = {"instrument": "points", "delta": -20}
    await desk.ask("POST", f"{WHO}/ledger", json=spent, headers={"idempotency-key": "a"})
    await hub.db.apply(of_before)
    return hub


async def holds(desk: Desk) -> None:
    hub = await grown(desk)
    assert await hub.db.read(totals) == {(ANNA, "points"): -20}
    while await hub.db.apply(first_lines.write, hub.keys, now_ms=hub.now_ms(), most=2):
        pass
    has = await balances(hub)
    assert has[ANNA, "points"] == 100
    assert await hub.db.read(totals) == {name: total for name, total in has.items() if total}
    written = await hub.db.read(lines)
    assert [each[2] for each in written if each[0] == ANNA and each[1] == "points"] == [-20, 120]
    assert len({each[5] for each in written if each[0] == ANNA and each[1] == "points"}) == 1
    await hub.db.apply(tables.set_done, b"")  # as after a crash that forgot how far it came
    while await hub.db.apply(first_lines.write, hub.keys, now_ms=hub.now_ms()):
        pass
    assert await hub.db.read(lines) == written


async def test_a_balance_is_the_sum_of_its_lines_also_of_who_came_before_and_it_is_done_once(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path) as desk:
        await holds(desk)


@pytest.mark.xdist_group("postgresql")
async def test_it_is_so_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    async with open_desk(tmp_path) as desk:
        await holds(desk)


async def test_a_hub_that_starts_does_it_and_whose_key_is_lost_is_left_as_they_are(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        hub = await grown(desk)
        await hub.db.apply(lose_key)
        async with open_hub(hub.config, log=Said()) as again, asyncio.timeout(PATIENT_S):
            while await again.db.read(tables.done_to) is not None:  # noqa: ASYNC110 (a table has no event)
                await asyncio.sleep(0.01)
            found = await again.db.read(totals)
    assert found == {(ANNA, "points"): -20, (OTHERS[0], "points"): 7, (OTHERS[2], "points"): 9}
