"""An invented outdoor shop's shelves: the same seed makes the same 600 products."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.catalogue.rules import Product, Stock, check_digit
from edge.demo.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of thing on the shelves. `the` is how a shop assistant says it: "de wandelschoenen"."""

    code: str
    title: str
    the: str
    department: str
    picture: str
    cents: int  # of the simplest one
    durable: bool
    place: str
    sizes: str = ""
    care: str = ""
    with_it: tuple[str, ...] = ()  # kinds that are bought together with it
    season: tuple[int, ...] = ()  # months in which it sells; empty: always


_GROW: Final = tuple(range(4, 10))
_COLD: Final = (10, 11, 12, 1, 2, 3)
_WASH: Final = "30 graden, geen wasverzachter"
KINDS: Final = (
    Kind("boot-low", "Lage wandelschoen", "de wandelschoenen", "Schoenen", "schoen", 11995, True, "gang 1", "36 tot 47", "Borstelen, daarna impregneren", ("sock", "wax")),
    Kind("boot-high", "Hoge wandelschoen", "de bergschoenen", "Schoenen", "schoen", 17995, True, "gang 1", "36 tot 48", "Borstelen, daarna invetten", ("sock", "wax", "pole")),
    Kind("sandal", "Wandelsandaal", "de sandalen", "Schoenen", "schoen", 6995, True, "gang 1", "36 tot 47", "Afspoelen met lauw water", (), _GROW),
    Kind("rain-jacket", "Regenjas", "de regenjas", "Kleding", "jas", 14995, True, "gang 2", "XS tot XXL", _WASH, ("wash",)),
    Kind("down-jacket", "Donsjas", "de donsjas", "Kleding", "jas", 19995, True, "gang 2", "XS tot XL", _WASH, ("hat",), _COLD),
    Kind("fleece", "Fleecetrui", "de fleecetrui", "Kleding", "jas", 5995, True, "gang 2", "XS tot XXL", _WASH, (), _COLD),
    Kind("trousers", "Wandelbroek", "de wandelbroek", "Kleding", "broek", 7995, True, "gang 2", "34 tot 52", _WASH, ("belt",)),
    Kind("hat", "Muts", "de muts", "Kleding", "muts", 2495, True, "gang 2", "één maat", "Met de hand wassen", (), _COLD),
    Kind("sock", "Wandelsokken", "de wandelsokken", "Kleding", "sok", 1595, False, "gang 1", "36 tot 47", "40 graden", ("wax",)),
    Kind("belt", "Riem", "de riem", "Kleding", "broek", 1995, True, "gang 2"),
    Kind("tent", "Koepeltent", "de tent", "Kamperen", "tent", 24995, True, "gang 4", "", "Droog opbergen", ("ground", "peg"), _GROW),
    Kind("ground", "Grondzeil", "het grondzeil", "Kamperen", "matje", 3495, True, "gang 4", "", "", ("peg",), _GROW),
    Kind("peg", "Haringen", "de haringen", "Kamperen", "stokken", 995, False, "gang 4", "", "", (), _GROW),
    Kind("bag-sleep", "Slaapzak", "de slaapzak", "Kamperen", "slaapzak", 12995, True, "gang 4", "regular en lang", "Luchten, niet persen", ("mat",), _GROW),
    Kind("mat", "Slaapmat", "de slaapmat", "Kamperen", "matje", 7995, True, "gang 4", "", "", (), _GROW),
    Kind("stove", "Gasbrander", "de gasbrander", "Koken", "kookstel", 4995, True, "gang 5", "", "", ("gas", "pan"), _GROW),
    Kind("gas", "Gaspatroon", "de gaspatronen", "Koken", "kookstel", 695, False, "gang 5"),
    Kind("pan", "Pannenset", "de pannenset", "Koken", "kookstel", 3995, True, "gang 5", "", "", ("gas",)),
    Kind("meal", "Droogmaaltijd", "de droogmaaltijden", "Koken", "doos", 895, False, "gang 5", "", "", ("gas",)),
    Kind("bar", "Energiereep", "de energierepen", "Koken", "doos", 225, False, "balie"),
    Kind("bottle", "Drinkfles", "de drinkfles", "Onderweg", "fles", 1995, True, "gang 3", "0,75 tot 1,5 liter"),
    Kind("pack", "Rugzak", "de rugzak", "Onderweg", "rugzak", 11995, True, "gang 3", "20 tot 65 liter", "", ("cover", "bottle")),
    Kind("cover", "Regenhoes", "de regenhoes", "Onderweg", "rugzak", 1995, True, "gang 3"),
    Kind("pole", "Wandelstokken", "de wandelstokken", "Onderweg", "stokken", 6995, True, "gang 3", "", "", ("tip",)),
    Kind("tip", "Stokdoppen", "de stokdoppen", "Onderweg", "stokken", 595, False, "gang 3"),
    Kind("lamp", "Hoofdlamp", "de hoofdlamp", "Onderweg", "hoofdlamp", 3995, True, "gang 3", "", "", ("battery",), _COLD),
    Kind("battery", "Batterijen", "de batterijen", "Onderweg", "hoofdlamp", 695, False, "balie"),
    Kind("map", "Wandelkaart", "de wandelkaart", "Onderweg", "kaart", 1295, True, "gang 6"),
    Kind("compass", "Kompas", "het kompas", "Onderweg", "kompas", 2995, True, "gang 6", "", "", ("map",)),
    Kind("pannier", "Fietstassen", "de fietstassen", "Fietsen", "fietstas", 8995, True, "gang 6", "", "", ("bottle",)),
    Kind("wax", "Impregneerspray", "de impregneerspray", "Onderhoud", "verzorging", 1295, False, "balie"),
    Kind("wash", "Wasmiddel voor jassen", "het wasmiddel", "Onderhoud", "verzorging", 1195, False, "balie"),
    Kind("towel", "Reishanddoek", "de reishanddoek", "Onderhoud", "handdoek", 1795, True, "gang 6"),
)  # fmt: skip
BY_CODE: Final = {kind.code: kind for kind in KINDS}
BRANDS: Final = ("Heidepad", "Wadloper", "Noordkop", "Bosuil", "Grensland", "Duinrand", "Veenweg")
RIVERS: Final = (
    "Eem", "Linge", "Regge", "Dommel", "Vecht", "Berkel", "Slinge", "Dinkel", "Rotte", "Zaan", "Amstel", "Merwede",
    "Roer", "Geul", "Gulp", "Niers", "Swalm", "Mark", "Beerze", "Reest",
)  # fmt: skip
COLOURS: Final = ("#1f5b45", "#7a4b2a", "#2d4a6b", "#a3562f", "#5b5f4a", "#8a2f3c", "#35383c")
ORIGINS: Final = ("Portugal", "Italië", "Vietnam", "Duitsland", "Litouwen", "Nederland")
COUNT: Final = 600
LEFT_OUT: Final[tuple[dict[str, Any], ...]] = ({"origin": ""}, {"care": ""}, {"sustainability": ""})


def ean13(twelve: str) -> str:
    """Twelve digits with their check digit."""
    return twelve + check_digit(twelve)


def goods(*, seed: int) -> list[Product]:
    """What the shop sells."""
    dice = random.Random(seed)
    found = [product for kind in KINDS for product in _models(kind)]
    # What is missing is missing, as in every shop: the product page says so.
    for place in dice.sample(range(len(found)), 40):
        found[place] = replace(found[place], **dice.choice(LEFT_OUT))
    return found


def models(kind: Kind) -> int:
    """How many models of a kind are on the shelves; all kinds together make `COUNT`."""
    each, more = divmod(COUNT, len(KINDS))
    return each + (KINDS.index(kind) < more)


def _models(kind: Kind) -> Iterator[Product]:
    for number in range(1, models(kind) + 1):
        item = f"{kind.code}-{number:03d}"
        yield Product(
            item=item,
            gtin="0" + ean13(f"871234{KINDS.index(kind):02d}{number:04d}"),
            title=f"{kind.title} {RIVERS[(number - 1) % len(RIVERS)]}",
            brand=BRANDS[(number * 3 + len(kind.code)) % len(BRANDS)],
            category=kind.title,
            department=kind.department,
            price_cents=kind.cents + 500 * (number % 7) * (kind.cents // 4000 + 1),
            vat=9 if kind.picture == "doos" else 21,
            description=DESCRIBED.get(item, f"{kind.title} voor wie graag buiten is."),
            sizes=(kind.sizes,) if kind.sizes else (),
            care=kind.care,
            origin=ORIGINS[number % len(ORIGINS)],
            sustainability="Te repareren in onze werkplaats" if kind.durable else "Verpakking van karton",
            picture=kind.picture,
            colour=COLOURS[(number + len(kind.title)) % len(COLOURS)],
            place=f"{kind.place}, vak {'ABCD'[number % 4]}{number % 6 + 1}"
            if "gang" in kind.place
            else kind.place,
            durable=kind.durable,
            alternatives=(f"{kind.code}-{number % models(kind) + 1:03d}",),
        )


def stock(*, seed: int, now_ms: int) -> list[Stock]:
    """What was counted this morning; some shelves are empty."""
    dice = random.Random(seed)
    return [
        Stock(product.item, 0 if dice.random() < 0.08 else dice.randint(1, 24), now_ms)
        for product in goods(seed=seed)
    ]
