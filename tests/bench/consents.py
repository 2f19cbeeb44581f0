"""The consent matrix at full size: every field, purpose and state, every page and API, both roles and languages."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.consent import box as boxes
from tests.consent import centre as centres
from tests.consent import pages
from tests.consent.pages import Wrong
from tests.consent.test_matrix import LEAKS, SAVED, without
from tests.consent.vectors import FIELDS, PHASES, Vector, all_given, nothing, pairs, singles, some

AT_ONCE: Final = 90  # customers in one shop
RANDOM: Final = 300


def matrix() -> tuple[bool, dict[str, Any]]:
    vectors = [*singles(), *pairs(always=("recognition",)), *pairs(), *some(RANDOM, seed=int(time.time()))]
    wrong, seen = asyncio.run(_all(vectors))
    missed = [what for what in LEAKS if not asyncio.run(_finds(what))]
    figures = {
        "states_of_a_customer": len(vectors),
        "cells_on_tablets": seen["tablet"],
        "cells_at_the_hub": seen["hub"],
        "pages": seen["pages"],
        "shown_without_a_basis": sum(each.what == "shown without a basis" for each in wrong),
        "missing": sum(each.what == "missing" for each in wrong),
        "wrong": [f"{each.page} {each.field} {each.phase} {each.what}" for each in wrong[:5]],
        "planted_leaks": len(LEAKS),
        "planted_leaks_not_found": missed,
    }
    return not wrong and not missed, figures


async def _all(vectors: Sequence[Vector]) -> tuple[list[Wrong], Counter[str]]:
    wrong: list[Wrong] = []
    seen: Counter[str] = Counter()
    for first in range(0, len(vectors), AT_ONCE):
        some_ = [all_given(), *vectors[first : first + AT_ONCE], nothing()]
        with tempfile.TemporaryDirectory(prefix="welkom-prove-") as name:
            wrong += await _tablets(Path(name), some_, seen)
            wrong += await _hub(Path(name), some_, seen)
    return wrong, seen


async def _tablets(state: Path, vectors: Sequence[Vector], seen: Counter[str]) -> list[Wrong]:
    wrong: list[Wrong] = []
    async with boxes.open_box(state, vectors) as box:
        tablets = {who: await box.browser(who) for who in boxes.STAFF}
        usual = {
            who: pages.usual_of(await pages.look(box, tablet, box.people[:1]), 0)
            for who, tablet in tablets.items()
        }
        await boxes.take_away(box)
        for phase in PHASES:
            await boxes.turn(box, phase)
            for number, (who, tablet) in enumerate(tablets.items()):
                for person in box.people:
                    await boxes.warm(box, person, fob=False)
                found = await pages.look(box, tablet, box.people)
                wrong += pages.judged(box, found, usual[who], phase, box.people)
                found = await pages.taps(box, tablet, box.people, reader=f"counter-{phase}-{number}")
                wrong += pages.judged(box, found, {"/saving/{note}": SAVED}, phase, box.people)
                seen["tablet"] += len(usual[who]) * len(FIELDS) * len(vectors)
        seen["pages"] = max(seen["pages"], len(usual["Anna Kok"]) + len(pages.of_the_shop()))
    return wrong


async def _hub(state: Path, vectors: Sequence[Vector], seen: Counter[str]) -> list[Wrong]:
    wrong: list[Wrong] = []
    async with centres.open_centre(state, vectors) as centre:
        usual = {page: fields for (page, n), fields in (await centres.look(centre)).items() if n == 0}
        await centres.take_away(centre)
        for phase in PHASES[:2]:  # a lease is of a box
            await centres.turn(centre, phase)
            wrong += centres.judged(centre, await centres.look(centre), usual, phase)
            seen["hub"] += len(usual) * len(FIELDS) * len(vectors)
        own = await centres.own_pages(centre, range(len(vectors)))
        wrong += [
            Wrong(page, "now", n, "", "shown to somebody else", {})
            for page, n in own
            if page != f"/portal of {n}"
        ]
    return wrong


async def _finds(what: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as name, without(*LEAKS[what]):
        async with boxes.open_box(Path(name), singles()) as box:
            tablet = await box.browser("Anna Kok")
            await boxes.take_away(box)
            for person in box.people:
                await boxes.warm(box, person, fob=False)
            found = await pages.look(box, tablet, box.people)
            return bool(pages.judged(box, found, {}, "now", box.people))
