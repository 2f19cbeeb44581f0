"""The door sign says what the settings say: a sentence for each thing that is on, none for what is off."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.settings import ReaderSettings
from edge.config import Config, Presence, Shop
from staff_ui.gallery import Gallery
from staff_ui.pages.sign import Facts, facts, told
from staff_ui.samples.sign import EVERYTHING
from staff_ui.words import Words
from tests.staff_ui.house import Place
from tests.staff_ui.test_plan import floored

__all__ = ["floored"]

WORDS = Words("nl", "Europe/Amsterdam")
NOTHING = Facts("Van Dam", reads=False, hears=False, zones=False, finding=False, welcome=False, page="")
SAYS = {
    "reads": "tegen de lezer",
    "hears": "horen we binnenkomen",
    "zones": "in welk deel van de winkel",
    "finding": "alleen opzoeken als u daarom vroeg",
    "welcome": "Wij zien uw telefoon niet",
    "page": "Stop op uw eigen pagina",
}


def text(found: Facts) -> str:
    it = told(found, Gallery().frame("nl"), WORDS)
    return "\n".join((*it.welcome, *it.sensed, *it.never, *it.stop, it.page))


@pytest.mark.parametrize("flag", SAYS)
def test_each_setting_has_its_sentence_and_without_it_that_is_not_said(flag: str) -> None:
    value: Any = "https://van-dam.example" if flag == "page" else True
    assert SAYS[flag] in text(replace(NOTHING, **{flag: value}))
    off: Any = "" if flag == "page" else False
    assert SAYS[flag] not in text(replace(EVERYTHING, **{flag: off}))


def test_recognition_at_the_door_leads_with_the_silent_welcome() -> None:
    it = told(EVERYTHING, Gallery().frame("nl"), WORDS)
    assert it.join
    assert SAYS["welcome"] in it.welcome[0]
    assert not told(replace(NOTHING, reads=True), Gallery().frame("nl"), WORDS).join


def test_a_shop_that_hears_nothing_says_that_it_does_not_listen() -> None:
    assert "luisteren hier niet naar" in text(NOTHING)
    assert "luisteren hier niet naar" not in text(EVERYTHING)


def test_the_facts_are_those_of_the_configuration(tmp_path: Path) -> None:
    none = Presence(floor=tmp_path / "none", calibration=tmp_path / "none")
    plain = replace(Config(), presence=none, shop=Shop(name="Van Dam"), readers=())
    assert facts(plain, hears=False, zones=0) == NOTHING
    door = replace(plain, readers=(ReaderSettings("door", "ble"),), presence=replace(none, finding=True))
    assert facts(door, hears=True, zones=1) == replace(NOTHING, hears=True, finding=True)
    assert facts(replace(plain, readers=(ReaderSettings("till", "nfc"),)), hears=False, zones=0).reads
    floored = replace(plain, presence=replace(none, welcome=True))
    assert facts(floored, hears=True, zones=3) == replace(NOTHING, hears=True, zones=True, welcome=True)


def test_a_shop_that_hears_through_another_program_says_so(floored: Place) -> None:
    assert "horen we binnenkomen" in floored.signed_in().get("/sign").text
    assert not floored.house.config.readers  # what a pipe brings is taken in wherever there is a floor


def test_the_page_is_there_for_whoever_works_here(place: Place) -> None:
    page = place.signed_in().get("/sign").text
    assert "Van Dam, Amersfoort" in page
    assert "luisteren hier niet naar" in page
    assert 'data-theme="light"' in page
