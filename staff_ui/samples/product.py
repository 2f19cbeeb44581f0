"""One product: everything known, an old count, hardly anything filled in."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.directions import way_to
from staff_ui.pages.product import LABELS, ProductPage, Told
from staff_ui.samples.plan import sampled
from staff_ui.samples.products import AT, lines
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "product.html"
DESCRIPTION: Final = {
    "nl": "Waterdichte halfhoge wandelschoen van nubuck, voor lange dagen op modder en steen.",
    "en": "Waterproof mid-height hiking boot of nubuck, for long days on mud and rock.",
}
TOLD: Final = {
    "nl": {
        "sizes": "42, bruin",
        "place": "Wand 3, onder",
        "care": "Impregneren na elke natte wandeling.",
        "origin": "Portugal",
        "sustainability": "De zool kan worden vernieuwd.",
    },
    "en": {
        "sizes": "42, brown",
        "place": "Wall 3, low",
        "care": "Proof after every wet hike.",
        "origin": "Portugal",
        "sustainability": "The sole can be renewed.",
    },
}


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    shelf = lines(words)
    # A catalogue is in the language of its shop.
    told = TOLD[words.language]
    description = DESCRIPTION[words.language]
    whole = ProductPage(
        frame=replace(frame, here="products"),
        item="KAYA-42",
        gtin="8712345678906",
        lead="Noordpad · Schoenen",
        title=shelf[0].title,
        description=description,
        price=shelf[0].price,
        stock=words.count("stock.fresh", 6, when=say("time.at", clock=AT)),
        advice="",
        age="fresh",
        picture="schoen",
        colour="#8a5a3c",
        facts=tuple(Told(say(LABELS[name]), value) for name, value in told.items()),
        missing="",
        alternatives=shelf[1:3],
    )
    day = say("time.on_day", day=20, month=say("month.11"))
    names = ", ".join(say(LABELS[name]).lower() for name in LABELS)
    return {
        "whole": whole,
        "followed": replace(whole, follows="00" * 16),
        "way": replace(whole, way=way_to(sampled()[1], "gang 4", words)),
        "old_count": replace(
            whole, stock=words.count("stock.old", 2, when=day), advice=say("stock.look"), age="old"
        ),
        "bare": replace(
            whole,
            item="10042",
            gtin="",
            lead="",
            title="Opbergzak",
            description="",
            stock=say("stock.none"),
            advice=say("stock.look"),
            age="none",
            picture="doos",
            colour="",
            facts=(),
            missing=say("product.missing", fields=names),
            alternatives=(),
        ),
    }
