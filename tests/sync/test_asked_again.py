"""A yes counts for what the customer saw: what was stopped elsewhere meanwhile stays stopped, everywhere."""

from pathlib import Path

import pytest

from edge.consent import acts
from edge.consent import tables as registers
from sync.hub import consents
from sync.hub.tables import people
from tests.sync.centre import ANNA, HERE, now_ms
from tests.sync.wallets import Chain, Shop, open_chain, saver

pytestmark = pytest.mark.anyio
WHAT = {"purpose": "profiling", "recipient": HERE}


async def say_yes(shop: Shop, *, at_ms: int, until_ms: int | None = None) -> None:
    done = await shop.db.write(acts.give, ANNA, **WHAT, until_ms=until_ms, staff_id=b"a" * 16, now_ms=at_ms)
    assert done.facts


def everywhere(chain: Chain) -> set[tuple[int, str]]:
    """The register as it holds at the hub and in each shop."""
    held = people.consent(chain.hub.db.reader, ANNA, **WHAT)
    assert held
    found = {(held.gen, held.state)}
    for shop in chain.shops:
        both = registers.registers(shop.db.reader, ANNA, **WHAT)
        best = max((each for each in both if each), key=lambda each: (each.gen, each.state))
        found.add((best.gen, best.state))
    return found


async def test_a_yes_renewed_in_one_shop_does_not_undo_a_stop_in_another(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        here, other = chain.shops
        await say_yes(here, at_ms=now_ms() - 10_000, until_ms=now_ms() - 5_000)  # and it ended since
        await chain.settle()
        here.line.down = other.line.down = True
        await other.db.write(acts.withdraw, ANNA, **WHAT, now_ms=now_ms())
        await say_yes(here, at_ms=now_ms())
        other.line.down = False
        await other.agent.once()  # the stop is at the hub first
        await chain.settle()
        assert everywhere(chain) == {(2, "withdrawn")}
        codes = chain.hub.db.reader.execute("SELECT code FROM event WHERE code IS NOT NULL", {}).fetchall()
        assert codes == [("ASK_AGAIN",)]
        await say_yes(here, at_ms=now_ms())  # they were asked again
        await chain.settle()
        assert everywhere(chain) == {(3, "given")}


async def test_a_yes_to_what_the_hub_still_says_is_taken(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        await say_yes(chain.shops[0], at_ms=now_ms())
        await chain.settle()
        await chain.hub.change(consents.withdraw, ANNA, **WHAT, now_ms=now_ms())
        await chain.settle()
        await say_yes(chain.shops[1], at_ms=now_ms())
        await chain.settle()
        assert everywhere(chain) == {(2, "given")}
