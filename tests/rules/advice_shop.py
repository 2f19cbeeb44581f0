"""A small invented shop for advice: products, customers with a rhythm, things that go together; seeded."""

import random
from collections.abc import Collection, Mapping

from edge.advice.rules import DAY_MS, Basket, Item
from tests.kit.clocks import START_MS

CONSUMED = ("gas", "wax", "soap", "bars")


def catalogue(count: int = 60, *, seed: int = 1) -> dict[str, Item]:
    """Products with ids like the demo's; a few sensitive, sold out, or of a barred category."""
    dice = random.Random(seed)
    made: dict[str, Item] = {}
    for number in range(count):
        kind = dice.choice(("boot-low", "tent", "sock", *CONSUMED))
        name = f"{kind}-{number:03d}"
        food = "eten / alcohol" if number % 9 == 8 else "eten"
        category = dice.choice(("schoenen", "kamperen", "verzorging", food))
        made[name] = Item(
            item=name,
            title=f"Titel {number}",
            category=category,
            durable=kind not in CONSUMED,
            sensitive=dice.random() < 0.05,
            stock=dice.choice((None, 0, 3, 12)),
        )
    return made


def histories(
    people: int, names: Collection[str], *, seed: int = 2, visits: int = 12, now_ms: int = START_MS
) -> dict[bytes, tuple[Basket, ...]]:
    """Who bought what, oldest first: a favourite every few weeks, a popular few, and pairs that go together."""
    dice = random.Random(seed)
    items = sorted(names)
    few = items[: max(6, len(items) // 5)]
    pairs = {item: items[(at + 1) % len(items)] for at, item in enumerate(items)}
    found: dict[bytes, tuple[Basket, ...]] = {}
    for _ in range(people):
        favourite, every = dice.choice(items), dice.choice((14, 21, 30, 45))
        at_ms, baskets = now_ms - dice.randint(0, 60) * DAY_MS, []
        for visit in range(dice.randint(1, visits)):
            bought = {dice.choice(few if dice.random() < 0.6 else items) for _ in range(dice.randint(1, 4))}
            bought |= {pairs[item] for item in sorted(bought) if dice.random() < 0.4}
            if visit % 2 == 0:
                bought.add(favourite)
            baskets.append(Basket(at_ms, tuple(sorted(bought))))
            at_ms -= every * DAY_MS // 2
        found[dice.randbytes(16)] = tuple(reversed(baskets))
    return found


def trait(baskets: Collection[Basket]) -> Mapping[str, object]:
    """Baskets as the hub seals them."""
    return {"baskets": [{"at_ms": each.at_ms, "items": list(each.items)} for each in baskets]}
