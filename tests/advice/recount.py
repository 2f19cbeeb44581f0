"""Reasons counted again from the lines of a history, by the words of the contract alone.

Written for this check: plain loops over what `json.loads` gave, no module of the recommender.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import median
from typing import Any

Line = Mapping[str, Any]
FEWEST = 10
SHARED = 3


class History:
    """Lines of H, indexed once; a query's customer is counted with the baskets of the query."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.baskets: dict[str, list[Line]] = {}
        for line in lines:
            self.baskets[line["customer"]] = [each for each in line["baskets"] if each["items"]]
        self.holding: dict[str, list[tuple[str, Line]]] = defaultdict(list)
        self.all = 0
        self.of_store: Counter[str] = Counter()
        for customer, baskets in self.baskets.items():
            for basket in baskets:
                self.all += 1
                self.of_store[basket.get("store") or ""] += 1
                for item in {*basket["items"]}:
                    self.holding[item].append((customer, basket))

    def with_items(self, query: Line, *items: str) -> list[tuple[str, Line]]:
        """Customers and baskets that hold all of `items`."""
        me, own = query["customer"], query["baskets"]
        known = me in self.baskets
        found = [
            (who, basket)
            for who, basket in self.holding[items[0]]
            if who != me and all(item in basket["items"] for item in items)
        ]
        mine = own if known else []
        return found + [(me, basket) for basket in mine if all(item in basket["items"] for item in items)]

    def count(self, query: Line, store: str | None = None) -> int:
        me, own = query["customer"], [each for each in query["baskets"] if each["items"]]
        if me not in self.baskets:
            return self.of_store[store] if store is not None else self.all
        held = self.baskets[me]
        if store is None:
            return self.all - len(held) + len(own)
        here = [each for each in held if each.get("store") == store]
        return self.of_store[store] - len(here) + len([each for each in own if each.get("store") == store])


def _day(text: str) -> int:
    return date.fromisoformat(text[:10]).toordinal()


def recounted(history: History, query: Line, item: str, reason: Line) -> str:
    """What is untrue of a reason, in words; empty when every number is found again."""
    code, said = reason["code"], reason["evidence"]
    own = [each for each in query["baskets"] if each["items"]]
    at = [place for place, basket in enumerate(own) if item in basket["items"]]
    true: dict[str, Any]
    match code:
        case "due_again":
            if len(at) < 4 or query.get("t") is None:
                return "no rhythm"
            days = [_day(own[place]["t"]) for place in at]
            gaps = [later - sooner for sooner, later in itertools.pairwise(days)]
            true = {
                "every_days": round(median(gaps)),
                "last_days_ago": _day(query["t"]) - days[-1],
                "times": len(at),
            }
            if true["last_days_ago"] < 0:
                return "of a day to come"
        case "due_again_visits":
            if len(at) < 4:
                return "no rhythm"
            gaps = [later - sooner for sooner, later in itertools.pairwise(at)]
            true = {
                "every_visits": round(median(gaps)),
                "last_visits_ago": len(own) - at[-1],
                "times": len(at),
            }
        case "often":
            true = {"bought": len(at), "of": len(own)}
            if not at:
                return "never bought"
        case "goes_with":
            other = said["item"]
            if other not in (query.get("basket") or []) and (not own or other not in own[-1]["items"]):
                return "neither in hand nor in the last basket"
            both = history.with_items(query, other, item)
            people = {who for who, _ in both}
            true = {
                "item": other,
                "together": len(both),
                "baskets": len(history.with_items(query, other)),
                "customers": len(people),
            }
            if len(people - {query["customer"]}) < FEWEST:
                return "too few people"
        case "others_like_you":
            true = {"customers": len(like_minded(history, query, item))}
            if true["customers"] < FEWEST or at:
                return "too few people, or no news"
        case "popular_here":
            store = said["store"]
            found = history.with_items(query, item)
            if store == "all":
                true = {"store": store, "baskets": history.count(query), "bought": len(found)}
            else:
                here = [basket for _, basket in found if basket.get("store") == store]
                true = {"store": store, "baskets": history.count(query, store), "bought": len(here)}
                if store != query.get("store"):
                    return "another shop"
        case _:
            return f"no such reason: {code}"
    return "" if true == said else f"{code}: said {said}, counted {true}"


def like_minded(history: History, query: Line, item: str) -> set[str]:
    """Others who bought the item and share at least three products with the customer."""
    mine = {each for basket in query["baskets"] for each in basket["items"]}
    shared: dict[str, set[str]] = defaultdict(set)
    for each in mine:
        for who, _ in history.holding[each]:
            shared[who].add(each)
    buyers = {who for who, _ in history.holding[item]} - {query["customer"]}
    return {who for who in buyers if len(shared[who]) >= SHARED}


def struck(query: Line, item: str, reason: Line) -> Line:
    """The query without the evidence that a reason of the customer's own names."""
    if reason["code"] == "goes_with":
        other = reason["evidence"]["item"]
        return without(query, [(len(query["baskets"]) - 1, other)], hand={other})
    bought = [(place, item) for place, basket in enumerate(query["baskets"]) if item in basket["items"]]
    return without(query, bought)


def without(query: Line, purchases: Sequence[tuple[int, str]], hand: Iterable[str] = ()) -> Line:
    gone, in_hand = {*purchases}, {*hand}
    baskets = [
        {**basket, "items": [each for each in basket["items"] if (place, each) not in gone]}
        for place, basket in enumerate(query["baskets"])
    ]
    return {
        **query,
        "baskets": baskets,
        "basket": [each for each in query.get("basket") or [] if each not in in_hand],
    }
