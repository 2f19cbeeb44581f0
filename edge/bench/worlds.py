"""Invented histories of three other kinds of shop, for a ranking that was tuned on none of them; seeded.

A grocer's regulars (dense, weekly, habits that drift), a chain of drugstores and clothes (sparse, dated, bundles and
follow-ups, fashions that pass), and a market whose till knows no date (order only, a middle share of habit).
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from edge.advice.ranking.numbering import Visit

Histories = dict[str, list[Visit]]
FIRST_DAY: Final = 738_000


def _popularity(products: int, steep: float, dice: np.random.Generator) -> np.ndarray:
    weight = 1 / np.arange(2, products + 2) ** steep
    return dice.permutation(weight / weight.sum())


def grocer(customers: int = 500, *, seed: int = 1, weeks: int = 52, products: int = 1_200) -> Histories:
    """Weekly trips and top-ups; 25 to 60 staples each with a rhythm of its own, brands that are swapped, offers."""
    dice = np.random.default_rng(seed)
    kind = dice.integers(0, products // 8, products)
    popular = _popularity(products, 0.8, dice)
    rhythm = np.exp(dice.normal(np.log(14), 0.7, products // 8))
    offers = [set(dice.choice(products, products // 40, replace=False).tolist()) for _ in range(weeks + 1)]
    found: Histories = {}
    for number in range(customers):
        staples = dice.choice(products, dice.integers(25, 60), replace=False, p=popular)
        every = rhythm[kind[staples]] * np.exp(dice.normal(0, 0.4, len(staples)))
        due = dice.uniform(0, 1, len(staples)) * every
        home, weekday = f"s{dice.integers(0, 6)}", dice.integers(0, 7)
        line, away = [], False
        for day in range(weeks * 7):
            big = day % 7 == weekday and dice.random() < 0.92
            if dice.random() < 0.02:
                away = not away
            if away or not (big or dice.random() < 0.12):
                continue
            if dice.random() < 0.05:  # taste drifts
                place = dice.integers(len(staples))
                alike = np.flatnonzero(kind == kind[staples[place]])
                staples[place] = dice.choice(alike)
            patience = 3.0 if big else 0.0
            wanted = due <= day + patience
            bought = set(staples[wanted & (dice.random(len(staples)) < (0.8 if big else 0.35))].tolist())
            for place in np.flatnonzero(np.isin(staples, list(bought))):
                due[place] = day + every[place] * dice.gamma(9, 1 / 9)
            bought |= {each for each in offers[day // 7] if dice.random() < 0.01}
            bought |= set(dice.choice(products, dice.poisson(0.8 if big else 0.4), p=popular).tolist())
            if bought:
                store = home if dice.random() < 0.9 else f"s{dice.integers(0, 6)}"
                line.append(Visit(FIRST_DAY + day, store, tuple(f"p{each}" for each in sorted(bought))))
        found[f"g{number}"] = line
    return found


def drugstore(customers: int = 2_500, *, seed: int = 2, days: int = 540, products: int = 2_500) -> Histories:
    """Few visits; a fifth of a basket is a refill; the rest follows fashion, comes in pairs, or follows up."""
    dice = np.random.default_rng(seed)
    popular = _popularity(products, 0.9, dice)
    partner = dice.permutation(products)  # lies in the same basket
    later = dice.permutation(products)  # is bought at one of the next visits
    season = dice.uniform(0, days, products)
    refill = dice.random(products) < 0.15
    tastes = [dice.choice(products, 150, replace=False, p=popular) for _ in range(25)]
    found: Histories = {}
    for number in range(customers):
        taste, line = tastes[dice.integers(len(tastes))], []
        wish: list[int] = []
        again: list[int] = []
        day = int(dice.integers(0, days // 3))
        store = f"d{dice.integers(0, 40)}"
        while day < days:
            bought: set[int] = set()
            for _ in range(1 + dice.poisson(2.0)):
                chance = dice.random()
                if chance < 0.25 and again:
                    bought.add(again[dice.integers(len(again))])
                elif chance < 0.40 and wish:
                    bought.add(wish.pop(dice.integers(len(wish))))
                else:
                    pool = taste if chance < 0.75 else dice.choice(products, 40, p=popular)
                    heat = np.exp(-(((season[pool] - day) / 60) ** 2)) + 0.05
                    bought.add(int(dice.choice(pool, p=heat / heat.sum())))
            bought |= {int(partner[each]) for each in tuple(bought) if dice.random() < 0.25}
            wish += [int(later[each]) for each in bought if dice.random() < 0.3]
            again += [each for each in bought if refill[each]]
            line.append(Visit(FIRST_DAY + day, store, tuple(f"p{each}" for each in sorted(bought))))
            day += 1 + int(dice.gamma(1.5, 30))
        found[f"d{number}"] = line
    return found


def market(customers: int = 900, *, seed: int = 3, products: int = 1_500) -> Histories:
    """Only the order is known: 4 to 40 baskets, favourites with a rhythm in visits, recipes, and new things."""
    dice = np.random.default_rng(seed)
    popular = _popularity(products, 0.85, dice)
    recipes = [dice.choice(products, dice.integers(3, 7), replace=False, p=popular) for _ in range(120)]
    found: Histories = {}
    for number in range(customers):
        favourites = dice.choice(products, dice.integers(10, 40), replace=False, p=popular)
        every = np.exp(dice.normal(np.log(4), 0.7, len(favourites)))
        cooked = [recipes[each] for each in dice.choice(len(recipes), 6, replace=False)]
        last = -dice.uniform(0, 1, len(favourites)) * every
        line = []
        for place in range(dice.integers(4, 41)):
            chance = 0.9 / (1 + np.exp(-(place - last - every) / (0.25 * every)))
            taken = dice.random(len(favourites)) < chance
            last[taken] = place
            bought = set(favourites[taken].tolist())
            if dice.random() < 0.4:
                recipe = (
                    cooked[dice.integers(len(cooked))]
                    if dice.random() < 0.7
                    else recipes[dice.integers(len(recipes))]
                )
                bought |= set(recipe[dice.random(len(recipe)) < 0.8].tolist())
            bought |= set(dice.choice(products, dice.poisson(2.0), p=popular).tolist())
            if dice.random() < 0.15:
                favourites[dice.integers(len(favourites))] = dice.choice(products, p=popular)
            if bought:
                line.append(Visit(None, None, tuple(f"p{each}" for each in sorted(bought))))
        found[f"m{number}"] = line
    return found


WORLDS: Final[dict[str, Callable[[], Histories]]] = {
    "grocer": grocer,
    "drugstore": drugstore,
    "market": market,
}
