"""A year of invented purchases: walkers, campers and cyclists who come back for what runs out."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from edge.demo.goods import BY_CODE, KINDS, Kind, models

DAY_MS: Final = 24 * 3_600_000
YEAR_DAYS: Final = 365
_LASTING: Final = tuple(kind for kind in KINDS if kind.durable)
_RUNS_OUT: Final = tuple(kind for kind in KINDS if not kind.durable)


def year(dice: random.Random, *, now_ms: int) -> list[dict[str, Any]]:
    """One customer's baskets, oldest first: `at_ms` and the ids of what was in them."""
    # What someone comes back for, always the same one: the rhythm that advice may speak of.
    staples = [_model(dice, kind) for kind in dice.sample(_RUNS_OUT, dice.randint(1, 2))]
    every_days = dice.randint(18, 75)
    owned: set[str] = set()
    baskets = []
    day = YEAR_DAYS - dice.randint(0, every_days)
    while day > 1:
        at_ms = now_ms - day * DAY_MS - dice.randint(0, 6 * 3_600_000)
        month = datetime.fromtimestamp(at_ms / 1000, UTC).month
        items = [item for item in staples if dice.random() < 0.75]
        if dice.random() < 0.5:
            items += _bought(dice, month, owned)
        if items:
            baskets.append({"at_ms": at_ms, "items": list(dict.fromkeys(items))})
        day -= max(3, round(dice.gauss(every_days, every_days / 6)))
    return baskets


def _bought(dice: random.Random, month: int, owned: set[str]) -> list[str]:
    """Something that lasts, in its season and once, and what belongs with it."""
    kinds = [
        kind for kind in _LASTING if kind.code not in owned and (not kind.season or month in kind.season)
    ]
    if not kinds:
        return []
    kind = dice.choice(kinds)
    owned.add(kind.code)
    item = _model(dice, kind)
    number = int(item[-3:])
    along = [BY_CODE[code] for code in kind.with_it if dice.random() < 0.6 and code not in owned]
    owned.update(each.code for each in along if each.durable)
    return [item, *(f"{each.code}-{min(number, models(each)):03d}" for each in along)]


def _model(dice: random.Random, kind: Kind) -> str:
    """A few models sell most, as on every shelf."""
    number = min(int(dice.paretovariate(1.1)), models(kind))
    return f"{kind.code}-{number:03d}"


def talked_of(baskets: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The last purchase that is worth a question: something that lasts."""
    for basket in reversed(baskets):
        for item in basket["items"]:
            kind = BY_CODE[item[:-4]]
            if kind.durable:
                return {"what": kind.the, "at_ms": basket["at_ms"]}
    return None
