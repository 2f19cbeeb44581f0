"""What became of suggestions, by product and reason: shown, said, bought, put away.

It says how good the advice is, never how good a person is: nothing of staff goes in, and nothing comes out by day, by
hour or by visit. A line stands for at least LEAST customers; what fewer got is told together, or not at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from sqlite3 import Connection
from typing import Any, Final

from edge.advice import outcomes, tables
from edge.advice.outcomes import Outcome
from edge.advice.rules import DAY_MS, Basket
from edge.kit.errors import Corrupt

LEAST: Final = 10
# Purchases come from the till by way of headquarters: what was shown since is not counted yet.
SETTLED_MS: Final = 2 * DAY_MS
WEEKS: Final = 12
WHYS: Final = ("not_interested", "odd")
Bought = tuple[Outcome, bool]


def gather(
    conn: Connection, *, recipient: str, now_ms: int, kek: bytes, day: Callable[[int], str]
) -> Iterator[Bought]:
    """Each suggestion to whoever may still be profiled, and whether they bought it; `day`: the shop's, of an instant.

    Whole weeks alone, so that two reports never differ by one customer's visit.
    """
    first, end = weeks(day(now_ms - SETTLED_MS))
    settled = (each for each in outcomes.kept(conn) if first <= day(each.shown_ms) < end)
    for customer_id, those in groupby(settled, key=lambda each: each.customer_id):
        try:
            own = tables.own(conn, customer_id, recipient=recipient, now_ms=now_ms, kek=kek)
        except Corrupt:
            continue  # the hub sends the key again
        for one in those if own else ():
            yield one, bought(one, own.baskets if own else (), day)


def weeks(today: str, many: int = WEEKS) -> tuple[str, str]:
    """The Monday of so many whole weeks ago, and that of the week which is not over."""
    at = date.fromisoformat(today)
    monday = at - timedelta(days=at.weekday())
    return (monday - timedelta(weeks=many)).isoformat(), monday.isoformat()


def bought(one: Outcome, own: Sequence[Basket], day: Callable[[int], str]) -> bool:
    """Whether a basket of that visit has it: of the same day in the shop, for tills know no visits."""
    shown = day(one.shown_ms)
    return any(
        one.item in basket.items and basket.at_ms is not None and day(basket.at_ms) == shown for basket in own
    )


def report(found: Iterable[Bought]) -> dict[str, Any]:
    """Lines with the most shown first, the rest of small ones (`rest`), and each reason over both."""
    cells: dict[tuple[str, str], list[Bought]] = {}
    for one, was_bought in found:
        cells.setdefault((one.reason, one.item), []).append((one, was_bought))
    large = {key: cell for key, cell in cells.items() if _people(cell) >= LEAST}
    small: dict[str, list[Bought]] = {}
    for key in cells.keys() - large.keys():
        small.setdefault(key[0], []).extend(cells[key])
    rest = {reason: cell for reason, cell in small.items() if _people(cell) >= LEAST}
    whole: dict[str, list[Bought]] = {}
    for reason, cell in (*((key[0], cell) for key, cell in large.items()), *rest.items()):
        whole.setdefault(reason, []).extend(cell)
    lines = [{"item": item, "reason": reason} | _counts(cell) for (reason, item), cell in large.items()]
    return {
        "products": sorted(lines, key=lambda line: (-line["shown"], line["item"], line["reason"])),
        "rest": {reason: _counts(rest[reason]) for reason in sorted(rest)},
        "reasons": {reason: _counts(whole[reason]) for reason in sorted(whole)},
        "least_customers": LEAST,
    }


def _people(cell: Sequence[Bought]) -> int:
    return len({one.customer_id for one, _ in cell})


def _counts(cell: Sequence[Bought]) -> dict[str, Any]:
    said = [was for one, was in cell if one.said]
    away = {why: sum(one.away == why for one, _ in cell) for why in WHYS}
    return {
        "shown": len(cell),
        "said": len(said),
        "bought": sum(was for _, was in cell),
        "bought_said": sum(said),
        "dismissed": {why: count for why, count in away.items() if count},
    }


def text(of: Mapping[str, Any]) -> str:
    """A table for people."""
    rows = [_row(line["item"], line["reason"], line) for line in of["products"]]
    for title, part in (("(products of few)", of["rest"]), ("(all of a reason)", of["reasons"])):
        rows += [_row(title, reason, counts) for reason, counts in part.items()]
    return "\n".join(
        (
            f"{'product':24} {'reason':18} shown  said  bought  (of said)  put away",
            *rows,
            f"{WEEKS} whole weeks; lines of at least {of['least_customers']} customers. Staff choose what they say:",
            "a difference between what was said and what was only shown is no proof that saying it sells.",
        )
    )


def _row(title: str, reason: str, of: Mapping[str, Any]) -> str:
    away = ", ".join(f"{count} {why}" for why, count in of["dismissed"].items()) or "-"
    counts = f"{of['shown']:5} {of['said']:5} {of['bought']:7} {of['bought_said']:10}"
    return f"{title[:24]:24} {reason:18} {counts}  {away}"
