"""Klantmodus, each step of it, with sample data."""

from dataclasses import replace
from typing import Any

from edge.joining.rules import Wish, kept
from edge.newcomers import Offer
from edge.recognition.rules import Hashes
from staff_ui.handed import Hands
from staff_ui.pages.join import Join, page
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "join.html"
NOW_MS = 1_795_340_460_000  # 2026-11-22 10:41 in Amsterdam
DAY_ENDS_MS = NOW_MS + 13 * 3_600_000


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    around = replace(frame, staff="", initials="")
    benefit = {"nl": "Vandaag: eerste stempel cadeau", "en": "Today: your first stamp is on us"}
    plain = Hands(
        staff=frame.staff,
        staff_id=bytes(16),
        language=words.language,
        offer=Offer(Hashes(bytes(32), bytes(32)), "counter-1"),
        touched_ms=NOW_MS,
    )
    full = Wish("mevrouw De Vries", ("recognition", "profiling"))
    states = {
        "ask": plain,
        "ask_without_card": replace(plain, offer=Offer()),
        "wrong_name": replace(plain, wish=Wish("06 12345678", ("recognition",)), wrong="name"),
        "wrong_nothing": replace(plain, offer=Offer(), wrong="nothing"),
        "check": replace(plain, wish=full, step="check"),
        "check_only_saving": replace(plain, step="check"),
        "kept": replace(plain, wish=full, step="kept"),
        "kept_only_saving": replace(plain, step="kept"),
        "nothing": replace(plain, step="nothing"),
        "taken": replace(plain, step="nothing", wrong="taken"),
    }
    return {name: _page(around, hands, words, benefit[words.language]) for name, hands in states.items()}


def _page(frame: Frame, hands: Hands, words: Words, benefit: str) -> Join:
    keep = kept(hands.wish, card=hands.offer.card is not None, now_ms=NOW_MS, day_ends_ms=DAY_ENDS_MS)
    return page(frame, hands, keep, words, benefit=benefit, now_ms=NOW_MS)
