"""What a name may be, and what a yes leaves behind."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.insight.days import day_ends_ms, day_of
from edge.joining.rules import (
    ASKED,
    MOST_LETTERS,
    PERIODS,
    YEAR_MS,
    Wish,
    ends_ms,
    is_name,
    kept,
    name_trait,
    tidy,
    wrong,
)

NOW_MS = 1_795_340_460_000  # 2026-11-22 10:41 in Amsterdam
DAY_ENDS_MS = NOW_MS + 1_000


@pytest.mark.parametrize(
    "name",
    [
        "Joris",
        "mevrouw De Vries",
        "Zoë Özdemir",
        "Anne-Fleur van ’t Hof",
        "O'Neill",
        "J. de Boer jr.",
        "李雷",
        "नेहा",
    ],
)
def test_people_of_every_script_have_a_name(name: str) -> None:
    assert is_name(tidy(name))


@pytest.mark.parametrize(
    "name", ["", " ", ".", "06 12345678", "a@b", "http://x", "x" * 81, "<i>", "Anna 2", "😀"]
)
def test_numbers_addresses_and_other_signs_are_no_name(name: str) -> None:
    assert not is_name(tidy(name))


@given(st.text(max_size=200))
def test_a_tidy_text_is_one_line_without_anything_invisible(text: str) -> None:
    line = tidy(text)
    assert line == tidy(line) == line.strip()
    assert "  " not in line
    assert not any(unicodedata.category(each)[0] == "C" for each in line)


@pytest.mark.parametrize(
    ("name", "short", "initials"),
    [
        ("mevrouw De Vries", "Mevrouw De Vries", "V"),
        ("Joris van den Berg", "Joris van den Berg", "JB"),
        ("fatima", "Fatima", "F"),
        ("dr. A. de Graaf", "Dr. A. de Graaf", "AG"),
        ("Mevrouw", "Mevrouw", "M"),
        ("’t Hooft", "’t Hooft", "H"),
    ],
)
def test_a_name_is_said_as_they_want_it_and_its_initials_skip_titles_and_particles(
    name: str, short: str, initials: str
) -> None:
    assert name_trait(name) == {"call": name, "short": short, "initials": initials, "full": name}


@given(st.text(min_size=1, max_size=MOST_LETTERS))
def test_whatever_passes_for_a_name_can_be_made_a_trait(text: str) -> None:
    if is_name(name := tidy(text)):
        assert name_trait(name)["initials"]


WISHES = st.builds(
    Wish,
    name=st.sampled_from(["", "Noor", "06"]),
    purposes=st.sets(st.sampled_from(ASKED)).map(tuple),
    period=st.sampled_from(PERIODS),
)


@given(WISHES, st.booleans())
def test_a_name_is_kept_only_for_whoever_wants_to_be_recognised_and_saving_only_with_a_card(
    wish: Wish, card: bool
) -> None:
    keep = kept(wish, card=card, now_ms=NOW_MS, day_ends_ms=DAY_ENDS_MS)
    assert bool(keep.traits) == ("recognition" in wish.purposes)
    assert ("saving" in keep.purposes) == card == keep.card
    assert {each for each in keep.purposes if each != "saving"} == set(wish.purposes)
    assert keep.until_ms == {"year": NOW_MS + YEAR_MS, "stop": None, "today": DAY_ENDS_MS}[wish.period]


@given(WISHES, st.booleans())
def test_a_wish_is_wrong_without_a_name_to_recognise_or_with_nothing_to_keep(wish: Wish, card: bool) -> None:
    found = wrong(wish, card=card)
    if "recognition" in wish.purposes:
        assert found == (None if wish.name == "Noor" else "name")
    else:
        assert found == (None if card else "nothing")


def test_the_period_is_of_the_consents_and_what_was_saved_stays() -> None:
    assert ends_ms("recognition", NOW_MS) == NOW_MS
    assert ends_ms("saving", NOW_MS) is None


def test_a_wish_does_not_say_its_name_in_a_trace() -> None:
    assert "Noor" not in repr(Wish(name="Noor"))


def test_a_day_ends_at_midnight_in_the_shop_also_when_the_clock_moves_that_night() -> None:
    zone, hour = "Europe/Amsterdam", 3_600_000
    assert day_of(NOW_MS, zone) == "2026-11-22"
    assert day_ends_ms(NOW_MS, zone) == NOW_MS + 13 * hour + 19 * 60_000
    summer = 1_792_879_200_000  # 2026-10-25 00:00, the day of 25 hours
    assert day_of(summer, zone) == "2026-10-25"
    assert day_ends_ms(summer, zone) - summer == 25 * hour
