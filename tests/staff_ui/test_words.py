"""Catalogues and times: no key missing or stale, both languages say the same things, nothing slips through."""

import re
from html.parser import HTMLParser
from string import Formatter

import pytest
from babel.messages.catalog import Message

from staff_ui.words import LANGUAGES, Words, turns_ms
from tests.staff_ui.catalogues import FOLDER, FOLDERS, extracted, read
from tests.staff_ui.house import Place

DAY_MS = 24 * 3_600_000
NOW_MS = 1_795_340_460_000  # 2026-11-22 10:41 in Amsterdam, winter time
# Words that an English sentence of ours cannot do without, and that are no Dutch.
ENGLISH = {
    "the", "and", "you", "your", "with", "are", "this", "that", "shop", "card", "name", "sign", "done", "find",
    "customer", "nobody", "to", "for",
}  # fmt: skip
DUTCH = {
    "het",
    "een",
    "en",
    "niet",
    "wie",
    "klant",
    "kaart",
    "naam",
    "voor",
    "met",
    "van",
    "uw",
    "hoe",
    "dan",
}


def keys(language: str) -> dict[str, tuple[str, ...]]:
    return {key_of(message): forms(message) for message in read(language) if message.id}


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def key_of(message: Message) -> str:
    return str(message.id) if isinstance(message.id, str) else str(message.id[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_missing_stale_or_empty(language: str) -> None:
    found = keys(language)
    assert set(found) == extracted()
    assert all(all(texts) for texts in found.values())
    assert not any(message.fuzzy for message in read(language))


def test_everybody_is_addressed_alike_and_nobody_in_an_engineers_words() -> None:
    """One tablet goes from hand to hand: staff and customers read the same `u`."""
    said = {name: " ".join(texts) for name, texts in keys("nl").items()}
    assert {
        name for name, text in said.items() if re.search(r"\b(je|jij|jou|jouw|jullie)\b", text, re.I)
    } == set()
    assert {name for name, text in said.items() if re.search(r"\bbewijs\b", text, re.I)} == set()


def test_both_languages_fill_in_the_same_values() -> None:
    def values(texts: tuple[str, ...]) -> set[str]:
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    nl, en = keys("nl"), keys("en")
    assert {key: values(text) for key, text in nl.items()} == {key: values(text) for key, text in en.items()}


def test_one_thing_has_one_name_in_every_catalogue() -> None:
    other = {
        "nl": ("centrale", "kantoor", "bedrijfsleider", "chef"),  # hoofdkantoor; beheerder
        "en": ("head office", "central office", "supervisor"),  # headquarters; manager
    }
    for folder in FOLDERS:
        for language, names in other.items():
            for message in read(language, folder):
                said = " ".join(forms(message)).lower()
                assert not re.search(rf"\b({'|'.join(names)})\b", said), message.id


def test_no_template_has_words_of_its_own() -> None:
    for file in (FOLDER / "templates").glob("*.html"):
        text = re.sub(r"{% block kind %}.*?{% endblock %}", "", file.read_text(encoding="utf-8"))
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
        assert visible(text) == [], file.name


def visible(page: str) -> list[str]:
    """Words that a person reads or hears on a page."""
    found: list[str] = []

    class Text(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.extend(re.findall(r"[^\W\d_]{2,}", data))

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            for name, value in attrs:
                if name in ("aria-label", "title", "placeholder", "alt", "data-announce"):
                    found.extend(re.findall(r"[^\W\d_]{2,}", value or ""))

    Text().feed(page)
    return found


@pytest.mark.parametrize(("name", "foreign"), [("Anna Kok", ENGLISH), ("Bram de Wit", DUTCH)])
def test_no_page_mixes_languages(place: Place, name: str, foreign: set[str]) -> None:
    tablet = place.signed_in(name)
    pages = [tablet.get(path).text for path in ("/", "/search", "/look", "/store")]
    place.fail("refused")
    pages.append(tablet.get("/visits").text)
    for page in pages:
        # How languages call themselves stays theirs.
        said = {word.lower() for word in visible(page.replace("Van Dam", "").replace(name, ""))}
        assert said & foreign == set()


def test_times_are_said_as_people_say_them() -> None:
    nl, en = Words("nl", "Europe/Amsterdam"), Words("en", "Europe/Amsterdam")
    assert [nl.minutes(ms) for ms in (0, 59_999, 60_000, 3_599_000, 7_200_000)] == [
        "nu", "nu", "1 min", "59 min", "2 uur",
    ]  # fmt: skip
    assert nl.when(NOW_MS, now_ms=NOW_MS) == "om 10:41"
    assert nl.when(NOW_MS - DAY_MS, now_ms=NOW_MS) == "op 21 nov"
    assert nl.when(NOW_MS - 365 * DAY_MS, now_ms=NOW_MS) == "op 22 nov 2025"
    said = [nl.ago(NOW_MS - days * DAY_MS, now_ms=NOW_MS) for days in (0, 1, 2, 14, 36, 59, 60, 365, 400)]
    assert said == [
        "vandaag", "gisteren", "2 dagen geleden", "2 weken geleden", "5 weken geleden", "8 weken geleden",
        "2 maanden geleden", "12 maanden geleden", "13 maanden geleden",
    ]  # fmt: skip
    days = {"dag": 1, "dagen": 1, "week": 7, "weken": 7, "maand": 30, "maanden": 30}
    told = [nl.ago(NOW_MS - each * DAY_MS, now_ms=NOW_MS).split() for each in range(2, 800)]
    grows = [int(count) * days[unit] for count, unit, _ in told]
    assert grows == sorted(grows)  # what is longer ago is never said as less
    assert en.ago(NOW_MS - 36 * DAY_MS, now_ms=NOW_MS) == "5 weeks ago"
    assert (nl.number(1400), en.number(1400)) == ("1.400", "1,400")
    assert (nl.wait(1), nl.wait(30_000), nl.wait(119_001)) == ("1 seconde", "30 seconden", "2 minuten")


def test_a_minute_turns_exactly_when_its_text_does() -> None:
    words = Words("nl", "Europe/Amsterdam")
    for ago_ms in (0, 1, 59_999, 60_000, 61_000):
        turn_ms = turns_ms(NOW_MS - ago_ms, now_ms=NOW_MS)
        before, after = (words.minutes(at_ms - (NOW_MS - ago_ms)) for at_ms in (turn_ms - 1, turn_ms))
        assert before == words.minutes(ago_ms)
        assert after != before
