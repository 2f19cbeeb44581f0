"""The fairness gate on Complete Journey: the ranking holds for every declared group, planted models do not."""

import tempfile
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from edge.advice import lines
from edge.bench.fairness import learner, report, survey
from tests.advice import planted
from tests.bench.ranking import DATA, NAME, catalogue

GROUPS: Final = ("age", "income", "household_size", "kids_count")
BY, VICTIMS = "age", "35-44"


def gate() -> tuple[bool, dict[str, Any]]:
    """Every report of the ranking and, of three models that are unfair to VICTIMS, what was found."""
    if not DATA.is_dir():
        return False, {"failed": f"cannot: no {DATA.name} data beside the project"}
    known = list(lines.histories(DATA / f"{NAME}.jsonl.gz"))
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
        products = lines.products(catalogue(Path(folder) / "items.jsonl"))
    honest = planted.once(learner(products, seed=0))
    asked = survey(known, honest)
    found = {by: report(asked, by) for by in GROUPS}
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
    holds = all(each["holds"] for each in found.values())
    return holds and not any(each["holds"] for each in caught.values()), {"reports": found, "planted": caught}
