"""Becoming known on one's own phone: the benefit of today, separate choices, and nothing kept before it is confirmed.

The page carries what was filled in from step to step; the hub keeps nothing of it until "keep". Then the phone is in,
and has its pass.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from importlib.metadata import version
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response

from edge.consent.records import By
from edge.consent.rules import MINOR
from edge.joining import ticket as tickets
from edge.joining.rules import (
    ASKED,
    MOST_LETTERS,
    PERIODS,
    STAYS,
    Kept,
    Wish,
    Wrong,
    kept,
    lasting,
    of_period,
    tidy,
    wrong,
)
from edge.joining.ticket import Ticket
from edge.kit.clock import utc
from edge.wallet.rules import new_wallet
from sync import wire
from sync.hub import invited, records
from sync.hub.passes import acts as passes
from sync.hub.portal import sessions
from sync.hub.portal.guard import Asked
from sync.hub.portal.pages import Pages
from sync.hub.portal.sheets import Frame
from sync.hub.portal.words import Words, key

CHOICES: Final = {
    "recognition": (key("join.recognition"), key("join.recognition.why")),
    "profiling": (key("join.profiling"), key("join.profiling.why")),
    "contact": (key("join.contact"), key("join.contact.why")),
}
PERIOD_WORDS: Final = {"year": key("join.year"), "stop": key("join.stop"), "today": key("join.today")}
UNTIL: Final = {
    "year": key("join.until_year"),
    "stop": key("join.until_stop"),
    "today": key("join.until_today"),
}
KEPT: Final = {
    "name": key("join.kept.name"),
    "since": key("join.kept.since"),
    "saving": key("join.kept.saving"),
    "profiling": key("join.kept.profiling"),
    "contact": key("join.kept.contact"),
    MINOR: key("join.kept.young"),
    "guardian": key("join.kept.parent"),
}
WRONG: Final[dict[Wrong, str]] = {"name": key("join.wrong"), "parent": key("join.wrong.parent")}


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    label: str
    why: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Join:
    """`step` is `ask` or `check`; `lines` is what would be kept, each with its end."""

    frame: Frame
    step: str
    shop: str
    benefit: str
    name: str = field(repr=False)
    most: int
    choices: tuple[Option, ...]
    periods: tuple[Option, ...]
    young: Option
    parent: str = field(repr=False)
    asks_parent: bool
    wrong: str
    wrong_name: bool
    lines: tuple[tuple[str, str], ...] = field(repr=False)
    refused: tuple[str, ...]
    wish: tuple[tuple[str, str], ...] = field(repr=False)


async def ask(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/join/{ticket}`."""
    return await _shown(pages, asked, Wish(), step="ask")


async def answer(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/join/{ticket}`: field `act` is next, change or keep; the others are what was filled in."""
    form = asked.form
    wish = Wish(
        name=tidy(form.get("name", ""))[: 2 * MOST_LETTERS],
        purposes=tuple(purpose for purpose in ASKED if form.get(purpose)),
        period=next((each for each in PERIODS if each == form.get("period")), PERIODS[0]),
        young=bool(form.get("young")),
        parent=tidy(form.get("parent", ""))[: 2 * MOST_LETTERS],
    )
    # On a phone there is always something to save with: the pass that it gets.
    if form.get("act") == "change":
        return await _shown(pages, asked, wish, step="ask")
    if bad := wrong(wish, card=True):
        return await _shown(pages, asked, wish, step="ask", bad=bad)
    if form.get("act") == "keep":
        return await _keep(pages, asked, wish)
    return await _shown(pages, asked, wish, step="check")


async def _keep(pages: Pages, asked: Asked, wish: Wish) -> Response[Any]:
    hub, text = pages.hub, asked.request.path_params["ticket"]
    now_ms, found = hub.now_ms(), await _ticket(pages, asked)
    if found is None:
        return pages.door(asked.request, "used", status=410)
    keep = _would_keep(pages, wish, now_ms=now_ms)
    values = of_period(wish, keep, year=utc(now_ms).year)
    saved = lasting(wish, keep, how="on their own phone") | new_wallet(size=found.stamps, reward=found.reward)
    moved = await hub.change(
        invited.accept,
        hub.keys,
        text,
        keep=keep,
        traits={**values, **saved},
        said=_said(asked.words, benefit(found, asked.words), by="parent" if wish.young else "customer"),
        now_ms=now_ms,
    )
    if moved is None:
        return pages.door(asked.request, "used", status=410)
    customer_id = await hub.db.read(invited.customer_of, hub.keys, text)
    await hub.change(passes.make, hub.keys, customer_id, kind="web", now_ms=now_ms)
    token = await hub.db.apply(
        sessions.begin,
        customer_id,
        way="joined",
        before=pages.token(asked.request),
        language=asked.language,
        device=sessions.device_of(asked.request.headers.get("user-agent", "")),
        now_ms=now_ms,
    )
    return pages.back("/portal/pass", token)


async def _ticket(pages: Pages, asked: Asked) -> Ticket | None:
    hub = pages.hub
    return await hub.db.read(
        invited.opened, hub.keys, asked.request.path_params["ticket"], now_ms=hub.now_ms()
    )


async def _shown(
    pages: Pages, asked: Asked, wish: Wish, *, step: str, bad: Wrong | None = None
) -> Response[Any]:
    found = await _ticket(pages, asked)
    if found is None:
        return pages.door(asked.request, "used", status=410)
    path, words = asked.request.scope["path"], asked.words
    say, text = words.say, asked.request.path_params["ticket"]
    keep = _would_keep(pages, wish, now_ms=pages.hub.now_ms())
    things = [*keep.traits, *(each for each in keep.purposes if each in KEPT)]
    ends = say(UNTIL[wish.period])
    it = Join(
        frame=Frame(language=asked.language, here=path),
        step=step,
        shop=records.name(tickets.shop_of(text), pages.hub.config.names),
        benefit=benefit(found, words),
        name=wish.name,
        most=MOST_LETTERS,
        choices=tuple(
            Option(purpose, say(label), say(why), purpose in wish.purposes)
            for purpose, (label, why) in CHOICES.items()
        ),
        periods=tuple(Option(each, say(PERIOD_WORDS[each]), "", each == wish.period) for each in PERIODS),
        young=Option("young", say("join.young"), say("join.young.why"), wish.young),
        parent=wish.parent,
        asks_parent=bad == "parent" or bool(wish.parent),
        wrong=say(WRONG[bad]) if bad else "",
        wrong_name=bad == "name",
        lines=tuple(
            (
                say(KEPT[each], name=wish.name, parent=wish.parent),
                say("join.until_stop") if each in STAYS else ends,
            )
            for each in things
        ),
        refused=tuple(
            words.within(say(label))
            for purpose, (label, _) in CHOICES.items()
            if purpose not in keep.purposes
        ),
        wish=(
            ("name", wish.name),
            ("period", wish.period),
            *((each, "yes") for each in wish.purposes),
            *((("young", "yes"), ("parent", wish.parent)) if wish.young else ()),
        ),
    )
    return pages.html("join.html", it, asked.language, status=422 if bad else 200)


def benefit(ticket: Ticket, words: Words) -> str:
    """What becoming known gives today, in the language that is nearest."""
    own = {
        "nl": ticket.benefit_nl,
        "en": ticket.benefit_en,
        "de": ticket.benefit_de,
        "fr": ticket.benefit_fr,
    }
    if words.language == "nl":
        return own["nl"]
    return own[words.language] or own["en"] or own["nl"]


def _would_keep(pages: Pages, wish: Wish, *, now_ms: int) -> Kept:
    zone = ZoneInfo(pages.hub.config.timezone)
    tomorrow = utc(now_ms).astimezone(zone).date() + timedelta(days=1)
    ends_ms = int(datetime.combine(tomorrow, time(), zone).timestamp() * 1000)
    return kept(wish, card=True, now_ms=now_ms, day_ends_ms=ends_ms)


def _said(words: Words, promised: str, *, by: By) -> dict[str, wire.Said]:
    """What stood beside each choice, word for word, for the record of it; `by` whom, where it was for a child."""
    return {
        purpose: wire.Said(
            how="phone",
            language=words.language,
            text="\n".join((words.say(label), words.say(why))),
            version=version("welkom"),
            benefit=promised,
            by=by,
        )
        for purpose, (label, why) in CHOICES.items()
    }
