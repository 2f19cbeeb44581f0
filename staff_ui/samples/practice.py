"""A tablet that practises: as it begins, a card of somebody whom a colleague helps, and one that was stopped."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.assets import read_assets
from staff_ui.pages.practice import floor
from staff_ui.practice import PEOPLE, Practice, done
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import Words

TEMPLATE: Final = "practice.html"
NOW_MS: Final = 1_795_340_460_000  # 22 November 2026, 10:41 in Amsterdam
ANNA: Final = b"anna" * 4


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    around = replace(frame, practising=True)
    sheets = Sheets(read_assets(), timezone="Europe/Amsterdam")
    first, _, helped, long = PEOPLE
    mine = done(Practice(), long, "help")

    def page(held: Practice, *at: Any, stopped: bool = False) -> Any:
        current = at[0] if at else None
        return floor(sheets, around, held, current, words, me=ANNA, now_ms=NOW_MS, stopped=stopped)

    return {
        "begins": page(Practice(), first),
        "theirs": page(Practice(), helped),
        "mine": page(mine, long),
        "stopped": page(done(Practice(), first, "stop"), stopped=True),
    }
