"""Finding a product: by typing, or by holding its bar code to a reader."""

from dataclasses import dataclass
from typing import Final

from litestar import Response

from edge.catalogue import tables
from edge.catalogue.search import FEWEST_LETTERS, find
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.shelf import Line, line
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import Words

MOST_HITS: Final = 12


@dataclass(frozen=True, slots=True)
class Scan:
    """What was scanned last; without a `line` it is no product of ours."""

    title: str
    note: str
    line: Line | None


@dataclass(frozen=True, slots=True)
class Products:
    frame: Frame
    asked: str
    scan: Scan | None
    hits: tuple[Line, ...]
    sentence: str
    choose: bool = False  # the shop has choice helpers


async def products(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /products?q=`; asked by htmx, only what was found."""
    around = frame(desk, request, guest, here="products")
    say = words(desk, around)
    house, now_ms = desk.house, desk.house.time.now_ms()
    asked = request.query_params.get("q", "").strip()[:80]
    letters = sum(letter.isalnum() for letter in asked)
    items = find(house.db.reader, house.products, asked, most=MOST_HITS) if letters >= FEWEST_LETTERS else []
    hits = tuple(line(house, each, say, now_ms=now_ms) for each in tables.products(house.db.reader, items))
    it = Products(
        frame=around,
        asked=asked,
        scan=scan(desk, say, now_ms=now_ms),
        hits=hits,
        sentence=_sentence(desk, letters, len(hits), say),
        choose=bool(house.helpers),
    )
    template = "found.html" if "hx-request" in request.headers else "products.html"
    return html(desk, template, it, language=around.language)


def scan(desk: Desk, say: Words, *, now_ms: int) -> Scan | None:
    """The product that was last held to a reader, while that is some minutes ago at most."""
    house = desk.house
    seen = house.counter.notes.scanned()
    if seen is None:
        return None
    found = tables.product(house.db.reader, seen.item) if seen.item else None
    note = say.say("products.scan_note", when=say.when(seen.at_ms, now_ms=now_ms), reader=seen.reader)
    if found is None:
        return Scan(title=say.say("products.scan_unknown", code=seen.code), note=note, line=None)
    return Scan(
        title=say.say("products.scanned", title=found.title),
        note=note,
        line=line(house, found, say, now_ms=now_ms),
    )


def _sentence(desk: Desk, letters: int, hits: int, say: Words) -> str:
    index = desk.house.products
    if letters < FEWEST_LETTERS:
        if len(index) or not index.ready:
            return say.say("products.ask")
        return say.say("products.empty")
    if not hits:
        return say.say("products.none") if index.ready else say.say("products.not_ready")
    return (
        say.say("products.most", most=MOST_HITS) if hits == MOST_HITS else say.count("products.found", hits)
    )
