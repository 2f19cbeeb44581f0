"""What may be suggested at all: one rule for `welkom advise` and for the shop's card, whoever ranks. Pure."""

from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from edge.advice.limits import Wording
from edge.advice.rules import Ask, Item, barred

Objection = Literal["unknown", "barred", "in_hand", "refused", "owned", "sold_out"]


@dataclass(frozen=True, slots=True)
class Guard:
    """Of one question. `words`: what law or shield bars of categories and titles."""

    words: Wording
    hand: frozenset[str] = field(repr=False)
    refused: frozenset[str] = field(repr=False)
    bought: frozenset[str] = field(repr=False)

    def objection(self, name: str, item: Item | None) -> Objection | None:
        """Why a product may not be suggested, None when it may; `item` is None where the shop does not sell it."""
        if item is None:
            return "unknown"
        if barred(item, self.words):
            return "barred"
        if name in self.hand:
            return "in_hand"
        if name in self.refused:
            return "refused"
        if item.durable and name in self.bought:
            return "owned"
        return "sold_out" if item.stock == 0 else None


def guard_of(ask: Ask, words: Wording) -> Guard:
    bought = frozenset(chain.from_iterable(basket.items for basket in ask.own))
    return Guard(words, frozenset(ask.in_hand), ask.refused, bought)
