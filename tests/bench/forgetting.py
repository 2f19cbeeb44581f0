"""Forgetting at full size: random histories in three shops, searched byte by byte."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.sync.forgetting import story

STORIES: Final = 40
PEOPLE: Final = 6
ERASED: Final = 3


def forgotten() -> tuple[bool, dict[str, Any]]:
    """`STORIES` stories of `PEOPLE` customers, of whom `ERASED` are forgotten."""
    figures = {
        "stories": STORIES,
        "people": 0,
        "needles": 0,
        "there_before": 0,
        "files": 0,
        "bytes": 0,
        "lines": 0,
    }
    wrong: list[str] = []
    for seed in range(STORIES):
        with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
            found = asyncio.run(
                story(Path(folder), seed=seed, people_count=PEOPLE, erased=ERASED, visits_each=1 + seed % 3)
            )
        wrong += [f"seed {seed}: {each}" for each in found.wrong]
        figures["people"] += found.people
        figures["needles"] += found.needles
        figures["there_before"] += found.there
        figures["files"] += found.files
        figures["bytes"] += found.bytes
        figures["lines"] += found.lines
    return not wrong and figures["there_before"] > 0, {**figures, "found_after": wrong[:5]}
