"""Keuzehulp: a few questions in front of the shelf, and what fits. Nobody is asked for and nothing is kept.

Where somebody is in a helper stands in the address and nowhere else, so that "back" is the browser's own.
"""

from dataclasses import dataclass, replace
from urllib.parse import quote

from litestar import Response
from markupsafe import Markup

from edge.advice import tables as advice
from edge.advice.limits import barred_words, price_law
from edge.catalogue import tables as catalogue
from edge.choice import rules, shown
from edge.choice.tree import Helper
from edge.config import Language
from edge.house import House
from edge.kit.errors import Gone
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.pair import qr
from staff_ui.pages.shelf import Line, line
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

NOTHING = {
    "gone": key("choose.nothing.gone"),
    "barred": key("choose.nothing.barred"),
    "sold_out": key("choose.nothing.sold_out"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A helper in the list; `code`: there is a page for phones, and so a card for the shelf."""

    name: str
    title: str
    intro: str
    picture: str
    code: bool


@dataclass(frozen=True, slots=True)
class Choose:
    frame: Frame
    helpers: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `it.said` is what was answered so far."""

    frame: Frame
    helper: str
    title: str
    intro: str
    changed: bool
    asked: shown.Question
    said: tuple[shown.Said, ...]


@dataclass(frozen=True, slots=True)
class Pick:
    line: Line
    named: shown.Named


@dataclass(frozen=True, slots=True)
class Outcome:
    """`qr` leads to the same outcome on the customer's own phone; empty where the shop has no page for them."""

    frame: Frame
    helper: str
    title: str
    result: shown.Result
    picks: tuple[Pick, ...]
    nothing: str
    qr: Markup


@dataclass(frozen=True, slots=True)
class Card:
    """What hangs at the shelf: a code that opens the helper on a phone."""

    frame: Frame
    title: str
    qr: Markup
    address: str


async def choose(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /choose`: the shop's helpers."""
    around = frame(desk, request, guest, here="products")
    it = Choose(around, entries(desk.house, around.language))
    return html(desk, "choose.html", it, language=around.language)


async def question(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /choose/{helper}` and `/choose/{helper}/{answers}`: the next question, or what fits."""
    helper = _helper(desk.house, request.path_params["helper"])
    around = frame(desk, request, guest, here="products")
    where, changed = rules.stand(helper, request.path_params.get("answers", ""))
    if isinstance(where, rules.Ended):
        return _outcome(desk, around, helper, where)
    it = Question(
        frame=around,
        helper=helper.name,
        title=helper.title[around.language],
        intro=helper.intro[around.language] if not where.given else "",
        changed=changed,
        asked=shown.question(where, around.language),
        said=shown.said(where.given, around.language),
    )
    return html(desk, "choose_question.html", it, language=around.language)


async def card(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /shelfcard/{helper}`: to print, and to hang where people stand and doubt."""
    helper = _helper(desk.house, request.path_params["helper"])
    around = frame(desk, request, guest, here="products")
    address = phone_address(desk.house, helper.name)
    if not address:
        raise Gone(
            "the shop has no page for phones", code="U13", hint="set `shop.page`, or play it on the tablet"
        )
    title = helper.title[around.language]
    it = Card(around, title, Markup(qr(address)), address)
    return html(desk, "choose_card.html", it, language=around.language)


def entries(house: House, language: Language) -> tuple[Entry, ...]:
    code = bool(house.config.shop.page)
    return tuple(
        Entry(each.name, each.title[language], each.intro[language], each.picture or "doos", code)
        for each in house.helpers
    )


def about(house: House, item: str, language: Language) -> Entry | None:
    """The helper that may name this product."""
    named = {each.name for each in house.helpers if any(ware.item == item for ware in each.wares)}
    return next((each for each in entries(house, language) if each.name in named), None)


def phone_address(house: House, helper: str, answers: str = "") -> str:
    """Where a helper is on the hub's page for phones; empty where the shop has none."""
    page = house.config.shop.page.rstrip("/")
    if not page:
        return ""
    path = "/".join(quote(each) for each in (house.config.shop.id, helper, answers) if each)
    return f"{page}/portal/choose/{path}"


def picks(house: House, result: shown.Result, say: Words, *, now_ms: int) -> tuple[Pick, ...]:
    """What is named, as it stands on the shelf; a price that the law holds is no part of it."""
    named = {each.item: each for each in result.named}
    held = catalogue.products(house.db.reader, list(named))
    found = ((each, line(house, each, say, now_ms=now_ms)) for each in held)
    country = house.config.shop.country
    return tuple(
        Pick(replace(its, price="") if price_law(each.category, country) else its, named[each.item])
        for each, its in found
    )


def _outcome(desk: Desk, around: Frame, helper: Helper, ended: rules.Ended) -> Response[str]:
    house, say = desk.house, words(desk, around)
    reader = house.db.reader
    barred = barred_words(house.config.shop.country)
    found = rules.outcome(helper, ended, lambda items: advice.items(reader, set(items)), words=barred)
    result = shown.result(found, around.language)
    address = phone_address(house, helper.name, rules.address_of(found.given))
    it = Outcome(
        frame=around,
        helper=helper.name,
        title=helper.title[around.language],
        result=result,
        picks=picks(house, result, say, now_ms=house.time.now_ms()),
        nothing=say.say(NOTHING[found.nothing]) if found.nothing in NOTHING else "",
        qr=Markup(qr(address)) if address else Markup(),
    )
    return html(desk, "choose_outcome.html", it, language=around.language)


def _helper(house: House, name: str) -> Helper:
    found = next((each for each in house.helpers if each.name == name), None)
    if found is None:
        raise Gone("no such choice helper", code="U12", hint="it may have been taken out")
    return found
