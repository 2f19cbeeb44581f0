"""The fragment that tablets fetch on every poke: who is here, and the card of whom was last seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from markupsafe import Markup

from edge.advice.advisor import Advice
from edge.catalogue import tables as catalogue
from edge.config import Language
from edge.consent.rules import Role
from edge.consent.tables import FOREVER_MS
from edge.house import House
from edge.insight.tables import joined_today
from edge.kit.errors import Corrupt
from edge.notes import NOTE_MS, Note, NoteKind
from edge.recognition.profile import Profile
from edge.shop import tables as shop
from edge.visits import tables
from edge.visits.here import Arrival, arrival, who_is_here
from edge.wallet.tables import profile_here
from staff_ui.pages.card import Card, glance, takes
from staff_ui.pages.guest import may_pass
from staff_ui.pages.offers import Offer, on_card
from staff_ui.pages.purse import here
from staff_ui.pages.rows import Made, Rows, heard_at, note_key
from staff_ui.pages.state import State, state
from staff_ui.sheets import Sheets
from staff_ui.words import MINUTE_MS, Words, key, turns_ms

# What fits on a tablet without scrolling; who came before them is counted and found by searching.
MOST_ROWS: Final = 7
# Counting further than this would cost each tap more than anybody wants to know.
MOST_COUNTED: Final = 20
# Kind of note -> lead, large words, a sentence to say.
NOTES: Final[dict[NoteKind, tuple[str, ...]]] = {
    "stranger": (key("note.stranger.lead"), key("note.stranger.large"), key("note.stranger.sentence")),
    "withheld": (key("note.withheld.lead"), key("note.withheld.large")),
    "blocked": (key("note.blocked.lead"), key("note.blocked.large")),
    "locked": (key("note.locked.lead"), key("note.locked.large"), key("note.locked.sentence")),
    "no_pass": (key("note.no_pass.lead"), key("note.no_pass.large")),
    "choose_pass": (key("note.choose_pass.lead"), key("note.choose_pass.large")),
    "unknown_merchant": (key("note.unknown_merchant.lead"), key("note.unknown_merchant.large")),
    "forged": (key("note.forged.lead"), key("note.forged.large"), key("note.forged.sentence")),
    "replayed": (key("note.replayed.lead"), key("note.replayed.large"), key("note.replayed.sentence")),
    "expired": (key("note.expired.lead"), key("note.expired.large"), key("note.expired.sentence")),
    "unreadable": (key("note.unreadable.lead"), key("note.unreadable.large")),
    "refused": (key("note.refused.lead"), key("note.refused.large")),
}


@dataclass(frozen=True, slots=True)
class NoteCard:
    kind: str
    lead: str
    large: str
    sentence: str
    key: str = ""  # of a card that could become somebody's
    counted: str = ""
    saving: str = ""  # key of a card that opens its balance, without a name
    guest: str = ""  # key of a card that may be of another shop, while nobody can be asked


@dataclass(frozen=True, slots=True)
class Visits:
    """What `visits.html` shows; at most one of card, note, `over` is there, none of them when nobody came."""

    state: State
    rows: Markup = field(repr=False)
    more: str = ""
    card: Card | None = None
    offer: Offer | None = None
    note: NoteCard | None = None
    pinned: str = ""
    over: bool = False
    stopped: bool = False
    announce: str = field(default="", repr=False)
    scanned: tuple[str, str] | None = None  # item and words; the item is empty for what is no product of ours


class Renderer:
    """Gathers and renders the fragment, in the event loop: after a tap no read, and what is new of the rows."""

    def __init__(self, house: House, sheets: Sheets) -> None:
        self._house = house
        self._sheets = sheets
        self._rows = Rows(house, sheets)
        self._here = here(house)
        house.counter.ahead.follow(self._here, most=MOST_ROWS, counted=MOST_COUNTED + 1)

    def __call__(
        self, role: Role, language: Language, pinned: bytes | None, now_ms: int, me: bytes = b""
    ) -> tuple[str, int, bytes | None]:
        """The fragment, until when it is true, and whose card is on it."""
        house, words = self._house, self._sheets.words[language]
        conn, recipient = house.db.reader, house.config.shop.recipient
        # What the tap itself read, or what is read now.
        seen = house.counter.ahead.seen(now_ms)
        arrivals, count = (
            (seen.arrivals, seen.here)
            if seen is not None
            else who_is_here(
                conn, recipient=recipient, now_ms=now_ms, most=MOST_ROWS, counted=MOST_COUNTED + 1
            )
        )
        notes = house.counter.notes.now()
        shown = _followed(arrivals, notes)
        if pinned is not None:
            shown = arrival(conn, pinned, recipient=recipient, now_ms=now_ms)
        busy = shop.busy(conn) if seen is None else seen.busy
        card, until_ms = None, FOREVER_MS
        if shown:
            ready = seen.profiles.get(role) if seen and seen.customer_id == shown.customer_id else None
            found = ready or self._profile(shown, role, now_ms=now_ms)
            if "name" in found.values:
                house.names.keep(shown.customer_id, found.values["name"])
            until_ms = found.until_ms
            placed = shown._replace(reader=heard_at(house, shown, words.language))
            card = glance(placed, found, words, now_ms=now_ms, busy=busy, me=me)
        quiet = busy or shown is None or shown.alone
        advice = house.advisor.advice(shown.visit_id) if shown and not quiet else None
        note = notes[0] if notes and shown is None and pinned is None else None
        current = shown.visit_id.hex() if shown else note_key(note) if note else ""
        rows = self._rows.make(arrivals, notes, words, current=current, now_ms=now_ms)
        it = Visits(
            state=state(house.health, words, now_ms=now_ms, busy=busy),
            rows=Markup("".join(line for _, line in rows)),
            more=_more(count, len(arrivals), words),
            card=card,
            offer=_offer(card, advice, conn, words) if card and advice else None,
            note=_note_card(note, words, counted=self._counted(words, now_ms), apart=may_pass(house.health))
            if note
            else None,
            pinned=pinned.hex() if pinned is not None else "",
            over=pinned is not None and shown is None,
            stopped=pinned is not None
            and shown is None
            and tables.stopped(conn, pinned, recipient=recipient),
            announce=_announce(rows, words),
            scanned=_scanned(house, words),
        )
        ends = [until_ms, *(each.until_ms for each in arrivals), *(each.at_ms + NOTE_MS for each in notes)]
        ends += [scan.at_ms + NOTE_MS] if (scan := house.counter.notes.scanned()) else []
        ends += [turns_ms(row.at_ms, now_ms=now_ms) for row, _ in rows]
        if advice is not None:
            ends.append(advice.until_ms)
        if shown is not None:
            ends += [shown.until_ms, now_ms + MINUTE_MS - now_ms % MINUTE_MS]
        fragment = self._sheets.render("visits.html", it, language)
        return fragment, min(ends), shown.visit_id if shown else None

    def _counted(self, words: Words, now_ms: int) -> str:
        return joined_words(self._house.db.reader, words, now_ms=now_ms)

    def _profile(self, arrival: Arrival, role: Role, *, now_ms: int) -> Profile:
        house = self._house
        try:
            return profile_here(
                house.db.reader, arrival.customer_id, role=role, here=self._here, now_ms=now_ms
            )
        except Corrupt as error:
            house.log("card_unreadable", code=error.code, hint=error.hint)
            return Profile(values={}, as_of_ms={}, until_ms=FOREVER_MS)


def _offer(card: Card, advice: Advice, conn: Connection, words: Words) -> Offer | None:
    """The line of advice on a card; where it would be more than a glance it stands on its own page alone."""
    offer = on_card(advice, conn, words)
    return offer if offer and takes(card, offer.sentence, words.say("advice.more")) else None


def joined_words(conn: Connection, words: Words, *, now_ms: int) -> str:
    """How many of those who were asked became known today; nothing before the first was asked."""
    joined, invited = joined_today(conn, words.local(now_ms).date().isoformat())
    return words.count("joined.today", joined, invited=invited) if invited else ""


def _more(here: int, listed: int, words: Words) -> str:
    """How many are here beside those in the list, in words; nothing when that is all."""
    if listed < MOST_ROWS:
        return ""
    others = here - listed
    if others > MOST_COUNTED - listed:
        return words.say("list.over")  # counted no further, so there is no number to say
    return words.count("list.more", others) if others > 0 else ""


def _followed(arrivals: Sequence[Arrival], notes: Sequence[Note]) -> Arrival | None:
    """Whose card the counter is about: whoever last presented themselves, unless a note is newer.

    Who was only heard by radio stands in the list, and their card stays closed until somebody touches it.
    """
    last = next((each for each in arrivals if each.how != "near"), None)
    return None if last is None or (notes and notes[0].at_ms > last.seen_ms) else last


def _note_card(note: Note, words: Words, *, counted: str, apart: bool) -> NoteCard:
    lead, large, *sentence = NOTES[note.kind]
    return NoteCard(
        kind=note.kind,
        lead=words.say(lead),
        large=words.say(large),
        sentence=words.say(sentence[0]) if sentence else "",
        key=note.key if note.card else "",
        counted=counted if note.card else "",
        saving=note.key if note.customer_id else "",
        guest=note.key if note.card and apart else "",
    )


def _scanned(house: House, words: Words) -> tuple[str, str] | None:
    scan = house.counter.notes.scanned()
    if scan is None:
        return None
    product = catalogue.product(house.db.reader, scan.item) if scan.item else None
    if product is None:
        return "", words.say("products.scan_unknown", code=scan.code)
    return product.item, words.say("products.scanned", title=product.title)


def _announce(rows: Sequence[Made], words: Words) -> str:
    return words.say("list.announce", name=rows[0][0].name, words=rows[0][0].words) if rows else ""
