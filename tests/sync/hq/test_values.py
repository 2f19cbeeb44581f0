"""A trait's value of another shape gets in by no door of headquarters, and what is said of it says which member."""

from typing import Any

import pytest

from edge.consent.rules import TRAITS
from edge.demo.cast import cast
from edge.kit.errors import Refused
from sync.hub import values
from sync.hub.hq import put, rows
from tests.sync.centre import KEYS
from tests.sync.hq.desk import WHO, Desk

pytestmark = pytest.mark.anyio
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": 5}, "trait name: "),
    ({"name": {"call": ""}}, "trait name.call: "),
    ({"points": "x"}, "trait points: "),
    ({"points": {"balance": -5}}, "trait points.balance: "),
    ({"points": {"balance": 1e23}}, "trait points.balance: "),
    ({"points": {"balance": 10**23}}, "trait points.balance: "),
    ({"stamps": {"have": 1, "of": 0}}, "trait stamps.of: "),
    ({"birthday": {"month": 99, "day": 1}}, "trait birthday.month: "),
    ({"vouchers": "oops"}, "trait vouchers: "),
    ({"giftcards": {"items": [{"label": "x"}]}}, "trait giftcards.items[0]: "),
    ({"last": {"what": "x", "at_ms": 1 << 53}}, "trait last.at_ms: "),
]


@pytest.mark.parametrize(("traits", "said"), WRONG)
def test_a_value_of_another_shape_is_refused_by_the_member_that_is_wrong(
    traits: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match="^" + said.replace("[", r"\[")) as found:
        values.checked(traits)
    assert found.value.code == "BAD_TRAIT"


def test_every_declared_trait_has_a_shape_and_those_of_the_demo_are_of_it() -> None:
    assert set(values.SHAPES) == set(TRAITS)
    for person in cast(seed=1, now_ms=1_800_000_000_000):
        values.checked(person.traits)


async def test_neither_the_api_nor_an_import_takes_a_value_of_another_shape(desk: Desk) -> None:
    birthday = {"traits": {"birthday": {"month": 99, "day": 1}}}
    made = await desk.client.post("/api/v1/customers", json=birthday | {"shops": ["s1"]})
    changed = await desk.client.patch(WHO, json=birthday)
    for answer in (made, changed):
        assert (answer.status_code, answer.json()["code"]) == (422, "BAD_TRAIT")
        assert "birthday.month" in answer.json()["title"]
    with pytest.raises(Refused, match=r"points\.balance"):
        put.judge_customer(
            desk.hub.db.reader,
            KEYS,
            rows.Customer(1, "K-9", "", {"points": {"balance": 1e23}}, [], ["s1"], []),
            now_ms=desk.hub.now_ms(),
        )
