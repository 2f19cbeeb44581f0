"""With what somebody is recognised: cards, phones, codes by kind and day, never by number. Lost? Block it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal

from litestar import Response
from litestar.response import Redirect

from edge.joining import acts
from edge.joining.facts import CredentialBlocked
from edge.recognition import tables
from edge.recognition.tables import Card
from edge.visits.here import Arrival
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import open_visit
from staff_ui.pages.values import text
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

# Kind of the token it was bound with -> what people call it.
KINDS: Final[dict[str, str]] = {
    "": key("cards.kind.any"),
    "vas": key("cards.kind.vas"),
    "smarttap": key("cards.kind.smarttap"),
    "hce": key("cards.kind.hce"),
    "sun": key("cards.kind.sun"),
    "uid": key("cards.kind.uid"),
    "ndef": key("cards.kind.ndef"),
    "barcode": key("cards.kind.barcode"),
    "qr": key("cards.kind.qr"),
    "pass": key("cards.kind.pass"),
    "vendor": key("cards.kind.any"),
}
HANDLE: Final = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One of them; `handle` is what a form may call it, for this customer alone."""

    handle: str
    label: str
    since: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Cards:
    """`step` is `list`, or `sure` about the one line that is lost."""

    frame: Frame
    visit: str
    name: str = field(repr=False)
    lines: tuple[Line, ...]
    step: Literal["list", "sure"] = "list"
    said: str = ""
    now: str = ""


def lines(cards: Sequence[Card], customer_id: bytes, say: Words) -> tuple[Line, ...]:
    """In words, and with no more of the credential than a handle."""
    return tuple(
        Line(
            handle(card, customer_id),
            say.say(KINDS.get(card.kind, KINDS[""])),
            "" if card.bound_ms is None else say.say("cards.since", day=say.day(card.bound_ms)),
            card.blocked,
        )
        for card in cards
    )


def handle(card: Card, customer_id: bytes) -> str:
    return sha256(customer_id + card.hash).hexdigest()[:HANDLE]


def held(desk: Desk, customer_id: bytes) -> list[Card]:
    """What names this customer, as far as they may be recognised now."""
    house = desk.house
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    return tables.cards(house.db.reader, customer_id, recipient=recipient, now_ms=now_ms)


def chosen(cards: Sequence[Card], customer_id: bytes, named: str) -> Card | None:
    """The card that a form names, of those that still work."""
    return next((each for each in cards if handle(each, customer_id) == named and not each.blocked), None)


async def cards(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/cards`; `?blocked` says that one was."""
    found = open_visit(desk, request)
    await log_look(desk, found, guest, ["recognition"])
    return _page(desk, request, guest, found)


async def cards_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/cards`: `card` asks once more, `card` with `sure` blocks it."""
    form = await own_form(request, guest.tablet)
    house, found = desk.house, open_visit(desk, request)
    lost = chosen(held(desk, found.customer_id), found.customer_id, form.get("card", ""))
    address = f"/visits/{found.visit_id.hex()}/cards"
    if lost is not None and "sure" not in form:
        return _page(desk, request, guest, found, lost=lost)
    if lost is not None:
        fact = CredentialBlocked(
            found.customer_id, lost.hash, guest.who.staff_id, "lost", house.time.now_ms()
        )
        done = await house.db.write(
            acts.block,
            fact,
            recipient=house.config.shop.recipient,
            doer=guest.who.doer,
            visit_id=found.visit_id,
        )
        house.counter.notes.drop_closed()
        house.live.tell("visits", done.seq)
        address += "?blocked=1"
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})


def _page(
    desk: Desk, request: Ask, guest: Guest, found: Arrival, *, lost: Card | None = None
) -> Response[str]:
    house, around = desk.house, frame(desk, request, guest)
    say, now_ms = words(desk, around), house.time.now_ms()
    every = lines(held(desk, found.customer_id), found.customer_id, say)
    it = Cards(
        frame=around,
        visit=found.visit_id.hex(),
        name=text(house.names.of(house.db.reader, found.customer_id, now_ms=now_ms), "call"),
        lines=lines([lost], found.customer_id, say) if lost else every,
        step="sure" if lost else "list",
        said=say.say("cards.blocked_now") if "blocked" in request.query_params and not lost else "",
        now=sha256(repr(every).encode()).hexdigest()[:16],
    )
    return html(desk, "cards.html", it, language=around.language)
