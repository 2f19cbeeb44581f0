"""The portal's catalogues: no key missing or stale, the same values in both languages, no word of the other one."""

import re
from string import Formatter

import pytest

from edge.kit import words
from sync.hub.portal.words import LANGUAGES, spoken
from tests.staff_ui.catalogues import FOLDER, PASSES, PORTAL, extracted, read, shared
from tests.staff_ui.test_words import DUTCH, ENGLISH, forms, key_of, visible
from tests.sync.portal.place import ANNA, Place, press


def keys(language: str) -> dict[str, tuple[str, ...]]:
    return {key_of(message): forms(message) for message in read(language, PORTAL) if message.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_missing_stale_or_empty(language: str) -> None:
    found = keys(language)
    assert set(found) == extracted(PORTAL)
    assert all(all(texts) for texts in found.values())


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_times_and_numbers_are_said_as_on_the_tablet(language: str) -> None:
    ours = keys(language)
    theirs = {key_of(message): forms(message) for message in read(language, FOLDER) if message.id}
    assert {key: ours[key] for key in shared()} == {key: theirs[key] for key in shared()}


def test_french_keeps_a_sign_of_two_parts_with_its_word() -> None:
    """A narrow no-break space (U+202F) stands before it, so that no line begins with a question mark."""
    for folder in (PORTAL, PASSES):
        said = [text for message in read("fr", folder) if message.id for text in forms(message)]
        loose = [text for text in said if re.search(r"[^\u202f\w:?!;][:;?!](\s|$)|\w[;?!]|\w:\s", text)]
        assert loose == []
        assert [text for text in said if "'" in text] == []  # an apostrophe is ’
        assert any("\u202f?" in text for text in said)


def test_all_languages_fill_in_the_same_values() -> None:
    def values(texts: tuple[str, ...]) -> set[str]:
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    dutch = {key: values(text) for key, text in keys("nl").items()}
    for language in LANGUAGES:
        assert {key: values(text) for key, text in keys(language).items()} == dutch, language


def test_no_language_is_the_copy_of_another() -> None:
    """Some words are the same in two languages; sentences never are."""
    said = {language: keys(language) for language in LANGUAGES}
    for language in LANGUAGES:
        for other in LANGUAGES:
            same = {key for key, texts in said[language].items() if texts == said[other][key]}
            assert language == other or all(len(said[language][key][0].split()) <= 3 for key in same), same


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "nl"), ("de-DE,de;q=0.9,en;q=0.8", "de"), ("fr", "fr"), ("es,en;q=0.3,fr;q=0.7", "fr"),
        ("pl, es;q=0.5", "nl"), ("en;q=0, de;q=x, ,;q=", "nl"), ("*", "nl"), ("EN-gb", "en"),
    ],
)  # fmt: skip
def test_a_phone_is_answered_in_the_language_it_asks_for(accepted: str, language: str) -> None:
    assert spoken(accepted) == language


def test_no_template_has_words_of_its_own() -> None:
    for file in (PORTAL / "templates").glob("*.html"):
        text = re.sub(r"{% block (kind|live) %}.*?{% endblock %}", "", file.read_text(encoding="utf-8"))
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
        assert set(visible(text)) <= {"Welkom"}, file.name


@pytest.mark.parametrize(("language", "foreign"), [("nl", ENGLISH), ("en", DUTCH)])
def test_no_page_mixes_languages(place: Place, language: str, foreign: set[str]) -> None:
    place.add(
        purposes=("saving", "receipts", "recognition", "profiling", "location", "contact", "partners"),
        name={"call": "Joost"},
        points={"balance": 5},
        stamps={"have": 1, "of": 8, "reward": "x"},
        since={"year": 2019},
    )
    now_ms = place.hub.now_ms()
    place.holds("pickup", {"orders": [{"number": "20418"}]})
    place.holds("vouchers", {"items": [{"label": "x", "until_ms": now_ms + 10**10}]})
    place.holds("giftcards", {"items": [{"balance_cents": 5}]})
    place.holds("birthday", {"month": 3, "day": 12})
    place.holds("last", {"what": "x", "at_ms": now_ms})
    place.holds("baskets", {"baskets": [1]})
    for _ in range(5):
        place.shows()
    door = place.phone()
    pages = [door.get(path).text for path in (
        f"/portal?language={language}", f"/portal/enter/x?language={language}",
        f"/portal/static/x?language={language}", f"/hq?language={language}&customer={ANNA.hex()}",
    )]  # fmt: skip
    phone = place.phone()
    phone.get(f"/portal/enter/{place.code()}?language={language}")
    pages.append(phone.get("/portal?changed=1").text)
    for purpose in ("recognition", "profiling", "location", "contact", "partners"):
        press(phone, "/portal/stop", purpose=purpose, recipient="van-dam")
    pages.append(phone.get("/portal").text)
    for page in pages:
        # How languages call themselves stays theirs.
        said = {word.lower() for word in visible(page.replace("Van Dam", ""))}
        assert said & foreign == set()
