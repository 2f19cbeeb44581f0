"""Three days without a line: the shop sells on, the centre goes on; then both are whole, and nothing stands twice."""

from pathlib import Path
from typing import Any

import pytest

from edge.consent.facts import ConsentWithdrawn
from edge.recognition import tables as recognition
from edge.recognition.rules import credential
from edge.visits.here import arrival
from edge.wallet import acts
from edge.wallet.rules import StampCard
from sync import wire
from sync.hub import consents
from sync.hub.tables import feed as partitions
from tests.kit.clocks import HandClock
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, customer
from tests.sync.wallets import REWARD, Chain, Shop, open_chain, saver

pytestmark = pytest.mark.anyio

HOUR_MS = 3_600_000
CARLA, DORA, EVA = b"\xc3" * 16, b"\xd4" * 16, b"\xe5" * 16


async def earn(shop: Shop, customer_id: bytes, line: int, *, points: int) -> None:
    asked = shop.asked(customer_id, line.to_bytes(16))
    done = await shop.db.write(acts.earn, asked, instrument="points", amount=points, here=shop.here)
    assert done.facts


async def stamp(shop: Shop, customer_id: bytes, line: int) -> None:
    asked = shop.asked(customer_id, line.to_bytes(16))
    done = await shop.db.write(acts.earn, asked, instrument="stamps", amount=1, here=shop.here)
    assert done.facts


def is_shown(shop: Shop, customer_id: bytes) -> bool:
    now_ms = shop.clock.wall_ms()
    return arrival(shop.db.reader, shop.visit(customer_id), recipient=HERE, now_ms=now_ms) is not None


def knows(shop: Shop, number: str) -> bool:
    card = credential(KEYS.chain_key, shop.secrets.shop_key, "barcode", number)
    assert card
    now_ms = shop.clock.wall_ms()
    found = recognition.find(shop.db.reader, card, recipient=HERE, now_ms=now_ms)
    return found is not None and found.may_recognise


def facts_of(chain: Chain, shop: Shop) -> list[tuple[int, str | None]]:
    """Number and code of what the hub holds of a shop."""
    sql = "SELECT seq, code FROM event WHERE device_id=? ORDER BY epoch, seq"
    return chain.hub.db.reader.execute(sql, (f"box-{shop.name}",)).fetchall()


def whole(chain: Chain) -> dict[str, Any]:
    """All that must not change by saying it again."""
    return {
        "facts": [facts_of(chain, shop) for shop in chain.shops],
        "ledger": sorted(chain.ledger()),
        "kept": [shop.ledger() for shop in chain.shops],
        "balances": [(shop.balances(ANNA), shop.balances(BRAM)) for shop in chain.shops],
        "heads": [
            partitions.last(chain.hub.db.reader, part)
            for shop in chain.shops
            for part in (wire.urgent_part(shop.name), wire.main_part(shop.name))
        ],
    }


async def test_after_72_hours_without_a_line_both_sides_are_whole_and_nothing_is_there_twice(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    people = [saver(ANNA, points=100), saver(BRAM, stamps=2), saver(DORA), saver(EVA)]
    async with open_chain(tmp_path, people, clock=clock) as chain:
        here, other = chain.shops
        await chain.settle()
        start_ms = clock.wall_ms()
        here.line.down = True
        for day in range(3):
            for hour in range(0, 24, 8):
                clock.pass_ms(8 * HOUR_MS)
                line = day * 100 + hour
                await earn(here, ANNA, line, points=10)
                await earn(other, ANNA, 1_000 + line, points=1)
                with pytest.raises(wire.Unreachable):
                    await here.agent.once()
                await other.agent.once()
            if day < 2:
                await stamp(here, BRAM, 2_000 + day)
            await here.restart()  # somebody pulls the plug, in the hope that it helps
            if day == 1:
                no = ConsentWithdrawn(
                    customer_id=BRAM, purpose="recognition", recipient=HERE, gen=1, at_ms=clock.wall_ms()
                )
                await here.db.write(lambda conn, no=no: [no])
                await earn(here, EVA, 3_000, points=5)
                await chain.hub.add_customers(["s1", "s2"], [customer(CARLA, number="LOYALTY-0003")])
                await chain.hub.change(
                    consents.withdraw, DORA, purpose="recognition", recipient=HERE, now_ms=clock.wall_ms()
                )
                await chain.hub.erase(EVA)
        assert clock.wall_ms() - start_ms == 72 * HOUR_MS
        # Neither side has heard of the other, and each has done all of its own.
        assert (here.balances(ANNA).points, chain.held(ANNA).balances.points) == (190, 109)
        assert is_shown(here, DORA)
        assert not is_shown(here, BRAM)
        assert is_shown(other, BRAM)
        assert not knows(here, "LOYALTY-0003")

        await chain.settle()

        assert [shop.balances(ANNA).points for shop in chain.shops] == [199, 199]
        assert [shop.balances(BRAM).stamps for shop in chain.shops] == [StampCard(4, 8, REWARD)] * 2
        assert (chain.held(ANNA).balances.points, chain.held(BRAM).balances.stamps) == (
            199,
            StampCard(4, 8, REWARD),
        )
        assert [knows(shop, "LOYALTY-0003") for shop in chain.shops] == [True, True]
        assert not any(is_shown(shop, each) for shop in chain.shops for each in (BRAM, DORA, EVA))
        for shop in chain.shops:
            assert [seq for seq, _ in facts_of(chain, shop)] == list(range(1, len(facts_of(chain, shop)) + 1))
            assert shop.agent._box.waiting(1) is None
            (of_eva,) = shop.db.reader.execute(
                "SELECT count(*) FROM replica.customer_key WHERE customer_id=?", (EVA,)
            ).fetchone()
            assert of_eva == 0
        told = [line[0] for line in chain.ledger() if line[1] in (ANNA, BRAM)]
        assert len(told) == len(set(told)) == 9 + 9 + 2

        before = whole(chain)
        await chain.settle()
        assert whole(chain) == before
