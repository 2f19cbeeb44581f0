"""What the customer's page calls "exactly what staff see" is what the appliance opens for staff, value for value."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from edge.consent.rules import PURPOSES, TRAITS
from edge.recognition.profile import read
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.portal import mine
from tests.sync.centre import HERE, SECRETS, now_ms, open_centre
from tests.sync.test_appliance import appliance

pytestmark = pytest.mark.anyio

ASKED = ("saving", "recognition", "profiling", "location")


def value_of(name: str) -> Any:
    """Something of its own for every declared trait, so that one taken for another would be seen."""
    return {"call": name, "of": name}


async def test_the_page_shows_the_values_that_the_shop_opens_whatever_was_agreed_to(tmp_path: Path) -> None:
    agreed = [some for size in range(len(ASKED) + 1) for some in combinations(ASKED, size)]
    ids = [number.to_bytes(16, "big") for number in range(1, len(agreed) + 1)]
    everything = {name: value_of(name) for name, trait in TRAITS.items() if trait.roles}
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        people = [
            NewCustomer(id_, everything, [("number", id_.hex())], [NewConsent(each, HERE) for each in some])
            for id_, some in zip(ids, agreed, strict=True)
        ]
        await centre.hub.add_customers(["s1"], people)
        await agent.once()
        for id_, some in zip(ids, agreed, strict=True):
            hub, at_ms = centre.hub, now_ms()
            whole = mine.of(hub.db.reader, hub.config, id_, log=hub.log, since_ms=0, now_ms=at_ms)
            told = dict(mine.staff_see(whole, HERE, now_ms=at_ms).values)
            opened = dict(
                read(db.reader, id_, role="staff", recipient=HERE, now_ms=at_ms, kek=SECRETS.kek).values
            )
            # Whom the shop may not recognise has no card: what may be opened for saving is shown without a name.
            assert told == (opened if "recognition" in some else {}), some
            assert ("name" in opened) == ("recognition" in some)
    assert set(ASKED) <= set(PURPOSES)
