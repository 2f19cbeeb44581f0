"""Every personal field, for every purpose, in every state of its consent, through every page and API.

The suite asks for a covering few, the proof `consent_matrix` for all of them and in both roles.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.advice import tables as advice
from edge.consent.rules import PURPOSES, TRAITS, traits_for
from edge.recognition import profile
from staff_ui.pages import where
from staff_ui.routes import ROUTES
from sync.hub.tables import reading
from tests.consent import box as boxes
from tests.consent import centre as centres
from tests.consent import pages
from tests.consent.canaries import MADE, MOST, canary, shown
from tests.consent.vectors import (
    FIELDS,
    OFF,
    PHASES,
    STATES,
    all_given,
    holds,
    nothing,
    pairs,
    singles,
    wanted,
    with_,
)

pytestmark = pytest.mark.anyio
NOW_MS = 1_795_340_460_000
SAVED = {"points", "stamps", "vouchers", "giftcards"}
FEW = [
    all_given(),
    *pairs(always=("recognition",)),
    *(with_(all_given(), "recognition", state) for state in OFF),
    with_(nothing(), "saving", "given"),
    nothing(),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_every_field_has_a_canary_that_is_found_and_no_two_are_alike() -> None:
    assert set(MADE) == set(FIELDS)
    assert set(TRAITS) < set(FIELDS)
    marks = [mark for name in MADE for n in range(MOST) for mark in canary(name, n, NOW_MS).marks]
    assert len(marks) == len(set(marks))
    for name in MADE:
        for mark in canary(name, 7, NOW_MS).marks:
            assert shown(f"<b>{mark.upper()}</b>", NOW_MS) == {7: {name}}, mark


def test_the_few_hold_every_purpose_beside_every_other_in_every_state_that_a_field_rests_on() -> None:
    for one, other, state in wanted(list(PURPOSES)):
        assert any(each[one] == "given" and each[other] == state for each in FEW), (one, other, state)
    assert {state for each in FEW for state in each.values()} == set(STATES)


def test_every_page_of_the_table_is_asked_for_or_says_why_not() -> None:
    table = {(each.method, each.path) for each in ROUTES}
    assert set(pages.LEFT_OUT) <= table
    asked = {("GET", path) for path in pages.of_the_shop()}
    asked |= {(each.method, each.path) for each in ROUTES if pages.of_somebody(each)}
    asked |= {("POST", "/search"), ("POST", "/search/open"), ("POST", "/visits/{visit:str}/fobs")}
    asked |= {("GET", f"{page.replace('}', ':str}')}") for page in pages.OF_A_CARD}
    assert table == asked | set(pages.LEFT_OUT)


async def test_a_tablet_shows_a_field_exactly_when_a_basis_holds(tmp_path: Path) -> None:
    async with boxes.open_box(tmp_path, FEW) as box:
        tablet = await box.browser("Anna Kok")
        found = await pages.look(box, tablet, box.people)
        usual = pages.usual_of(found, 0)
        assert all(pages.usual_of(found, each.n) == usual for each in box.people)
        # What is shown at all: a matrix of nothing would hold whatever the pages did.
        assert {name for fields in usual.values() for name in fields} == set(FIELDS) - {
            "wishlist",
            "order",
            "guarded",
            "age_band",
            "guardian",
        }
        await boxes.take_away(box)
        for phase in PHASES:
            await boxes.turn(box, phase)
            for person in box.people:
                await boxes.warm(box, person, fob=False)
            people = box.people if phase == "now" else box.people[::2]
            found = await pages.look(box, tablet, people)
            assert pages.judged(box, found, usual, phase, people) == []
            found = await pages.taps(box, tablet, people, reader=f"counter-{phase}")
            nameless = {"/saving/{note}": SAVED}
            assert pages.judged(box, found, nameless, phase, people) == []
            assert any(page == "/saving/{note}" for page, _ in found)


async def test_the_hub_shows_a_field_exactly_when_a_basis_holds(tmp_path: Path) -> None:
    async with centres.open_centre(tmp_path, FEW) as centre:
        found = await centres.look(centre)
        usual = {page: fields for (page, n), fields in found.items() if n == 0}
        assert {name for fields in usual.values() for name in fields} == set(FIELDS) - {"zone"}
        await centres.take_away(centre)
        for phase in ("now", "clock_back"):
            await centres.turn(centre, phase)
            assert centres.judged(centre, await centres.look(centre), usual, phase) == []
        own = await centres.own_pages(centre, (0, len(FEW) - 1))
        assert {(page, n) for page, n in own} == {(f"/portal of {n}", n) for n in (0, len(FEW) - 1)}


@contextmanager
def without(module: Any, name: str, leaky: Any) -> Iterator[None]:
    """A build in which somebody left something out."""
    honest = getattr(module, name)
    setattr(module, name, leaky)
    try:
        yield
    finally:
        setattr(module, name, honest)


def leaky_profile() -> dict[str, str]:
    with without(profile, "basis_until", lambda customer, purpose: str(2**61)):
        return {role: profile._read(traits_for(role)) for role in ("staff", "manager")}


def leaky_standing() -> str:
    gates = advice._STANDING.split("\n")
    return (
        "\n".join(gates)
        .replace("WHERE v.id=:visit_id", "WHERE v.id=:visit_id")
        .replace("'profiling'", "'recognition'")
    )


LEAKS = {
    "a query of the card without its gate": (profile, "_READ", leaky_profile()),
    "advice that goes by another purpose": (advice, "_STANDING", leaky_standing()),
    "a zone that asks nobody": (where, "_may_be_found", lambda *_, **__: True),
}


@pytest.mark.parametrize("what", LEAKS)
async def test_the_matrix_finds_a_planted_leak_of_a_tablet(tmp_path: Path, what: str) -> None:
    people = [
        all_given(),
        with_(all_given(), "profiling", "withdrawn"),
        with_(all_given(), "finding", "none"),
    ]
    with without(*LEAKS[what]):
        async with boxes.open_box(tmp_path, people) as box:
            tablet = await box.browser("Anna Kok")
            await boxes.take_away(box)
            for person in box.people:
                await boxes.warm(box, person, fob=False)
            found = await pages.look(box, tablet, box.people)
            wrong = pages.judged(box, found, {}, "now", box.people)
    assert {each.what for each in wrong} == {"shown without a basis"}


async def test_the_matrix_finds_a_planted_leak_of_the_hub(tmp_path: Path) -> None:
    people = [all_given(), with_(all_given(), "profiling", "expired")]
    leaky = reading._BASIS.replace("c.until_ms>:now_ms", "c.until_ms>0*:now_ms")
    with without(reading, "_BASIS", leaky):
        async with centres.open_centre(tmp_path, people) as centre:
            usual = {page: fields for (page, n), fields in (await centres.look(centre)).items() if n == 0}
            await centres.take_away(centre)
            wrong = centres.judged(centre, await centres.look(centre), usual, "now")
    assert {(each.page, each.what) for each in wrong} >= {
        ("/api/v1/customers/{id}", "shown without a basis"),
        ("export customers --for profiling", "shown without a basis"),
    }


def test_a_lease_that_is_over_leaves_what_rests_on_the_agreement() -> None:
    assert [purpose for purpose in PURPOSES if holds(all_given(), purpose, "lease_over")] == [
        "saving",
        "receipts",
    ]
    assert len(singles()) == 4 * len(PURPOSES)
