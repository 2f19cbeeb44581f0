"""Keuzehulp on somebody's own phone: a code at the shelf opens it. Nobody is asked for, no cookie is read or set.

Where somebody is in a helper stands in the address alone, so a link is the whole of what is taken along. Only who
asks for it, signed in on their own page, has what came out of it kept among their own things.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from litestar import Response

from edge.advice.limits import barred_words, price_law
from edge.advice.rules import Item
from edge.catalogue.rules import Stock, age
from edge.choice import rules, shown
from edge.choice.rules import Ended, Outcome
from edge.choice.tree import Helper
from edge.kit.sql import Connection
from sync import wire
from sync.hub.hq import whom
from sync.hub.portal import choices, correct
from sync.hub.portal.guard import Asked
from sync.hub.portal.mine import read
from sync.hub.portal.pages import Pages
from sync.hub.portal.security import form_token
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import open_traits
from sync.hub.portal.words import Words, key, known
from sync.hub.tables import catalogue
from sync.hub.tables import mine as mine_tables
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.app import Hub

MOST_WISHES: Final = 30
PURPOSE: Final = "profiling"  # what a wish list is kept for (edge/consent/rules.py)
NOTHING: Final = {
    "gone": key("choose.nothing.gone"),
    "barred": key("choose.nothing.barred"),
    "sold_out": key("choose.nothing.sold_out"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Which helpers these are and how addresses begin; `asked`: what keeps a language that was chosen by hand."""

    shop: str
    base: str
    asked: str


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    title: str
    intro: str
    language: str


@dataclass(frozen=True, slots=True)
class Choose:
    frame: Frame
    place: Place
    helpers: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """`language` is that of the helper's own texts; `elsewhere` says so where it is not the page's."""

    frame: Frame
    place: Place
    helper: Entry
    elsewhere: str
    changed: bool
    asked: shown.Question


@dataclass(frozen=True, slots=True)
class Pick:
    title: str
    price: str
    where: str
    stock: str
    named: shown.Named


@dataclass(frozen=True, slots=True)
class Result:
    """`answers` is how the address ends: what a link to this outcome holds."""

    frame: Frame
    place: Place
    helper: Entry
    elsewhere: str
    result: shown.Result
    picks: tuple[Pick, ...]
    nothing: str
    answers: str


@dataclass(frozen=True, slots=True)
class Keep:
    """`step`: `ask`, `no_basis`, `kept` (all of it stands on their list) or `nothing`; why nothing: `nothing`."""

    frame: Frame
    step: str
    shop: str
    titles: tuple[str, ...]
    nothing: str
    back: str


async def choose(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/choose/{shop}`: the helpers of a shop."""
    place = await _place(pages, asked)
    if place is None or not pages.helpers:
        return pages.door(asked.request, "absent", status=404)
    found = tuple(_entry(each, asked.language) for each in pages.helpers)
    return pages.html("choose.html", Choose(_frame(asked), place, found), asked.language)


async def question(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/choose/{shop}/{helper}` and further with `/{answers}`: the next question, or what fits."""
    place, helper = await _place(pages, asked), _helper(pages, asked)
    if place is None or helper is None:
        return pages.door(asked.request, "absent", status=404)
    entry = _entry(helper, asked.language)
    elsewhere = "" if entry.language == asked.language else asked.words.say("choose.elsewhere")
    where, changed = rules.stand(helper, asked.request.path_params.get("answers", ""))
    if isinstance(where, Ended):
        found, items = await _outcome(pages, asked, helper, where)
        result = shown.result(found, entry.language)
        it: object = Result(
            frame=_frame(asked),
            place=place,
            helper=entry,
            elsewhere=elsewhere,
            result=result,
            picks=tuple(
                _pick(pages, named, each.item, items[named.item], asked.words)
                for named, each in zip(result.named, found.picks, strict=True)
            ),
            nothing=_nothing(found, asked.words),
            answers=rules.address_of(found.given),
        )
        return pages.html("choose_outcome.html", it, asked.language)
    it = Question(
        frame=_frame(asked),
        place=place,
        helper=entry,
        elsewhere=elsewhere,
        changed=changed,
        asked=shown.question(where, entry.language),
    )
    return pages.html("choose_question.html", it, asked.language)


async def keep(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/keep/{shop}/{helper}/{answers}`: what would be kept, for whoever is signed in."""
    place, helper, ended = await _place(pages, asked), _helper(pages, asked), _ended(pages, asked)
    if place is None or helper is None or ended is None:
        return pages.door(asked.request, "absent", status=404)
    found, items = await _outcome(pages, asked, helper, ended)
    mine = await read(pages.hub, asked.who)
    now_ms = pages.hub.basis_ms()
    basis = any(each.purpose == PURPOSE and choices.given(each, now_ms=now_ms) for each in mine.held)
    picks = {each.item.item for each in found.picks}
    if not basis or not picks:
        step = "nothing" if basis else "no_basis"
    else:
        step = "kept" if picks <= set(_listed(mine.traits.values)) else "ask"
    it = Keep(
        frame=Frame(asked.language, asked.request.scope["path"], form_token(asked.who.token)),
        step=step,
        shop=place.shop,
        titles=tuple(items[each.item.item].title for each in found.picks),
        nothing=_nothing(found, asked.words),
        back=f"{place.base}/{helper.name}/{rules.address_of(ended.given)}",
    )
    return pages.html("choose_keep.html", it, asked.language)


async def keep_now(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST` of the same address: what fits now goes onto their wish list, the newest first."""
    place, helper, ended = await _place(pages, asked), _helper(pages, asked), _ended(pages, asked)
    if place is None or helper is None or ended is None:
        return pages.door(asked.request, "absent", status=404)
    found, _ = await _outcome(pages, asked, helper, ended)
    hub, who = pages.hub, asked.who.customer_id
    if found.picks:
        await hub.change(wish, hub, who, [each.item.item for each in found.picks])
        hub.bell.poke([who])
    return pages.back(asked.request.scope["path"])


def wish(conn: Connection, hub: "Hub", customer_id: bytes, items: Sequence[str]) -> list[Moved]:
    """Put `items` before what is on their wish list, in one act: what somebody else put there meanwhile stays."""
    whom.hold(conn, [customer_id])
    sealed = mine_tables.traits(conn, customer_id, now_ms=hub.basis_ms())
    before = _listed(open_traits(sealed, kek=hub.keys.hub_kek, log=hub.log).values)
    wishes = list(dict.fromkeys((*items, *before)))[:MOST_WISHES]
    return correct.correct(conn, hub, customer_id, {"wishlist": {"items": wishes}})


def _listed(values: Mapping[str, object]) -> list[str]:
    held = values.get("wishlist")
    listed = held.get("items") if isinstance(held, Mapping) else None
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _nothing(found: Outcome, words: Words) -> str:
    return words.say(NOTHING[found.nothing]) if found.nothing in NOTHING else ""


def looked_up(conn: Connection, shop: str, items: Sequence[str]) -> dict[str, tuple[Item, wire.Product]]:
    """Those of `items` that the chain sells, with what this shop counted of them."""
    found = {}
    for item, body, counted in catalogue.on_shelf(conn, shop, items):
        product = wire.decode_as(body, wire.Product)
        stock = wire.decode_as(counted, wire.Stock) if counted else None
        its = Item(
            item=item,
            title=product.title,
            category=product.category,
            durable=product.durable,
            sensitive=product.sensitive,
            stock=stock.count if stock else None,
            place=product.place,
            counted_ms=stock.as_of_ms if stock else None,
        )
        found[item] = (its, product)
    return found


async def _outcome(
    pages: Pages, asked: Asked, helper: Helper, ended: Ended
) -> tuple[Outcome, Mapping[str, wire.Product]]:
    named = [ware.item for ware in rules.fitting(helper, ended.given)]
    held = await pages.hub.db.read(looked_up, asked.request.path_params["shop"], named)

    def look(items: Collection[str]) -> Mapping[str, Item]:
        return {item: held[item][0] for item in items if item in held}

    found = rules.outcome(helper, ended, look, words=barred_words(pages.hub.config.country))
    return found, {item: product for item, (_, product) in held.items()}


def _pick(pages: Pages, named: shown.Named, item: Item, product: wire.Product, words: Words) -> Pick:
    """A price that the law holds is no part of what is named."""
    euros, cents = divmod(product.price_cents, 100)
    fixed = price_law(item.category, pages.hub.config.country)
    return Pick(
        title=product.title,
        price="" if fixed else words.say("euros", whole=words.number(euros), cents=f"{cents:02d}"),
        where=product.place,
        stock=_stock(item, words, now_ms=pages.hub.now_ms()),
        named=named,
    )


def _stock(item: Item, words: Words, *, now_ms: int) -> str:
    """How many there are, as of when; what is old is never said as certain."""
    if item.stock is None or item.counted_ms is None:
        return words.say("choose.stock.none")
    when = words.when(item.counted_ms, now_ms=now_ms)
    if age(Stock(item.item, item.stock, item.counted_ms), now_ms=now_ms) == "fresh":
        return words.count("choose.stock", item.stock, when=when)
    return words.say("choose.stock.old", when=when)


def _frame(asked: Asked) -> Frame:
    return Frame(language=asked.language, here=asked.request.scope["path"])


def _entry(helper: Helper, wanted: str) -> Entry:
    language = shown.language_of(helper, wanted)
    return Entry(helper.name, helper.title[language], helper.intro[language], language)


async def _place(pages: Pages, asked: Asked) -> Place | None:
    """None for a shop that is none."""
    shop = asked.request.path_params["shop"]
    if not await pages.hub.db.read(catalogue.is_shop, shop):
        return None
    chosen = known(asked.request.query_params.get("language", ""))
    name = pages.hub.config.names.get(shop, shop)
    return Place(name, f"/portal/choose/{quote(shop)}", f"?language={chosen}" if chosen else "")


def _helper(pages: Pages, asked: Asked) -> Helper | None:
    wanted = asked.request.path_params["helper"]
    return next((each for each in pages.helpers if each.name == wanted), None)


def _ended(pages: Pages, asked: Asked) -> Ended | None:
    helper = _helper(pages, asked)
    where = rules.walk(helper, rules.answers_of(asked.request.path_params["answers"])) if helper else None
    return where if isinstance(where, Ended) else None
