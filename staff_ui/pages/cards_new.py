"""Whose is this new card? Staff find the customer, say it once more, and the card is theirs."""

from dataclasses import dataclass, field
from typing import Final, Literal

from litestar import Response
from litestar.response import Redirect

from edge import newcomers
from edge.kit.errors import Corrupt, Gone
from edge.newcomers import Offer
from edge.notes import Note
from edge.recognition import profile
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.cards import Line, chosen, held, lines
from staff_ui.pages.named import id_of
from staff_ui.pages.values import initials, text, whole
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

FEWEST_LETTERS: Final = 2
MOST_HITS: Final = 6
# Candidates may have withdrawn since the index was filled.
MOST_CANDIDATES: Final = 32
NOT_NAMED: Final = key("card.new.not_named")
NOT_LOST: Final = key("card.new.not_lost")
WRONG: Final = {"taken": key("card.new.taken"), "not_named": NOT_NAMED, "not_lost": NOT_LOST}


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody the card could be of; the id is opaque and travels in forms only."""

    customer: str = field(repr=False)
    call: str = field(repr=False)
    name: str = field(repr=False)
    initials: str = field(repr=False)
    since: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardsNew:
    """`step` is `find`, `sure` or `refused`; `old` are those it may come in place of. Names travel in forms alone."""

    frame: Frame
    note: str
    step: Literal["find", "sure", "refused"] = "find"
    asked: str = field(default="", repr=False)
    owners: tuple[Owner, ...] = ()
    sentence: str = ""
    old: tuple[Line, ...] = ()


async def cards_new(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /cards/new/{note}`."""
    note = _note(desk, request)
    around = frame(desk, request, guest)
    it = CardsNew(frame=around, note=note.key, sentence=words(desk, around).say("card.new.ask"))
    return html(desk, "cards_new.html", it, language=around.language)


async def cards_new_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /cards/new/{note}`: `q` finds, `customer` asks once more, with `sure` it binds, in place of `lost`."""
    form = await own_form(request, guest.tablet)
    note = _note(desk, request)
    around = frame(desk, request, guest)
    say = words(desk, around)
    it = CardsNew(frame=around, note=note.key)
    if "customer" not in form:
        asked = form.get("q", "").strip()[:80]
        owners = _owners(desk, guest, asked, say)
        sentence = "" if owners else say.say("card.new.none")
        it = CardsNew(frame=around, note=note.key, asked=asked, owners=owners, sentence=sentence)
        return html(desk, "cards_new.html", it, language=around.language)
    owner = _owner(desk, guest, id_of(form["customer"]) or b"", say)
    if owner is None:
        it = _refused(around, note, say.say(NOT_NAMED))
        return html(desk, "cards_new.html", it, language=around.language)
    customer_id = bytes.fromhex(owner.customer)
    old = [each for each in held(desk, customer_id) if not each.blocked]
    lost = chosen(old, customer_id, form.get("lost", ""))
    if "sure" not in form:
        choices = lines(old, customer_id, say)
        it = CardsNew(frame=around, note=note.key, step="sure", owners=(owner,), old=choices)
    elif form.get("lost") and lost is None:
        it = _refused(around, note, say.say(NOT_LOST))
    else:
        offer = Offer(note.card, note.reader, note.proof)
        bound = await newcomers.bind(
            desk.house, customer_id, offer, doer=guest.who.doer, lost=lost.hash if lost else b""
        )
        if bound == "bound":
            desk.house.counter.notes.drop(note)
            return Redirect("/", status_code=303, headers={"cache-control": "no-store"})
        it = _refused(around, note, say.say(WRONG[bound]))
    return html(desk, "cards_new.html", it, language=around.language)


def _refused(around: Frame, note: Note, sentence: str) -> CardsNew:
    return CardsNew(frame=around, note=note.key, step="refused", sentence=sentence)


def _note(desk: Desk, request: Ask) -> Note:
    note = desk.house.counter.notes.of(request.path_params["note"])
    if note is None or note.card is None:
        raise Gone("the card is not remembered any more", code="U14", hint="hold it to the reader again")
    return note


def _owners(desk: Desk, guest: Guest, asked: str, say: Words) -> tuple[Owner, ...]:
    if sum(letter.isalnum() for letter in asked) < FEWEST_LETTERS:
        return ()
    found = dict.fromkeys(desk.house.search.find(asked, most=MOST_CANDIDATES))
    owners = (_owner(desk, guest, customer_id, say) for customer_id in found)
    return tuple(owner for owner in owners if owner is not None)[:MOST_HITS]


def _owner(desk: Desk, guest: Guest, customer_id: bytes, say: Words) -> Owner | None:
    """One customer as far as the consent gate lets their name through, None otherwise."""
    house = desk.house
    try:
        found = profile.read(
            house.db.reader,
            customer_id,
            role=guest.who.role,
            recipient=house.config.shop.recipient,
            now_ms=house.time.now_ms(),
            kek=house.keys.kek,
        )
    except Corrupt as error:
        house.log("card_unreadable", code=error.code, hint=error.hint)
        return None
    name, year = found.values.get("name"), whole(found.values.get("since"), "year")
    if not text(name, "call"):
        return None
    return Owner(
        customer=customer_id.hex(),
        call=text(name, "call"),
        name=text(name, "full") or text(name, "short") or text(name, "call"),
        initials=initials(name) or "·",
        since="" if year is None else say.say("search.since", year=year),
    )
