"""The lines of the arrivals list: who is here, and notes about nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.house import House
from edge.kit.clock import rfc3339
from edge.notes import Note, NoteKind
from edge.visits.here import Arrival
from staff_ui.pages.values import initials, text
from staff_ui.sheets import Sheets
from staff_ui.words import MINUTE_MS, Words, key

HOW: Final[dict[str, str]] = {
    "tap": key("row.tap"),
    "scan": key("row.scan"),
    "near": key("row.near"),
    "typed": key("row.typed"),
    "joined": key("row.joined"),
}
# Kind of note -> name and words of its row.
NOTES: Final[dict[NoteKind, tuple[str, str]]] = {
    "stranger": (key("note.stranger.title"), key("note.stranger.row")),
    "withheld": (key("note.withheld.title"), key("note.withheld.row")),
    "blocked": (key("note.blocked.title"), key("note.blocked.row")),
    "locked": (key("note.locked.title"), key("note.locked.row")),
    "no_pass": (key("note.no_pass.title"), key("note.no_pass.row")),
    "choose_pass": (key("note.choose_pass.title"), key("note.choose_pass.row")),
    "unknown_merchant": (key("note.unknown_merchant.title"), key("note.unknown_merchant.row")),
    "forged": (key("note.forged.title"), key("note.forged.row")),
    "replayed": (key("note.replayed.title"), key("note.replayed.row")),
    "expired": (key("note.expired.title"), key("note.expired.row")),
    "unreadable": (key("note.unreadable.title"), key("note.unreadable.row")),
    "refused": (key("note.refused.title"), key("note.refused.row")),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: somebody who is here (`visit`), or a note about nobody."""

    key: str
    visit: str
    initials: str = field(repr=False)
    name: str = field(repr=False)
    ago: str
    at: str
    words: str
    fresh: bool
    at_ms: int
    taken: bool = False


Made = tuple[Row, str]
# Every row is rendered as the current one and kept so; of the others this is taken out again, because after a tap
# only that differs. It stands before all content, where an autoescaped name cannot be.
CURRENT: Final = ' aria-current="true"'


class Rows:
    """Makes rows, and keeps those of the last rendering: after a tap most of them say the same.

    Nobody's name stays here longer than on a screen, and who may be in the list is asked anew each time.
    """

    def __init__(self, house: House, sheets: Sheets) -> None:
        self._house = house
        self._sheets = sheets
        self._kept: dict[object, Made] = {}

    def make(
        self,
        arrivals: Sequence[Arrival],
        notes: Sequence[Note],
        words: Words,
        *,
        current: str,
        now_ms: int,
    ) -> list[Made]:
        """All rows, newest first; `current` is the key of the row that the page is about."""
        made: dict[object, Made] = {}
        kept, names = self._kept, self._house.names.version
        for each in arrivals:
            minutes = (now_ms - each.seen_ms) // MINUTE_MS
            same: object = (
                each.visit_id,
                each.seen_ms,
                each.reader,
                each.how,
                each.helper,
                each.alone,
                names,
                minutes,
                words.language,
            )
            made[same] = kept.get(same) or self._line(self._person(each, words, now_ms=now_ms), words)
        for note in notes:
            same = (note, (now_ms - note.at_ms) // MINUTE_MS, words.language)
            made[same] = kept.get(same) or self._line(_note(note, words, now_ms=now_ms), words)
        self._kept = made
        return [
            (row, line if row.key == current else line.replace(CURRENT, "", 1))
            for row, line in sorted(made.values(), key=_age)
        ]

    def _line(self, row: Row, words: Words) -> Made:
        return row, self._sheets.render("row.html", row, words.language)

    def _person(self, arrival: Arrival, words: Words, *, now_ms: int) -> Row:
        house, visit = self._house, arrival.visit_id.hex()
        name = house.names.of(house.db.reader, arrival.customer_id, now_ms=now_ms)
        return Row(
            key=visit,
            visit=visit,
            initials=initials(name) or "·",
            name=text(name, "short") or text(name, "call") or words.say("row.nameless"),
            ago=words.minutes(now_ms - arrival.seen_ms),
            at=rfc3339(arrival.seen_ms),
            words=_why(arrival, words, heard_at(house, arrival, words.language)),
            fresh=now_ms - arrival.seen_ms < MINUTE_MS and arrival.helper is None,
            at_ms=arrival.seen_ms,
            taken=arrival.helper is not None,
        )


def heard_at(house: House, arrival: Arrival, language: str) -> str:
    """The reader; of somebody who was only heard the zone: nobody at the counter knows scanners by their ids."""
    if arrival.how == "near" and house.radio is not None:
        return house.radio.place(arrival.reader, language)
    return arrival.reader


def _why(arrival: Arrival, words: Words, at: str) -> str:
    """Where, and what a colleague most needs to know before walking up."""
    if arrival.helper is not None:
        return words.say("row.helped", reader=at, name=arrival.helper_name)
    if arrival.alone:
        return words.say("row.alone", reader=at)
    return words.say(HOW.get(arrival.how, "row.tap"), reader=at)


def _note(note: Note, words: Words, *, now_ms: int) -> Row:
    title, row = NOTES[note.kind]
    return Row(
        key=note_key(note),
        visit="",
        initials="?" if note.kind == "stranger" else "–",
        name=words.say(title),
        ago=words.minutes(now_ms - note.at_ms),
        at=rfc3339(note.at_ms),
        words=words.say(row, reader=note.reader),
        fresh=True,
        at_ms=note.at_ms,
    )


def note_key(note: Note) -> str:
    return note.key


def _age(made: Made) -> int:
    return -made[0].at_ms
