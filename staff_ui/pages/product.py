"""One product, with everything that is known of it; what nobody filled in is said as that (S021)."""

from dataclasses import dataclass
from typing import Final

from litestar import Response

from edge.catalogue import acts, tables
from edge.catalogue.rules import Product, missing
from edge.kit.errors import Gone, StoreError
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.choose import Entry, about
from staff_ui.pages.directions import Way, way_to
from staff_ui.pages.looking import follows
from staff_ui.pages.shelf import Line, drawing, line, price, stock_words
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

LABELS: Final[dict[str, str]] = {
    "description": key("product.description"),
    "sizes": key("product.sizes"),
    "care": key("product.care"),
    "origin": key("product.origin"),
    "sustainability": key("product.sustainability"),
    "place": key("product.place"),
}


@dataclass(frozen=True, slots=True)
class Told:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    frame: Frame
    item: str
    gtin: str
    lead: str
    title: str
    description: str
    price: str
    stock: str
    advice: str
    age: str
    picture: str
    colour: str
    facts: tuple[Told, ...]
    missing: str
    alternatives: tuple[Line, ...]
    way: Way | None = None
    helper: Entry | None = None
    follows: str = ""  # the visit whose advice follows this product


async def product(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /products/{item}`; raises Gone for one that is not in the catalogue."""
    around = frame(desk, request, guest, here="products")
    say, house = words(desk, around), desk.house
    found = tables.product(house.db.reader, request.path_params["item"])
    if found is None:
        raise Gone("no such product", code="U12", hint="it may have left the catalogue")
    now_ms = house.time.now_ms()
    await _tell(desk, found, now_ms)
    own = line(house, found, say, now_ms=now_ms)
    plan = house.radio.plan if house.radio is not None else None
    stock, advice = stock_words(tables.stock(house.db.reader, found.item), say, now_ms=now_ms)
    others = tables.products(house.db.reader, found.alternatives)
    it = ProductPage(
        frame=around,
        item=found.item,
        gtin=_gtin(found.gtin),
        lead=" · ".join(each for each in (found.brand, found.category) if each),
        title=found.title,
        description=found.description,
        price=price(found.price_cents, say),
        stock=stock,
        advice=advice,
        age=own.age,
        picture=drawing(found),
        colour=found.colour,
        facts=_facts(found, say),
        missing=_missing(found, say, alone=house.health.alone),
        alternatives=tuple(line(house, each, say, now_ms=now_ms) for each in others),
        way=way_to(plan, found.place, say, start=request.query_params.get("from", "")) if plan else None,
        helper=about(house, found.item, around.language),
        follows=follows(desk, guest, found.item),
    )
    return html(desk, "product.html", it, language=around.language)


async def _tell(desk: Desk, found: Product, now_ms: int) -> None:
    """Headquarters hears of what nobody filled in; that it cannot be written down now must not close the page."""
    house, lacking = desk.house, missing(found)
    if house.health.alone or not lacking or tables.gap_told(house.db.reader, found.item) == lacking:
        return
    try:
        await house.db.write(acts.looked_up, found.item, now_ms=now_ms)
    except StoreError as error:
        house.log("gap_not_told", code=error.code, hint=error.hint)


def _gtin(gtin: str) -> str:
    """As it is printed below the bar code: 13 digits for an EAN, 8 for a short one."""
    return gtin[6:] if gtin.startswith("000000") else gtin.removeprefix("0")


def _facts(product: Product, say: Words) -> tuple[Told, ...]:
    values = {
        "sizes": ", ".join(product.sizes),
        **{name: getattr(product, name) for name in ("care", "origin", "sustainability", "place")},
    }
    order = ("sizes", "place", "care", "origin", "sustainability")
    return tuple(Told(say.say(LABELS[name]), values[name]) for name in order if values[name])


def _missing(product: Product, say: Words, *, alone: bool) -> str:
    names = [say.say(LABELS[name]).lower() for name in missing(product)]
    if not names:
        return ""
    said = say.say("product.missing", fields=", ".join(names))
    told = say.say("product.missing_told")
    return said if alone else f"{said} {told}"
