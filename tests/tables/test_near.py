"""A customer's device in the shop: a visit, by consent to being recognised and located, and never worth money."""

from pathlib import Path

import pytest

from edge.kit.ids import uuid7_source
from edge.nearby import Nearby
from edge.presence.floor import Floor, Scanner, Zone
from edge.presence.strongest import Strongest
from edge.presence.tracker import Reading
from edge.visits.rules import QUIET_MS
from tests.tables import floor
from tests.tables.floor import RECIPIENT, open_floor

pytestmark = pytest.mark.anyio
SHOP = Floor("shop", (Zone("door", frozenset(), entrance=True),), (Scanner("g1", "door"),))
BOTH = dict.fromkeys(("recognition", "location"))


def nearby(shop: floor.Floor, owner: dict[str, str]) -> Nearby:
    return Nearby(
        SHOP,
        shop.db,
        shop.live,
        shop.time,
        uuid7_source(shop.clock),
        locate=lambda: Strongest(SHOP),
        customer_of=owner.__getitem__,
        recipient=RECIPIENT,
        quiet_ms=QUIET_MS,
    )


async def walk_in(near: Nearby, shop: floor.Floor, *, device: str = "fob", receptions: int = 5) -> None:
    for _ in range(receptions):
        at_s = shop.now_ms / 1000
        await near.hear(at_s, [Reading(at_s, "g1", device, -50.0)])
        shop.clock.pass_ms(1000)


async def test_who_may_be_located_is_greeted_once_and_what_was_told_is_weak(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as shop:
        person = await shop.resident(consents=BOTH)
        near = nearby(shop, {"fob": person.customer_id.hex(), "phone": person.customer_id.hex()})
        await walk_in(near, shop)
        await walk_in(near, shop, device="phone")
        rows = shop.db.reader.execute(
            "SELECT how, evidence, reader, greeted_ms>0, strong_ms FROM visit"
        ).fetchall()
        assert rows == [("near", "weak", "g1", 1, None)]
        assert len(near.tracker.stays()) == 1


@pytest.mark.parametrize("purpose", BOTH)
async def test_without_both_consents_nothing_is_written_and_nothing_is_held(
    tmp_path: Path, purpose: str
) -> None:
    async with open_floor(tmp_path) as shop:
        person = await shop.resident(consents={purpose: None})
        near = nearby(shop, {"fob": person.customer_id.hex()})
        await walk_in(near, shop)
        assert shop.one("SELECT count(*) FROM visit") == shop.one("SELECT count(*) FROM outbox") == 0
        assert near.tracker.stays() == {}


async def test_a_long_stay_is_told_again_so_that_the_visit_does_not_end_meanwhile(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as shop:
        person = await shop.resident(consents=BOTH)
        near = nearby(shop, {"fob": person.customer_id.hex()})
        await walk_in(near, shop, receptions=1300)
        kinds = [kind for (kind,) in shop.db.reader.execute("SELECT kind FROM outbox ORDER BY seq")]
        assert kinds == ["visit_started", "greeted", "seen_again", "seen_again"]
