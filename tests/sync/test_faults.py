"""A bad line between agent and hub: nothing lost, nothing twice, nothing out of order."""

import random
from pathlib import Path

import pytest

from sync import wire
from sync.hub import consents, lost
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, Centre, customer, open_centre
from tests.sync.shop import events_at

pytestmark = pytest.mark.anyio


async def rounds(centre: Centre, count: int = 40) -> int:
    """Full rounds until one goes through; how many it took."""
    for tried in range(1, count + 1):
        try:
            await centre.agent.once()
        except wire.Unreachable:
            continue
        return tried
    raise AssertionError(f"no round went through in {count}")


def held_once(centre: Centre, count: int) -> bool:
    """Whether the hub holds exactly facts 1 to `count`, each once, in order."""
    return [seq for seq, *_ in events_at(centre.hub.db.reader)] == list(range(1, count + 1))


@pytest.mark.parametrize("fault", ["lost", "mute", "twice", "stale"])
async def test_each_fault_of_the_line_leaves_each_fact_exactly_once(tmp_path: Path, fault: str) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(700)
        centre.line.faults.extend(["ok", fault, "ok", fault])
        await rounds(centre)
        assert held_once(centre, 700)
        assert centre.box.acked() == 700


async def test_a_lost_answer_is_asked_for_again_and_names_the_dead_letters_again(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1)
        centre.box.happened(1, kind="of_the_future")
        centre.line.faults.extend(["ok", "mute"])
        await rounds(centre)
        assert centre.box.rejected == [wire.Rejection(2, "UNKNOWN_KIND")]
        assert held_once(centre, 2)


@pytest.mark.parametrize("seed", range(12))
async def test_both_sides_agree_after_any_mixture_of_faults(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    words = ["ok", "lost", "mute", "twice", "stale"]
    async with open_centre(tmp_path) as centre:
        hub, box = centre.hub, centre.box
        await hub.add_customers(["s1"], [customer(), customer(BRAM, number="LOYALTY-0002")])
        for _ in range(6):
            centre.line.faults.extend(chance.choices(words, k=4))
            box.happened(chance.randint(1, 600))
            if chance.random() < 0.5:
                await hub.change(consents.withdraw, BRAM, purpose="recognition", recipient=HERE, now_ms=1)
            try:
                await centre.agent.once()
            except wire.WireError:
                continue
        await hub.change(lost.block, KEYS, kind="number", value="LOYALTY-0001", now_ms=1)
        await hub.erase(ANNA)
        centre.line.faults.clear()
        await rounds(centre)
        assert held_once(centre, box.depth())
        assert box.acked() == box.depth()
        assert list(box.rows("customer")) == list(box.rows("key")) == [BRAM.hex()]
        assert await rounds(centre) == 1
        assert (
            box.cursor("shop:s1")
            == hub.db.reader.execute("SELECT last FROM head WHERE part='shop:s1'").fetchone()[0]
        )
