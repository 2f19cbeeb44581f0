"""The glance card as a pure function: what leads, what a glance takes in, and what is never said."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Reason,
    Suggestion,
)
from edge.advice.rules import Item
from edge.consent.rules import TRAITS
from edge.demo.cast import cast
from edge.demo.goods import KINDS
from edge.demo.people import invent
from edge.recognition.profile import Profile
from staff_ui.pages.card import (
    MOST_FACTS,
    MOST_LINES,
    MOST_WORDS,
    Card,
    days_to,
    fact_count,
    glance,
    takes,
    word_count,
)
from staff_ui.pages.offers import SHORT, short
from staff_ui.pages.talk import lint
from staff_ui.samples.visits import NOW_MS, READY, arrival, profile
from staff_ui.words import LANGUAGES, Words
from tests.staff_ui.catalogues import read

WORDS = {language: Words(language, "Europe/Amsterdam") for language in LANGUAGES}
MORE = {
    "birthday": {"month": 11, "day": 26},
    "pickup": {"orders": [*READY["orders"], {"number": "20419", "place": "C1", "ready_ms": 0}]},
}


def card(found: Profile, **more: object) -> Card:
    return glance(arrival(), found, WORDS["nl"], now_ms=NOW_MS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_invented_customers_card_is_a_glance(language: str) -> None:
    """300 people, as they are and with everything else that a card may know."""
    for person in invent(300, seed=20261122, now_ms=NOW_MS):
        allowed = {
            name: value for name, value in person.traits.items() if TRAITS[name].purpose in person.purposes
        }
        spoken = {**allowed.get("name", {"call": "x"}), "say": "van der LIN-den EUZ-de-mier"}
        for traits in (allowed, allowed | MORE, allowed | MORE | {"name": spoken}):
            held = Profile(traits, dict.fromkeys(traits, NOW_MS - 60_000), 2**62)
            for visit in (arrival(), arrival(alone=True), arrival(how="near", reader="kassa bij de deur")):
                shown = glance(visit, held, WORDS[language], now_ms=NOW_MS)  # type: ignore[index]
                assert word_count(shown) <= MOST_WORDS
                assert fact_count(shown) <= MOST_FACTS
                assert len(shown.lines) <= MOST_LINES
                assert shown.call == traits.get("name", {}).get("call", "")


OFFERS = (
    DueAgain(42, 40, 5), DueAgainVisits(3, 4, 6), Often(4, 6), Often(1, 6), GoesWith("tent-2", 41, 96, 39),
    OthersLikeYou(27), PopularHere("all", 2_300, 141),
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_with_an_offer_is_still_a_glance(language: str) -> None:
    """Every invented customer and the six of the stage, with an offer for each reason that there is."""
    assert {type(each) for each in OFFERS} == set(get_args(Reason))
    words, taken = WORDS[language], dict.fromkeys(SHORT, 0)  # type: ignore[index]
    items = {"tent-2": Item("tent-2", "Tent Vuurtoren 2", "tenten", True, False, 3)}
    people = [*invent(300, seed=20261122, now_ms=NOW_MS), *cast(seed=20261122, now_ms=NOW_MS)]
    for person in people:
        traits = {
            name: each for name, each in person.traits.items() if TRAITS[name].purpose in person.purposes
        }
        few = {name: each for name, each in traits.items() if name not in ("last", "since")}
        for held in (traits, few):
            found = Profile(held, dict.fromkeys(held, NOW_MS - 60_000), 2**62)
            shown = glance(arrival(), found, words, now_ms=NOW_MS)
            for reason in OFFERS:
                each = Suggestion("gas-1", "Gasblik 230 g", reason)
                line = short(each, items, words), words.say("advice.more")
                fits = word_count(shown, *line) <= MOST_WORDS and fact_count(shown) + 1 <= MOST_FACTS
                assert takes(shown, *line) == fits
                taken[each.code] += fits
    assert all(taken.values()), taken
    long = Suggestion("x", "Een heel lange naam van een product " * 4, OFFERS[0])
    assert not takes(card(profile(last=None)), short(long, items, words))


def test_an_order_that_lies_ready_comes_before_everything_but_the_name() -> None:
    shown = card(profile(pickup=READY))
    assert shown.reason == "Ligt klaar: bestelling 20418, vak B3."
    assert shown.sentence == "“Lukt het met de wandelschoenen?”"
    assert [line.label for line in shown.lines] == ["Stempels", "Punten", "Klant sinds"]
    assert card(profile(pickup=MORE["pickup"])).reason.endswith("vak B3. En nog 1.")
    assert card(profile(pickup={"orders": ["?", {}]})).reason == "Kaart getikt bij balie"


def test_how_a_name_is_said_stands_under_it() -> None:
    name = {"call": "Xenia", "short": "Xenia", "initials": "X", "say": "KSEE-nia"}
    assert card(profile(name=name)).spoken == "Spreek uit: KSEE-nia"


@pytest.mark.parametrize(
    ("day", "month", "said"),
    [(22, 11, "vandaag"), (23, 11, "morgen"), (24, 11, "op 24 nov"), (29, 11, "op 29 nov"), (30, 11, None)],
)
def test_a_birthday_is_said_a_week_ahead_and_never_with_a_year(
    day: int, month: int, said: str | None
) -> None:
    shown = card(profile(birthday={"month": month, "day": day, "year": 1961}))
    lines = {line.label: line.value for line in shown.lines}
    assert lines.get("Jarig") == said
    assert "1961" not in repr(shown.lines)


def test_whoever_was_born_on_29_february_has_a_birthday_every_year() -> None:
    assert days_to(2, 29, date(2027, 2, 28)) == 0
    assert days_to(2, 29, date(2028, 2, 28)) == 1
    assert days_to(2, 29, date(2027, 12, 31)) == 60
    assert days_to(2, 30, date(2027, 1, 1)) is None
    assert days_to(13, 1, date(2027, 1, 1)) is None


@given(st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1)), st.dates())
def test_a_birthday_is_never_more_than_a_year_away(today: date, born: date) -> None:
    days = days_to(born.month, born.day, today)
    assert days is not None
    assert 0 <= days <= 366


def test_busy_and_left_alone_take_the_sentence_away_and_nothing_else() -> None:
    plain, busy = card(profile()), card(profile(), busy=True)
    assert plain.sentence
    assert (busy.sentence, busy.source) == ("", "")
    assert busy.lines == plain.lines
    alone = glance(arrival(alone=True), profile(), WORDS["nl"], now_ms=NOW_MS)
    assert (alone.sentence, alone.lines) == ("", plain.lines)


def test_every_sentence_of_ours_may_be_said() -> None:
    for language in LANGUAGES:
        keys = [str(each.id) for each in read(language) if str(each.id).startswith("say.how")]
        assert keys
        for key in keys:
            for kind in KINDS:
                assert lint(WORDS[language].say(key, what=kind.the)) == [], (key, kind.the)


@pytest.mark.parametrize(
    "sentence",
    [
        "“U heeft wandelschoenen gekocht.”",
        "“Lukt het met het dieet?”",
        "“Is het uw 3e bezoek?”",
        "“Hoe gaat het met uw man?”",
        "“Zullen we samen nog eens rustig kijken naar alles wat u de laatste tijd bij ons kocht?”",
    ],
)
def test_what_states_counts_or_pries_is_not_said(sentence: str) -> None:
    assert lint(sentence)


def test_a_sentence_that_may_not_be_said_is_not_on_the_card() -> None:
    assert card(profile(last={"what": "het dieetboek voor uw zwanger gezin", "at_ms": NOW_MS})).sentence == ""
