"""The fairness gate on Complete Journey: the ranking holds for every declared group, planted models do not."""

import tempfile
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from edge.advice import lines
from edge.bench.expected import MOST_TRIED
from edge.bench.fairness import MOST_NEXT, learner, report, sayable, survey
from tests.advice import planted
from tests.advice.households import rates
from tests.bench.ranking import DATA, NAME, catalogue

GROUPS: Final = ("age", "income", "household_size", "kids_count")
BY, VICTIMS = "age", "35-44"
# Of invented households: a fair model may be called unfair so seldom, one that loses a fifth must be found so often.
DRAWS, CALLED, FOUND = 60, 0.05, 0.9


def gate() -> tuple[bool, dict[str, Any]]:
    """Every report of the ranking; what was found of models unfair to VICTIMS, and of invented households."""
    if not DATA.is_dir():
        return False, {"failed": f"cannot: no {DATA.name} data beside the project"}
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
        products = lines.products(catalogue(Path(folder) / "items.jsonl"))
    known = sayable(lines.histories(DATA / f"{NAME}.jsonl.gz"), products)
    honest = planted.once(learner(products, seed=0))
    asked = survey(known, honest)
    found = {by: report(asked, by, among=len(GROUPS)) for by in GROUPS}
    victims = frozenset(each.customer for each in known if each.group.get(BY) == VICTIMS)
    # The set has no prices, so these are invented: 1 to 11, by checksum.
    worth = {
        each: 1.0 + crc32(each.encode()) % 1_000 / 100
        for row in known
        for v in row.visits
        for each in v.items
    }
    models = {
        "less_apt": planted.less_apt(honest, victims),
        "dearer": planted.dearer(honest, victims, worth),
        "reading": planted.reading(honest, BY, VICTIMS),
    }
    caught = {}
    for name, make in models.items():
        one = report(survey(known, make, by=BY, prices=worth), BY)
        caught[name] = {"holds": one["holds"], "changed": one["flipped"]["changed"], **one["groups"][VICTIMS]}
    invented = rates(range(DRAWS), asked=MOST_NEXT, tried=MOST_TRIED, history=True)
    holds = (
        all(each["holds"] for each in found.values())
        and not any(each["holds"] for each in caught.values())
        and invented["fair_called_unfair"] <= CALLED
        and invented["unfair_found"] >= FOUND
    )
    return holds, {"reports": found, "planted": caught, "invented": invented}
