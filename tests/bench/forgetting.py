"""Forgetting at full size: random histories in three shops, searched byte by byte."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.stories.forgotten import processes
from tests.sync.anonymity import attacks, leaky, ours, strongest
from tests.sync.forgetting import story

STORIES: Final = 40
PEOPLE: Final = 6
ERASED: Final = 3
WORLDS: Final = 4_000


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
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
        running = processes(Path(folder))
    wrong += [f"processes: {each}" for each in running]
    return not wrong and figures["there_before"] > 0, {**figures, "found_after": wrong[:5]}


def anonymous() -> tuple[bool, dict[str, Any]]:
    """Attackers of the anonymous reports on `WORLDS` worlds; advantage 0: chance, 1: certainty."""
    chance = 3.3 / WORLDS**0.5
    figures: dict[str, Any] = {"worlds": WORLDS, "limit_advantage": round(chance, 3)}
    held = True
    for each in attacks(ours, kept=True, worlds=WORLDS, seed=11):
        figures[each.name] = round(each.advantage, 3)
        held = held and each.advantage <= chance
    planted = attacks(leaky, kept=False, worlds=WORLDS, seed=11)
    figures["planted_leak"] = {each.name: round(each.advantage, 3) for each in planted}
    # Nobody knows all others; how much one person moves what is said to somebody who did.
    figures["who_knows_all_others"] = round(strongest(ours, worlds=WORLDS // 10, seed=12).advantage, 3)
    return held and max(each.advantage for each in planted) > 0.5, figures
