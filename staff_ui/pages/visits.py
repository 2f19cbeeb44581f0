"""The fragment that tablets fetch on every poke: who is here, and the card of whom was last seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from markupsafe import Markup

from edge.config import Language
from edge.consent.rules import Role
from edge.consent.tables import FOREVER_MS
from edge.counter import NOTE_MS, Note, NoteKind
from edge.house import House
from edge.kit.errors import Corrupt
from edge.recognition import profile
from edge.shop import tables as shop
from edge.visits import tables
from edge.visits.tables import Arrival
from staff_ui.pages.card import Card, glance
from staff_ui.pages.rows import Made, Rows, note_key
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
    "unreadable": (key("note.unreadable.lead"), key("note.unreadable.large")),
    "refused": (key("note.refused.lead"), key("note.refused.large")),
}


@dataclass(frozen=True, slots=True)
class NoteCard:
    kind: str
    lead: str
    large: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Visits:
    """What `visits.html` shows; at most one of card, note, `over` is there, none of them when nobody came."""

    state: State
    rows: Markup = field(repr=False)
    more: str
    card: Card | None
    note: NoteCard | None
    pinned: str
    over: bool
    stopped: bool
    announce: str = field(repr=False)


class Renderer:
    """Gathers and renders the fragment, in the event loop: three reads, and what is new of the rows."""

    def __init__(self, house: House, sheets: Sheets) -> None:
        self._house = house
        self._sheets = sheets
        self._rows = Rows(house, sheets)

    def __call__(
        self, role: Role, language: Language, pinned: bytes | None, now_ms: int, me: bytes = b""
    ) -> tuple[str, int, bytes | None]:
        """The fragment, until when it is true, and whose card is on it."""
        house, words = self._house, self._sheets.words[language]
        conn, recipient = house.db.reader, house.config.shop.recipient
        arrivals = tables.arrivals(conn, recipient=recipient, now_ms=now_ms, most=MOST_ROWS)
        notes = house.counter.notes()
        shown = _followed(arrivals, notes)
        if pinned is not None:
            shown = tables.arrival(conn, pinned, recipient=recipient, now_ms=now_ms)
        busy = shop.busy(conn)
        card, until_ms = None, FOREVER_MS
        if shown:
            card, until_ms = self._card(shown, role, words, now_ms=now_ms, busy=busy, me=me)
        note = notes[0] if notes and shown is None and pinned is None else None
        current = shown.visit_id.hex() if shown else note_key(note) if note else ""
        rows = self._rows.make(arrivals, notes, words, current=current, now_ms=now_ms)
        it = Visits(
            state=state(house.health, words, busy=busy),
            rows=Markup("".join(line for _, line in rows)),
            more=_more(conn, len(arrivals), words),
            card=card,
            note=_note_card(note, words) if note else None,
            pinned=pinned.hex() if pinned is not None else "",
            over=pinned is not None and shown is None,
            stopped=pinned is not None
            and shown is None
            and tables.stopped(conn, pinned, recipient=recipient),
            announce=_announce(rows, words),
        )
        ends = [until_ms, *(each.until_ms for each in arrivals), *(each.at_ms + NOTE_MS for each in notes)]
        ends += [turns_ms(row.at_ms, now_ms=now_ms) for row, _ in rows]
        if shown is not None:
            ends += [shown.until_ms, now_ms + MINUTE_MS - now_ms % MINUTE_MS]
        fragment = self._sheets.render("visits.html", it, language)
        return fragment, min(ends), shown.visit_id if shown else None

    def _card(
        self, arrival: Arrival, role: Role, words: Words, *, now_ms: int, busy: bool, me: bytes
    ) -> tuple[Card, int]:
        house = self._house
        try:
            found = profile.read(
                house.db.reader,
                arrival.customer_id,
                role=role,
                recipient=house.config.shop.recipient,
                now_ms=now_ms,
                kek=house.keys.kek,
            )
        except Corrupt as error:
            house.log("card_unreadable", code=error.code, hint=error.hint)
            found = profile.Profile(values={}, as_of_ms={}, until_ms=FOREVER_MS)
        if "name" in found.values:
            house.names.keep(arrival.customer_id, found.values["name"])
        return glance(arrival, found, words, now_ms=now_ms, busy=busy, me=me), found.until_ms


def _more(conn: Connection, listed: int, words: Words) -> str:
    """How many are here beside those in the list, in words; nothing when that is all."""
    if listed < MOST_ROWS:
        return ""
    others = tables.count_some(conn, MOST_COUNTED + 1) - listed
    if others > MOST_COUNTED - listed:
        return words.say("list.over", count=MOST_COUNTED - listed)
    return words.count("list.more", others) if others > 0 else ""


def _followed(arrivals: Sequence[Arrival], notes: Sequence[Note]) -> Arrival | None:
    """Whose card the counter is about: whoever was last seen, unless a note is newer."""
    if not arrivals or (notes and notes[0].at_ms > arrivals[0].seen_ms):
        return None
    return arrivals[0]


def _note_card(note: Note, words: Words) -> NoteCard:
    lead, large, *sentence = NOTES[note.kind]
    return NoteCard(
        kind=note.kind,
        lead=words.say(lead),
        large=words.say(large),
        sentence=words.say(sentence[0]) if sentence else "",
    )


def _announce(rows: Sequence[Made], words: Words) -> str:
    return words.say("list.announce", name=rows[0][0].name, words=rows[0][0].words) if rows else ""
