"""Finding a customer: nothing asked, some, many, nobody."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.search import MOST_HITS, Hit, Search
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "search.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    here = replace(frame, here="search")
    names = ("Meike de Vries", "Joost de Vries", "Anouk van der Linden-Özdemir", "Sem de Vries")
    hits = tuple(
        Hit(f"{number:032x}", names[number % 4], "MV", say("search.since", year=2012 + number))
        for number in range(MOST_HITS)
    )
    return {
        "ask": Search(frame=here, asked="", hits=(), sentence=say("search.ask")),
        "some": Search(frame=here, asked="de vr", hits=hits[:2], sentence=""),
        "many": Search(frame=here, asked="de", hits=hits, sentence=say("search.most", most=MOST_HITS)),
        "nobody": Search(frame=here, asked="zzz", hits=(), sentence=say("search.none")),
    }
