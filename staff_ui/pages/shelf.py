"""A product as it is said on the tablet: price, drawing, and how many there are as far as anybody knows."""

from dataclasses import dataclass
from typing import Final

from edge.catalogue import tables
from edge.catalogue.rules import Product, Stock, age
from edge.house import House
from staff_ui.words import Words

# Drawings of static/products.svg, and parts of words that ask for one where a catalogue names none. The first that
# stands in the category or title wins, so the narrower words come first.
DRAWINGS: Final[dict[str, tuple[str, ...]]] = {
    "slaapzak": ("slaapzak", "sleeping bag"),
    "handdoek": ("handdoek", "towel"),
    "fietstas": ("fietstas", "pannier"),
    "rugzak": ("rugzak", "backpack", "dagrugzak"),
    "kookstel": ("kookstel", "brander", "pan", "stove", "cook"),
    "hoofdlamp": ("hoofdlamp", "lamp", "headlamp", "lantaarn"),
    "stokken": ("stok", "pole"),
    "handschoen": ("handschoen", "want", "glove"),
    "schoen": ("schoen", "laars", "sandaal", "shoe", "boot"),
    "jas": ("jas", "jack", "vest", "trui", "fleece", "jacket"),
    "broek": ("broek", "short", "legging", "trousers", "pants"),
    "shirt": ("shirt", "hemd", "onderkleding"),
    "tent": ("tent", "tarp"),
    "matje": ("mat", "luchtbed"),
    "kompas": ("kompas", "compass", "gps", "horloge"),
    "fles": ("fles", "bidon", "bottle", "beker"),
    "sok": ("sok", "sock"),
    "muts": ("muts", "hoed", "pet", "hat", "beanie"),
    "kaart": ("kaart", "gids", "boek", "map"),
    "mes": ("mes", "tool", "knife"),
    "verzorging": ("wax", "spray", "impregneer", "zeep", "creme", "crème", "ehbo"),
}
PLAIN: Final = "doos"
PICTURES: Final = frozenset({*DRAWINGS, PLAIN})


@dataclass(frozen=True, slots=True)
class Line:
    """A product in a list; `age` is fresh, out, old, stale or none, and words say it too."""

    item: str
    title: str
    about: str
    price: str
    stock: str
    age: str
    picture: str
    colour: str


def line(house: House, product: Product, words: Words, *, now_ms: int) -> Line:
    held = tables.stock(house.db.reader, product.item)
    return Line(
        item=product.item,
        title=product.title,
        about=" · ".join(each for each in (product.brand, ", ".join(product.sizes), product.place) if each),
        price=price(product.price_cents, words),
        stock=briefly(held, words, now_ms=now_ms),
        age=_age(held, now_ms=now_ms),
        picture=drawing(product),
        colour=product.colour,
    )


def _age(held: Stock | None, *, now_ms: int) -> str:
    if held is None:
        return "none"
    known = age(held, now_ms=now_ms)
    return "out" if known == "fresh" and held.count == 0 else known


def price(cents: int, words: Words) -> str:
    """`€ 129,95`, `€ 1.299,95`."""
    return words.say("price", euros=words.number(cents // 100), cents=f"{cents % 100:02}")


def drawing(product: Product) -> str:
    if product.picture in PICTURES:
        return product.picture
    text = f"{product.category} {product.title}".casefold()
    return next((name for name, parts in DRAWINGS.items() if any(part in text for part in parts)), PLAIN)


def briefly(stock: Stock | None, words: Words, *, now_ms: int) -> str:
    """For a list: how many, and of when. What is old is never said as certain."""
    if stock is None:
        return words.say("stock.brief.none")
    when = words.when(stock.as_of_ms, now_ms=now_ms)
    match age(stock, now_ms=now_ms):
        case "fresh" if stock.count:
            return words.count("stock.brief.fresh", stock.count, when=when)
        case "fresh":
            return words.say("stock.brief.out", when=when)
        case "old":
            return words.say("stock.brief.old", count=words.number(stock.count), when=when)
        case _:
            return words.say("stock.brief.stale", when=when)


def stock_words(stock: Stock | None, words: Words, *, now_ms: int) -> tuple[str, str]:
    """A sentence about the stock, and what to do with it (empty when it can be believed)."""
    if stock is None:
        return words.say("stock.none"), words.say("stock.look")
    when = words.when(stock.as_of_ms, now_ms=now_ms)
    match age(stock, now_ms=now_ms):
        case "fresh" if stock.count:
            return words.count("stock.fresh", stock.count, when=when), ""
        case "fresh":
            return words.say("stock.out", when=when), ""
        case "old":
            said = (
                words.count("stock.old", stock.count, when=when)
                if stock.count
                else words.say("stock.old_out", when=when)
            )
            return said, words.say("stock.look")
        case _:
            return words.count("stock.stale", stock.count, when=when), words.say("stock.look")
