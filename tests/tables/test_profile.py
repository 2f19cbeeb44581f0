"""What may be seen of someone: traits with a basis, no others, and until when."""

from pathlib import Path

import pytest

from edge.consent.rules import TRAITS as DECLARED
from edge.consent.rules import Role
from edge.consent.tables import FOREVER_MS
from edge.kit.errors import Corrupt
from edge.recognition import profile, tables
from edge.recognition.profile import Profile
from tests.kit.clocks import START_MS
from tests.tables.floor import KEYS, RECIPIENT, TRAITS, Floor, Person, open_floor

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000


def read(
    floor: Floor, person: Person, *, role: Role = "staff", now_ms: int | None = None, kek: bytes = KEYS.kek
) -> Profile:
    now_ms = floor.now_ms if now_ms is None else now_ms
    return profile.read(
        floor.db.reader, person.customer_id, role=role, recipient=RECIPIENT, now_ms=now_ms, kek=kek
    )


async def test_all_traits_come_back_as_they_were_with_all_consents(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        seen = read(floor, await floor.resident())
        assert seen.values == TRAITS
        assert seen.until_ms == FOREVER_MS
        assert set(seen.as_of_ms.values()) == {START_MS}


@pytest.mark.parametrize("purpose", sorted({trait.purpose for trait in DECLARED.values()}))
async def test_only_traits_whose_own_purpose_has_a_basis_are_read(tmp_path: Path, purpose: str) -> None:
    async with open_floor(tmp_path) as floor:
        seen = read(floor, await floor.resident(consents={purpose: None}))
        assert set(seen.values) == {
            name
            for name, trait in DECLARED.items()
            if trait.purpose == purpose and trait.on_card and name in TRAITS
        }


async def test_without_any_basis_the_profile_is_empty_and_no_key_is_touched(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        seen = read(floor, await floor.resident(consents={}), kek=bytes(32))
        assert seen.values == {}


async def test_withdrawing_every_consent_leaves_the_balance(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        for purpose in ("recognition", "profiling"):
            await floor.apply(floor.feed.consent(person, purpose, gen=1, ver=2, state="withdrawn"))
        assert set(read(floor, person).values) == {"points", "stamps"}


async def test_the_earliest_end_of_what_is_shown_is_the_end_of_showing_it(tmp_path: Path) -> None:
    ends = {"recognition": START_MS + 3 * HOUR_MS, "saving": None, "profiling": START_MS + 2 * HOUR_MS}
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(consents=ends, until={"since": START_MS + HOUR_MS})
        assert read(floor, person).until_ms == START_MS + HOUR_MS
        assert read(floor, person, now_ms=START_MS + HOUR_MS).until_ms == START_MS + 2 * HOUR_MS
        assert read(floor, person, now_ms=START_MS + 2 * HOUR_MS).until_ms == START_MS + 3 * HOUR_MS
        assert read(floor, person, now_ms=START_MS + 3 * HOUR_MS).until_ms == FOREVER_MS


@pytest.mark.parametrize(("after_ms", "there"), [(HOUR_MS - 1, True), (HOUR_MS, False)])
async def test_a_trait_past_its_retention_is_not_read(tmp_path: Path, after_ms: int, there: bool) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(until={"last": START_MS + HOUR_MS})
        seen = read(floor, person, now_ms=START_MS + after_ms)
        assert ("last" in seen.values) == there
        assert "name" in seen.values


async def test_a_profile_says_no_value_when_it_is_printed(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert "Femke" not in repr(read(floor, await floor.resident()))


async def test_another_boxs_key_opens_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        with pytest.raises(Corrupt):
            read(floor, person, kek=bytes(32))


async def test_an_undeclared_trait_is_not_kept(tmp_path: Path) -> None:
    """House, sentence 7: it names its purpose, its retention and who may see it, or it does not exist."""
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(traits={**TRAITS, "shoe_size": 42})
        assert "shoe_size" not in read(floor, person, role="manager").values
        assert floor.one("SELECT count(*) FROM replica.trait WHERE name='shoe_size'") == 0


async def test_a_trait_left_out_of_the_next_version_is_gone(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        less = {name: value for name, value in TRAITS.items() if name != "last"}
        await floor.apply(floor.feed.customer(person, less | {"points": {"balance": 360}}, ver=2))
        seen = read(floor, person)
        assert "last" not in seen.values
        assert seen.values["points"] == {"balance": 360}


async def test_names_come_in_slices_in_order_and_only_of_those_who_may_be_recognised(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        people = [await floor.resident(str(number)) for number in range(5)]
        hidden = await floor.resident("99", consents={"saving": None})
        gone: list[bytes] = []
        after = b""
        while rows := tables.names_after(
            floor.db.reader, after, recipient=RECIPIENT, now_ms=floor.now_ms, most=2
        ):
            assert len(rows) <= 2
            gone += [row[0] for row in rows]
            after = rows[-1][0]
        assert gone == sorted(person.customer_id for person in people)
        assert (
            tables.name_of(floor.db.reader, hidden.customer_id, recipient=RECIPIENT, now_ms=floor.now_ms)
            is None
        )
