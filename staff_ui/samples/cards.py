"""With what somebody is recognised, and one of it lost."""

from dataclasses import replace
from typing import Any

from edge.recognition.tables import Card
from staff_ui.pages.cards import Cards, lines
from staff_ui.samples.visits import NOW_MS
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "cards.html"
HELD = [
    Card(b"\1" * 32, "sun", NOW_MS - 86_400_000, blocked=False),
    Card(b"\2" * 32, "vas", NOW_MS - 40 * 86_400_000, blocked=False),
    Card(b"\3" * 32, "", None, blocked=False),
    Card(b"\4" * 32, "barcode", NOW_MS - 400 * 86_400_000, blocked=True),
]


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    held = lines(HELD, b"", words)
    page = Cards(frame=frame, visit="v" * 32, name="mevrouw De Vries", lines=held)
    return {
        "list": page,
        "blocked": replace(page, said=words.say("cards.blocked_now")),
        "sure": replace(page, step="sure", lines=held[:1]),
        "none": replace(page, lines=()),
    }
