"""Attackers of the anonymous reports: they know when somebody was in a shop, and what was published, and guess."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.hub.hq.anonymous import Cell, counted, total

DAYS, SHOPS = 14, 3
Visits = Mapping[int, frozenset[tuple[int, int]]]  # person -> (day, shop) of every visit
Report = Mapping[Cell, int | None]
Publish = Callable[[Visits, int], Report]  # the visits that are held, and the number of the world


@dataclass(frozen=True, slots=True)
class Attack:
    """How often an attacker was right between two equally likely worlds; who cannot tell is right half the time."""

    name: str
    right: float
    of: int

    @property
    def advantage(self) -> float:
        """Above chance: 0 knows nothing, 1 everything."""
        return 2 * self.right / self.of - 1


def _points(guess: bool | None, there: bool) -> float:
    return 0.5 if guess is None else float(guess == there)


def world(dice: random.Random, people: int = 60) -> dict[int, frozenset[tuple[int, int]]]:
    """Some weeks of some shops, from a quiet village to a busy street: few people come on most days."""
    busy = dice.uniform(0.05, 0.5)
    return {
        person: frozenset(
            (day, shop) for day in range(DAYS) for shop in range(SHOPS) if dice.random() < busy / (1 + shop)
        )
        for person in range(people)
    }


def cells_of(visits: Visits) -> dict[Cell, int]:
    """People in each shop on each day."""
    found: dict[Cell, int] = {}
    for stays in visits.values():
        for day, shop in stays:
            cell = Cell("visitors", f"{day:02}", str(shop))
            found[cell] = found.get(cell, 0) + 1
    return found


def ours(visits: Visits, number: int) -> Report:
    """What is published: our rules, with a key that the attacker does not have."""
    whole = {_cell(day, shop): 0 for day in range(DAYS) for shop in range(SHOPS)}
    return counted(whole | cells_of(visits), secret=number.to_bytes(8))


def leaky(visits: Visits, number: int) -> Report:
    """The planted report: every number as it is, made anew whenever somebody asks."""
    return dict(cells_of(visits))


def attacks(publish: Publish, *, kept: bool, worlds: int, seed: int) -> list[Attack]:
    """Every attacker on `worlds` worlds. `kept`: a cell that was published stays as it was after an erasure.

    Each guesses whether the target was one of those who were counted: the coin decides in which world they are.
    The strongest also knows all others, which nobody does; it says how much one person can move.
    """
    dice, right = random.Random(seed), dict.fromkeys(("visits", "neighbours", "erasure", "single"), 0.0)
    for number in range(worlds):
        whole = world(dice, dice.randint(15, 90))
        target = dice.randrange(len(whole))
        known = whole[target] or frozenset([(0, 0)])
        whole[target] = known
        without = {person: stays for person, stays in whole.items() if person != target}
        there = dice.random() < 0.5
        held = whole if there else without
        first = publish(held, number)
        # An attacker who knows nobody else has a guess of their own at each cell: what such days usually see.
        usual = cells_of(world(dice, len(whole)))
        right["visits"] += _points(_by_visits(first, known, usual), there)
        # Two reports: all days, and all days but one of the target's; the difference is that day.
        day, shop = min(known)
        rest = [count for cell, count in first.items() if cell != _cell(day, shop)]
        difference = total(first.values()) - total(rest)
        right["neighbours"] += _points(_by_difference(difference, usual, day, shop), there)
        # Before and after somebody was forgotten: were it the target, every cell of theirs would fall by one.
        somebody = dice.choice(sorted(without))
        gone = target if there else somebody
        before = publish(whole, number)
        left = {person: stays for person, stays in whole.items() if person != gone}
        right["erasure"] += _points(_by_fall(before, before if kept else publish(left, number), known), there)
        # A cell of one person is that person; one that is not there is nobody.
        village = world(dice, 8)
        village[0] = known
        few = village if there else {person: stays for person, stays in village.items() if person}
        right["single"] += _points(_by_single(publish(few, number), known), there)
    return [Attack(name, count, worlds) for name, count in right.items()]


def _cell(day: int, shop: int) -> Cell:
    return Cell("visitors", f"{day:02}", str(shop))


def _by_visits(report: Report, known: frozenset[tuple[int, int]], usual: Mapping[Cell, int]) -> bool | None:
    """The target was there if their cells see more than such cells usually do."""
    seen = [report.get(_cell(*each)) for each in known]
    told = [(each, usual.get(_cell(*where), 0)) for each, where in zip(seen, known, strict=True) if each]
    return sum(each for each, _ in told) > sum(each for _, each in told) if told else None


def _by_difference(difference: int, usual: Mapping[Cell, int], day: int, shop: int) -> bool | None:
    return difference > usual.get(_cell(day, shop), 0) if difference else None


def _by_fall(before: Report, after: Report, known: frozenset[tuple[int, int]]) -> bool | None:
    """Whoever was forgotten was the target, if what fell are cells of theirs and of nobody else."""
    fell = {cell for cell in before if (before[cell] or 0) > (after.get(cell) or 0)}
    theirs = {_cell(*each) for each in known}
    return fell <= theirs and len(fell) * 2 >= len(theirs) if fell else None


def _by_single(report: Report, known: frozenset[tuple[int, int]]) -> bool | None:
    """A cell that is missing says that the target was not there; if all are there, they probably were."""
    missing = [each for each in known if _cell(*each) not in report]
    told = [report.get(_cell(*each)) for each in known]
    if missing:
        return False
    return True if any(each is not None for each in told) else None


def strongest(publish: Publish, *, worlds: int, seed: int) -> Attack:
    """Knows everybody else's visits exactly, and the rule but not its key: how far one person moves what is said."""
    dice, right = random.Random(seed), 0.0
    for number in range(worlds):
        whole = world(dice, dice.randint(15, 90))
        target = dice.randrange(len(whole))
        whole[target] = whole[target] or frozenset([(0, 0)])
        day, shop = min(whole[target])
        without = {person: stays for person, stays in whole.items() if person != target}
        there = dice.random() < 0.5
        seen = publish(whole if there else without, number).get(_cell(day, shop))
        others = cells_of(without).get(_cell(day, shop), 0)
        # The guess under which what was seen happens more often, the key drawn at random.
        chances = [
            sum(publish(each, 1_000_000 + draw).get(_cell(day, shop)) == seen for draw in range(12))
            for each in (_only(whole, day, shop, others + 1), _only(without, day, shop, others))
        ]
        guess = None if chances[0] == chances[1] else chances[0] > chances[1]
        right += _points(guess, there)
    return Attack("strongest", right, worlds)


def _only(visits: Visits, day: int, shop: int, count: int) -> Visits:
    return {person: frozenset([(day, shop)]) for person in range(count)}
