"""Klantmodus: the one page a customer sees while the tablet is in their hands.

What is typed lives in memory (`handed.py`) until they confirm it; before that there is no row, log or cookie.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge import newcomers
from edge.joining.rules import ASKED, MOST_LETTERS, PERIODS, STAYS, Kept, Period, Wish, tidy, wrong
from edge.kit.errors import Gone, WelkomError
from edge.staff.pins import token_hash
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.handed import Hands, Owner
from staff_ui.pages import said
from staff_ui.pages.hand import benefit
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import LANGUAGES, Words, key

# Purpose -> what the customer may say yes to, and what it means.
CHOICES: Final = {
    "recognition": (key("join.recognition"), key("join.recognition.why")),
    "profiling": (key("join.profiling"), key("join.profiling.why")),
    "contact": (key("join.contact"), key("join.contact.why")),
}
PERIOD_WORDS: Final[dict[Period, str]] = {
    "year": key("join.year"),
    "stop": key("join.stop"),
    "today": key("join.today"),
}
# What is kept -> its name, and what for.
KEPT: Final = {
    "name": (key("join.kept.name"), key("join.kept.name.why")),
    "since": (key("join.kept.since"), key("join.kept.since.why")),
    "card": (key("join.kept.card"), key("join.kept.card.why")),
    "profiling": (key("join.kept.profiling"), key("join.kept.profiling.why")),
    "contact": (key("join.kept.contact"), key("join.kept.contact.why")),
    "age_band": (key("join.kept.young"), key("join.kept.young.why")),
    "guardian": (key("join.kept.parent"), key("join.kept.parent.why")),
}
WRONG: Final = {
    "name": key("join.wrong.name"),
    "nothing": key("join.wrong.nothing"),
    "parent": key("join.wrong.parent"),
    "taken": key("join.wrong.taken"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    label: str
    why: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that would be kept: what, what for, how long."""

    what: str
    why: str
    until: str


@dataclass(frozen=True, slots=True)
class Join:
    """`step` is `ask`, `check`, `kept` or `nothing`; what belongs to another step is empty."""

    frame: Frame
    step: str
    card: bool
    benefit: str = ""
    name: str = field(default="", repr=False)
    most: int = MOST_LETTERS
    choices: tuple[Choice, ...] = ()
    periods: tuple[Choice, ...] = ()
    young: Choice | None = None
    parent: str = field(default="", repr=False)
    asks_parent: bool = False
    wrong: str = ""
    wrong_name: bool = False
    lines: tuple[Line, ...] = ()
    refused: tuple[str, ...] = ()


async def join(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /join`; `?quiet` is the page's own clock and keeps nothing open."""
    hands = desk.handed.of(token_hash(guest.tablet), touched="quiet" not in request.query_params)
    if hands is None:
        return _back("/")
    if isinstance(hands, Owner):
        return _back("/own")
    around = replace(frame(desk, request, guest), language=hands.language, staff="", initials="")
    keep = newcomers.would_keep(desk.house, hands.wish, card=hands.offer.card is not None)
    it = page(
        around,
        hands,
        keep,
        desk.sheets.words[hands.language],
        benefit=benefit(desk.house.config.shop, hands.language),
        now_ms=desk.house.time.now_ms(),
    )
    return html(desk, "join.html", it, language=hands.language)


async def join_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /join`: field `act` is next, change, keep, never or a language; the others are what was filled in."""
    form = await own_form(request, guest.tablet)
    tablet = token_hash(guest.tablet)
    hands = desk.handed.of(tablet, touched=True)
    if not isinstance(hands, Hands):
        raise Gone("nobody has touched it for too long", code="U13", hint="hand the tablet over again")
    act = form.get("act", "")
    if hands.step == "ask":
        hands = replace(hands, wish=_wish(form), wrong=None)
    if act in LANGUAGES:
        hands = replace(hands, language=act)
    elif act == "never" and hands.step != "kept":
        hands = replace(hands, step="nothing", wish=Wish())
    elif act == "next" and hands.step == "ask":
        found = wrong(hands.wish, card=hands.offer.card is not None)
        hands = replace(hands, wrong=found) if found else replace(hands, step="check")
    elif act == "change" and hands.step == "check":
        hands = replace(hands, step="ask")
    elif act == "keep" and hands.step == "check":
        hands = await _keep(desk, tablet, hands)
        if desk.handed.of(tablet) is None:
            return _back("/join")  # staff took it back meanwhile, and it is not locked again
    desk.handed.put(tablet, hands)
    return _back("/join")


async def _keep(desk: Desk, tablet: bytes, hands: Hands) -> Hands:
    """Keep it, once: a second touch while the first is on its way finds another step."""
    desk.handed.put(tablet, replace(hands, step="kept"))
    words, shop = desk.sheets.words[hands.language], desk.house.config.shop
    period = words.say(PERIOD_WORDS[hands.wish.period])
    who, stopping = words.say("join.who", shop=shop.name), words.say("join.stopping")
    try:
        kept = await newcomers.join(
            desk.house,
            hands.wish,
            hands.offer,
            staff_id=hands.staff_id,
            language=hands.language,
            said=said.each_of(CHOICES, words, period, who, stopping, benefit=benefit(shop, hands.language)),
        )
    except WelkomError:
        if desk.handed.of(tablet) is not None:
            desk.handed.put(tablet, hands)
        raise
    if kept:
        return replace(hands, step="kept")
    return replace(hands, step="nothing", wish=Wish(), wrong="taken")


def _wish(form: Mapping[str, str]) -> Wish:
    chosen = form.get("period", "")
    return Wish(
        # Twice the length, so that too long a name is answered with words instead of being cut.
        name=tidy(form.get("name", ""))[: 2 * MOST_LETTERS],
        purposes=tuple(purpose for purpose in ASKED if form.get(purpose)),
        period=next((period for period in PERIODS if period == chosen), PERIODS[0]),
        young=bool(form.get("young")),
        parent=tidy(form.get("parent", ""))[: 2 * MOST_LETTERS],
    )


def page(around: Frame, hands: Hands, keep: Kept, words: Words, *, benefit: str, now_ms: int) -> Join:
    """What the page shows of one pair of hands."""
    wish, say, card = hands.wish, words.say, hands.offer.card is not None
    it = Join(
        frame=around,
        step=hands.step,
        card=card,
        benefit=benefit,
        wrong=say(WRONG[hands.wrong]) if hands.wrong else "",
        name=wish.name,
    )
    if hands.step == "ask":
        return replace(
            it,
            wrong_name=hands.wrong == "name",
            choices=tuple(
                Choice(purpose, say(label), say(why), purpose in wish.purposes)
                for purpose, (label, why) in CHOICES.items()
            ),
            periods=tuple(
                Choice(period, say(label), "", period == wish.period)
                for period, label in PERIOD_WORDS.items()
            ),
            young=Choice("young", say("join.young"), say("join.young.why"), wish.young),
            parent=wish.parent,
            asks_parent=hands.wrong == "parent" or bool(wish.parent),
        )
    if hands.step == "check":
        refused = tuple(say(label) for purpose, (label, _) in CHOICES.items() if purpose not in keep.purposes)
        return replace(it, lines=_lines(wish, keep, words, now_ms=now_ms), refused=refused)
    return replace(it, name=wish.name if "name" in keep.traits else "")


def _lines(wish: Wish, keep: Kept, words: Words, *, now_ms: int) -> tuple[Line, ...]:
    say = words.say
    until = say("join.until_stop")
    if keep.until_ms is not None:
        until = say("join.until_today")
        if wish.period != "today":
            until = say("join.until", when=words.day(keep.until_ms))
    year = words.local(now_ms).year
    things = [*keep.traits, *(each for each in keep.purposes if each in KEPT)]
    lines = [
        Line(
            say(KEPT[each][0], name=wish.name, year=year, parent=wish.parent),
            say(KEPT[each][1]),
            say("join.until_stop") if each in STAYS else until,
        )
        for each in things
    ]
    if keep.card:
        what, why = KEPT["card"]
        lines.append(Line(say(what), say(why), say("join.until_stop")))
    return tuple(lines)


def _back(target: str) -> Response[str]:
    return Redirect(target, status_code=303, headers={"cache-control": "no-store"})
