"""What a card earned where it was nobody's: it counts once the hub hears whose it is, and else it goes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.elsewhere import sealed_for_hub
from edge.recognition.rules import hashes
from sync.hub import nobodys, retention
from sync.hub.judging import judge
from tests.sync.centre import ANNA, KEYS, Centre, customer
from tests.sync.test_joined import count, verdicts
from tests.sync.test_judged_again import OTHER_KEY, held_of, put_back, tell

pytestmark = pytest.mark.anyio
NUMBER = "LOYALTY-0001"
SAVER: dict[str, Any] = {"points": {"balance": 100}}


def earned(line: int, delta: int, *, number: str = NUMBER) -> tuple[str, Any]:
    """A shop without a line writes down what a card earned that nobody there knows."""
    card = hashes(KEYS.chain_key, OTHER_KEY, "barcode", number)
    assert card is not None
    sealed = sealed_for_hub(OTHER_KEY, "s2", card).hex()
    return "guest_saved", {"line_id": f"{line:032x}", "card": sealed, "instrument": "points", "delta": delta}


def bodies(centre: Centre) -> list[bytes]:
    return [bytes(body) for (body,) in centre.hub.db.reader.execute("SELECT body FROM event ORDER BY seq")]


async def test_what_a_card_earned_before_the_hub_heard_whose_it_is_counts_once_it_does(
    tmp_path: Path,
) -> None:
    async with put_back(tmp_path) as (centre, other):
        said = await tell(
            centre, other, "box-2", earned(1, 5), earned(2, 6), earned(3, 9, number="LOYALTY-0999")
        )
        assert said == ["UNKNOWN_CREDENTIAL"] * 3
        await judge(centre.hub)
        assert count(centre, "ledger") == 0
        await centre.hub.add_customers(["s1"], [replace(customer(ANNA, number=NUMBER), traits=SAVER)])
        for _ in range(2):
            await judge(centre.hub)
        assert held_of(centre) == {"balance": 111, "counted": {"box-2": [1, 2]}}
        assert verdicts(centre) == [("guest_saved", None)] * 2 + [("guest_saved", "UNKNOWN_CREDENTIAL")]
        assert bodies(centre)[:2] == [b"{}"] * 2
        # The same form under another number of the history is the same line.
        assert await tell(centre, other, "box-2", earned(1, 5)) == []
        assert held_of(centre)["balance"] == 111


async def test_what_a_forgotten_card_earned_while_it_was_nobodys_is_forgotten_with_it(tmp_path: Path) -> None:
    async with put_back(tmp_path) as (centre, other):
        await tell(centre, other, "box-2", earned(1, 5), earned(2, 9, number="LOYALTY-0999"))
        await centre.hub.add_customers(["s1"], [replace(customer(ANNA, number=NUMBER), traits=SAVER)])
        await centre.hub.erase(ANNA)
        assert [body == b"{}" for body in bodies(centre)] == [True, False]
        await judge(centre.hub)
        assert count(centre, "ledger") == 1  # what they came with


async def test_of_a_card_that_stays_nobodys_nothing_is_left_after_as_long_as_shops_can_say_it_again(
    tmp_path: Path,
) -> None:
    async with put_back(tmp_path) as (centre, other):
        await tell(centre, other, "box-2", earned(1, 5))
        heard_ms = centre.hub.now_ms()
        await centre.hub.db.apply(retention.drop, now_ms=heard_ms + nobodys.KEEP_MS - 60_000)
        assert bodies(centre) != [b"{}"]
        await centre.hub.db.apply(retention.drop, now_ms=heard_ms + nobodys.KEEP_MS + 60_000)
        assert bodies(centre) == [b"{}"]
