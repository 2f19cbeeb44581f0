"""Winkel: all well, and everything waiting."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from edge.health import Health
from edge.shop.tables import Today
from edge.watch import ReaderState
from staff_ui.pages.store import GIB, Store, figures, sentences
from staff_ui.samples.visits import NOW_MS
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "store.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    here = replace(frame, here="store")
    since = datetime.fromtimestamp(NOW_MS / 1000 - 3600, UTC)
    well = Health(online=True, online_since_ms=NOW_MS - 3_600_000, search_ready=True)
    well.readers = {name: ReaderState(up=True, since=since) for name in ("balie", "deur")}
    out = Health(online=False, online_since_ms=NOW_MS - 60_000, depth=lambda: 7)
    out.readers = {"balie": ReaderState(up=False, since=since, code="gone"), "deur": ReaderState(up=True)}
    page = Store(
        frame=here,
        health=sentences(well, words, free=48 * GIB, now_ms=NOW_MS),
        today=figures(Today(visits=41, helped=28, alone=2, stopped=1, good=9, bad=3), words),
        busy=False,
        typed="",
    )
    return {
        "well": page,
        "waiting": replace(page, health=sentences(out, words, free=GIB, now_ms=NOW_MS), busy=True),
        "thanks": replace(page, thanks=True),
    }
