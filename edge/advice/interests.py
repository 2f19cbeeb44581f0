"""What somebody comes back for: kinds of products, from their own purchases, the lately ones more. Pure.

Computed where it is shown and kept nowhere, so it goes with the purchases and with the yes that they rest on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.advice.limits import Wording
from edge.advice.rules import DAY_MS, Basket, Item, barred

MOST: Final = 3
FEWEST: Final = 3  # purchases: one coat is no interest in coats
HALF_DAYS: Final = 90.0  # a purchase of three months ago speaks half as loud
FAINTEST: Final = 1.0  # three purchases of five months ago are an interest of then
VISIT_DAYS: Final = 7.0  # between two purchases of which only the order is known


@dataclass(frozen=True, slots=True)
class Interest:
    """A kind of product with what it rests on: in `times` of `of` purchases, lastly at `last_ms`."""

    tag: str = field(repr=False)
    times: int
    of: int
    last_ms: int | None
    strength: float


def interests(
    own: Sequence[Basket], items: Mapping[str, Item], words: Wording, *, now_ms: int
) -> tuple[Interest, ...]:
    """The strongest kinds first; `own` oldest first. What may not be named is no input, nor is what nobody sells.

    A kind counts once a purchase, by 0.5 to the power of its age in HALF_DAYS.
    """
    found: dict[str, list[tuple[float, int | None]]] = {}
    for ago, basket in enumerate(reversed(own)):
        days = ago * VISIT_DAYS if basket.at_ms is None else max(0.0, (now_ms - basket.at_ms) / DAY_MS)
        kinds = (
            _kind(items[item]) for item in basket.items if item in items and not barred(items[item], words)
        )
        for tag in {each for each in kinds if each}:
            found.setdefault(tag, []).append((0.5 ** (days / HALF_DAYS), basket.at_ms))
    made = [
        Interest(tag, len(each), len(own), each[0][1], sum(weight for weight, _ in each))
        for tag, each in found.items()
        if len(each) >= FEWEST
    ]
    kept = sorted(
        (each for each in made if each.strength >= FAINTEST), key=lambda each: (-each.strength, each.tag)
    )
    return tuple(kept[:MOST])


def _kind(item: Item) -> str:
    """The category of "category / department", or the department where there is no category."""
    category, _, department = item.category.partition(" / ")
    return category.strip(" /") or department.strip(" /")
