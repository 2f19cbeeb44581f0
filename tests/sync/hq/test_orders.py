"""An order is told again, late, in another order, and by two channels with one number."""

from typing import Any

import pytest

from sync.hub.hq import pickups, put, shapes
from sync.hub.tables.happenings import Happening
from tests.sync.centre import ANNA, KEYS
from tests.sync.hq.desk import WHO, Desk

pytestmark = pytest.mark.anyio
READY: dict[str, Any] = {"channel": "web", "number": "O1", "state": "ready", "at_ms": 3_000, "shop": "s1"}
BEFORE = Happening(b"i" * 16, ANNA, "web", "ready", "s1", 3_000, b"")


async def report(desk: Desk, **more: Any) -> Any:
    return await desk.ask("PUT", f"{WHO}/orders", json=READY | more)


async def lying(desk: Desk) -> list[tuple[str | None, str]]:
    """Channel and number of what lies ready."""
    held = (await desk.ask("GET", WHO))["traits"]["pickup"]["value"]["orders"]
    return [(each.get("channel"), each["number"]) for each in held]


async def kinds(desk: Desk) -> list[str]:
    line = (await desk.ask("GET", f"{WHO}/timeline"))["items"]
    return [each["kind"] for each in line if each["channel"] != "hq"]


def news(desk: Desk) -> int:
    """Messages that are still to be told."""
    (count,) = desk.hub.db.reader.execute("SELECT count(*) FROM webhook_message").fetchone()
    return int(count)


def lines(desk: Desk) -> int:
    (count,) = desk.hub.db.reader.execute("SELECT count(*) FROM feed").fetchone()
    return int(count)


async def test_an_order_told_late_changes_nothing_and_one_told_twice_is_one_piece_of_news(desk: Desk) -> None:
    await desk.ask("POST", "/api/v1/webhooks", json={"url": "https://crm.example/in"})
    first = await report(desk)
    sent = lines(desk)
    assert (await report(desk), news(desk), lines(desk)) == (first, 1, sent)
    late = await report(desk, state="placed", at_ms=2_000)
    assert (late["kind"], late["at_ms"]) == ("ready", 3_000)
    assert (await kinds(desk), await lying(desk)) == (["ready"], [("web", "O1")])
    assert (news(desk), lines(desk)) == (1, sent)
    await report(desk, place="kast 4")
    assert (news(desk), lines(desk)) == (2, sent + 1)
    await report(desk, state="picked_up", at_ms=4_000)
    assert (await kinds(desk), await lying(desk), news(desk)) == (["picked_up"], [], 3)


async def test_the_same_number_of_another_channel_takes_no_order_away(desk: Desk) -> None:
    await report(desk)
    await report(desk, channel="pos", state="bought", at_ms=9_000)
    assert await lying(desk) == [("web", "O1")]
    await report(desk, channel="pos", at_ms=9_500)
    assert await lying(desk) == [("web", "O1"), ("pos", "O1")]
    await report(desk, state="cancelled", at_ms=9_600)
    assert await lying(desk) == [("pos", "O1")]


async def test_an_order_that_lay_ready_before_entries_had_a_channel_is_found_again(desk: Desk) -> None:
    await report(desk)
    old = {"pickup": {"orders": [{"number": "O1", "since_ms": 3_000, "shop": "s1"}]}}
    await desk.hub.db.apply(put.put_traits, KEYS, ANNA, old, now_ms=desk.hub.now_ms())
    await report(desk, channel="pos", state="bought", at_ms=9_000)
    assert await lying(desk) == [(None, "O1")]
    await report(desk, state="picked_up", at_ms=9_000)
    assert await lying(desk) == []


async def test_an_order_that_lies_ready_nowhere_is_told_which_member_is_missing(desk: Desk) -> None:
    told = {name: value for name, value in READY.items() if name != "shop"}
    answer = await desk.client.put(f"{WHO}/orders", json=told)
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert answer.json()["hint"].startswith("$.shop: ")


def test_an_order_keeps_its_place_and_of_too_many_the_newest_stay() -> None:
    data = shapes.Order("web", "O1", "ready", 3_000, "s1")
    by_hand = {"number": "O1", "place": "kast 3"}
    others = [{"channel": "web", "number": f"O{n}", "since_ms": n} for n in range(2, pickups.MOST + 1)]
    entry = {"channel": "web", "number": "O1", "since_ms": 3_000, "shop": "s1"}
    assert pickups.told([by_hand, *others], data, None) == [entry, *others]
    assert pickups.told([entry, *others], data, BEFORE) == [entry, *others]
    full = [{"channel": "web", "number": "O99", "since_ms": 1}, *others]
    assert pickups.told(full, data, None) == [*others, entry]
