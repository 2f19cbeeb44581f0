"""The list and the card, in every state."""

from dataclasses import replace
from typing import Any, Final

from markupsafe import Markup

from edge.advice.reasons import DueAgain, Suggestion
from edge.notes import NoteKind
from edge.recognition.profile import Profile
from edge.visits.here import Arrival
from staff_ui.assets import read_assets
from staff_ui.pages.card import Card, glance
from staff_ui.pages.offers import Offer, short
from staff_ui.pages.rows import CURRENT, Row
from staff_ui.pages.rows import NOTES as LINES
from staff_ui.pages.state import State
from staff_ui.pages.visits import NOTES, NoteCard, Visits
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import Words

TEMPLATE: Final = "visits.html"
NOW_MS: Final = 1_795_340_460_000  # 22 November 2026, 10:41 in Amsterdam
DAY_MS: Final = 24 * 3_600_000
ANNA: Final = b"anna" * 4


def profile(**more: Any) -> Profile:
    """Somebody invented, with everything that a card can show."""
    values: dict[str, Any] = {
        "name": {
            "call": "mevrouw De Vries",
            "short": "Mevrouw De Vries",
            "initials": "MV",
            "full": "Meike de Vries",
        },
        "since": {"year": 2019},
        "points": {"balance": 400},
        "stamps": {"have": 7, "of": 8, "reward": "gratis impregneren"},
        "last": {"what": "de wandelschoenen", "at_ms": NOW_MS - 36 * DAY_MS},
    }
    values |= more
    held = {name: value for name, value in values.items() if value is not None}
    return Profile(values=held, as_of_ms=dict.fromkeys(held, NOW_MS - 60_000), until_ms=2**62)


def arrival(**more: Any) -> Arrival:
    plain = Arrival(b"v" * 16, b"c" * 16, "balie", "tap", "strong", NOW_MS, NOW_MS, 2**62)
    return plain._replace(**more)


READY: Final = {"orders": [{"number": "20418", "place": "B3", "ready_ms": NOW_MS - DAY_MS}]}
LONG: Final = {
    "call": "mevrouw Van der Linden-Özdemir",
    "short": "Mevrouw Van der Linden-Özdemir",
    "initials": "LÖ",
    "say": "van der LIN-den EUZ-de-mier",
}


def cards(words: Words) -> dict[str, Card]:
    """The card in every state of a visit and of a person."""

    def card(found: Profile, visit: Arrival, **more: Any) -> Card:
        return glance(visit, found, words, now_ms=NOW_MS, **more)

    helped = arrival(helper=b"bram" * 4, helper_name="Bram")
    return {
        "card": card(profile(pickup=READY), arrival()),
        "card-plain": card(profile(), arrival()),
        "card-offer": card(profile(since=None, last=None), arrival()),
        "card-birthday": card(profile(birthday={"month": 11, "day": 24}, last=None), arrival()),
        "card-long-name": card(profile(name=LONG, pickup=READY), arrival()),
        "card-nameless": card(profile(name=None, since=None, last=None), arrival()),
        "card-theirs": card(profile(), helped),
        "card-mine": card(profile(), arrival(helper=ANNA, helper_name="Anna"), me=ANNA),
        "card-alone": card(profile(), arrival(alone=True)),
        "card-busy": card(profile(pickup=READY), arrival(), busy=True),
        "card-judged": card(profile(), arrival(tipped=True)),
    }


def rows(words: Words, *, current: str, note: NoteKind | None = None) -> Markup:
    """Some lines of the list, as the page itself renders them."""
    say = words.say
    people = [
        ("v" * 32, "MV", "Mevrouw De Vries", 0, say("row.tap", reader="balie"), False),
        ("j" * 32, "JB", "Joost", 4, say("row.scan", reader="deur"), False),
        ("a" * 32, "SA", "Meneer Aydın", 9, say("row.helped", reader="deur", name="Bram"), True),
        ("l" * 32, "LÖ", "Mevrouw Van der Linden-Özdemir", 12, say("row.alone", reader="balie"), False),
    ]
    made = [
        Row(
            key=key,
            visit=key,
            initials=initials,
            name=name,
            ago=words.minutes(minutes * 60_000),
            at="2026-11-22T09:41:00Z",
            words=why,
            fresh=minutes == 0,
            at_ms=NOW_MS - minutes * 60_000,
            taken=taken,
        )
        for key, initials, name, minutes, why, taken in people
    ]
    if note:
        title, row = (say(each, reader="balie") for each in LINES[note])
        mark = "?" if note == "stranger" else "–"
        made.insert(
            0, Row("note", "", mark, title, words.minutes(0), "2026-11-22T09:41:00Z", row, True, NOW_MS)
        )
    sheets = Sheets(read_assets(), timezone="Europe/Amsterdam")
    lines = [(each, sheets.render("row.html", each, words.language)) for each in made]
    return Markup(
        "".join(line if each.key == current else line.replace(CURRENT, "", 1) for each, line in lines)
    )


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    well = State("well", say("state.well"))
    out = State("waiting", say("state.offline", since="10:42") + " " + words.count("state.works_waiting", 7))
    shown = cards(words)
    listed = rows(words, current="v" * 32)
    plain = Visits(state=well, rows=listed)
    found = {name: replace(plain, card=card) for name, card in shown.items()}
    gas = Suggestion("cook-gas-230", "Gasblik 230 g", DueAgain(42, 40, 5))
    found["card-offer"] = replace(found["card-offer"], offer=Offer(gas.item, short(gas, {}, words)))
    found["card-busy"] = replace(found["card-busy"], state=State("waiting", say("state.busy")))
    found["card-mine"] = replace(found["card-mine"], pinned="v" * 32)
    found["card-theirs"] = replace(found["card-theirs"], pinned="v" * 32)
    found["pinned"] = replace(plain, card=shown["card-plain"], pinned="v" * 32)
    found["offline"] = replace(plain, card=shown["card"], state=out, more=words.count("list.more", 7))
    found["empty"] = replace(plain, rows=Markup(""))
    found["over"] = replace(plain, over=True, pinned="v" * 32)
    found["stopped"] = replace(plain, stopped=True, pinned="v" * 32)
    for kind, (lead, large, *sentence) in NOTES.items():
        saving = "withheld-0" if kind == "withheld" else ""
        note = NoteCard(kind, say(lead), say(large), say(sentence[0]) if sentence else "", saving=saving)
        if kind == "stranger":
            apart = replace(note, key="stranger-0", guest="stranger-0")
            found["note-guest"] = replace(
                plain, note=apart, state=out, rows=rows(words, current="note", note=kind)
            )
        found[f"note-{kind}"] = replace(plain, note=note, rows=rows(words, current="note", note=kind))
    return found
