"""Who is merged away is nothing but a card, and a card of a card is followed to whose it is in the end."""

from pathlib import Path
from typing import Any

import pytest

from edge.kit.errors import Refused
from sync.hub import merging
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import merges, own
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, Centre, open_centre

pytestmark = pytest.mark.anyio
CARLA = b"\x33" * 16


def card(customer_id: bytes, number: str) -> NewCustomer:
    saving = [NewConsent("saving", HERE)]
    return NewCustomer(customer_id, {"points": {"balance": 10}}, [("number", number)], saving)


async def merge(centre: Centre, *pairs: tuple[bytes, bytes]) -> None:
    def act(conn: Any) -> None:
        for number, (from_id, into_id) in enumerate(pairs, start=1):
            merging.merged(conn, KEYS, from_id, into_id, why="bound", shop_id="s1", now_ms=number)

    await centre.hub.db.apply(act)


async def test_a_card_whose_holder_has_a_passkey_is_not_merged_away(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [card(BRAM, "N77"), card(ANNA, "N1")])
        await centre.hub.db.apply(own.add_passkey, own.Held(b"id", BRAM, b"public", 0, "phone", 1))
        with pytest.raises(Refused) as error:
            await merge(centre, (BRAM, ANNA))
        assert error.value.code == "NOT_ANONYMOUS"


async def test_merges_of_merges_are_followed_to_the_end(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [card(BRAM, "N77"), card(CARLA, "N78"), card(ANNA, "N1")])
        await merge(centre, (BRAM, CARLA), (CARLA, ANNA))
        assert await hub.db.read(merges.into, [BRAM, CARLA, ANNA]) == {BRAM: ANNA, CARLA: ANNA}
        assert await hub.db.read(merging.history, ANNA) == [ANNA, CARLA, BRAM]
        await hub.erase(ANNA)
        assert hub.db.reader.execute("SELECT count(*) FROM erased").fetchone() == (3,)
        assert len((hub.config.state / "erased").read_text().split()) == 3
