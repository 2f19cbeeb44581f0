"""The lines of the arrivals list: who is here, and notes about nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from edge.counter import Note, NoteKind
from edge.house import House
from edge.kit.clock import rfc3339
from edge.kit.errors import Corrupt
from edge.recognition import profile
from edge.visits.tables import Arrival
from staff_ui.pages.card import text
from staff_ui.sheets import Sheets
from staff_ui.words import MINUTE_MS, Words, key

HOW: Final[dict[str, str]] = {
    "tap": key("row.tap"),
    "scan": key("row.scan"),
    "near": key("row.near"),
    "typed": key("row.typed"),
}
# Kind of note -> name and words of its row.
NOTES: Final[dict[NoteKind, tuple[str, str]]] = {
    "stranger": (key("note.stranger.title"), key("note.stranger.row")),
    "withheld": (key("note.withheld.title"), key("note.withheld.row")),
    "blocked": (key("note.blocked.title"), key("note.blocked.row")),
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
    current: bool
    fresh: bool
    at_ms: int


Made = tuple[Row, Markup]


class Rows:
    """Makes rows, and keeps those of the last rendering: after a tap most of a dozen say the same.

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
        current: object,
        now_ms: int,
    ) -> list[Made]:
        """All rows, newest first; `current` is the visit id or the note that the page is about."""
        made: dict[object, Made] = {}
        for each in arrivals:
            minutes = (now_ms - each.seen_ms) // MINUTE_MS
            is_current = each.visit_id == current
            says = (each.visit_id, each.seen_ms, each.reader, each.how, each.sealed_name)
            same: object = (*says, minutes, is_current, words.language)
            made[same] = self._kept.get(same) or self._line(
                self._person(each, words, current=is_current, now_ms=now_ms), words
            )
        for note in notes:
            same = (note, (now_ms - note.at_ms) // MINUTE_MS, note is current, words.language)
            made[same] = self._kept.get(same) or self._line(
                _note(note, words, current=note is current, now_ms=now_ms), words
            )
        self._kept = made
        return sorted(made.values(), key=_age)

    def _line(self, row: Row, words: Words) -> Made:
        # Rendered by us and autoescaped.
        return row, Markup(self._sheets.render("row.html", row, words.language))

    def _person(self, arrival: Arrival, words: Words, *, current: bool, now_ms: int) -> Row:
        name, visit = self._name(arrival), arrival.visit_id.hex()
        return Row(
            key=visit,
            visit=visit,
            initials=text(name, "initials") or "·",
            name=text(name, "short") or text(name, "call") or words.say("row.nameless"),
            ago=words.minutes(now_ms - arrival.seen_ms),
            at=rfc3339(arrival.seen_ms),
            words=words.say(HOW.get(arrival.how, "row.tap"), reader=arrival.reader),
            current=current,
            fresh=now_ms - arrival.seen_ms < MINUTE_MS,
            at_ms=arrival.seen_ms,
        )

    def _name(self, arrival: Arrival) -> Any:
        if arrival.sealed_name is None or arrival.name_ver is None or arrival.wrapped_key is None:
            return None
        try:
            own = profile.unwrap(self._house.keys.kek, arrival.customer_id, arrival.wrapped_key)
            return profile.unseal_trait(
                own, arrival.customer_id, name="name", ver=arrival.name_ver, sealed=arrival.sealed_name
            )
        except Corrupt as error:
            self._house.log("name_unreadable", code=error.code, hint=error.hint)
            return None


def _note(note: Note, words: Words, *, current: bool, now_ms: int) -> Row:
    title, row = NOTES[note.kind]
    return Row(
        key=f"{note.kind}-{note.at_ms}",
        visit="",
        initials="?" if note.kind == "stranger" else "–",
        name=words.say(title),
        ago=words.minutes(now_ms - note.at_ms),
        at=rfc3339(note.at_ms),
        words=words.say(row, reader=note.reader),
        current=current,
        fresh=True,
        at_ms=note.at_ms,
    )


def _age(made: Made) -> int:
    return -made[0].at_ms
