"""A new card that becomes somebody's, with sample data."""

from typing import Any

from staff_ui.pages.cards import lines
from staff_ui.pages.cards_new import CardsNew, Owner
from staff_ui.samples.cards import HELD
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "cards_new.html"
NOTE = "stranger-1795340460000"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    femke = Owner("00" * 16, "mevrouw De Vries", "Femke de Vries", "FV", say("search.since", year=2019))
    joost = Owner("11" * 16, "Joost", "Joost de Vries-van der Linden", "JL", say("search.since", year=2024))
    return {
        "ask": CardsNew(frame, NOTE, sentence=say("card.new.ask")),
        "found": CardsNew(frame, NOTE, asked="vries", owners=(femke, joost)),
        "none": CardsNew(frame, NOTE, asked="zz", sentence=say("card.new.none")),
        "sure": CardsNew(frame, NOTE, step="sure", owners=(femke,)),
        "replace": CardsNew(frame, NOTE, step="sure", owners=(femke,), old=lines(HELD[:3], b"", words)),
        "taken": CardsNew(frame, NOTE, step="refused", sentence=say("card.new.taken")),
        "not_named": CardsNew(frame, NOTE, step="refused", sentence=say("card.new.not_named")),
    }
