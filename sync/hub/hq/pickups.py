"""Which orders lie ready for a customer, as the trait `pickup` lists them for their shops. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from sync.hub.hq import shapes
from sync.hub.tables.happenings import Happening

MOST: Final = 10  # orders that lie ready for one customer


def told(orders: Sequence[Any], data: shapes.Order, before: Happening | None) -> list[Any]:
    """The list after this report of an order; `before` is the report of the same order that was kept until now.

    An order keeps its place in the list. Of more than MOST the newest stay.
    """
    entry = None
    if data.state == "ready":
        entry = {"channel": data.channel, "number": data.number, "since_ms": data.at_ms, "shop": data.shop}
        entry |= {"place": data.place} if data.place else {}
    after, put = [], False
    for each in orders:
        if not isinstance(each, dict):
            continue
        if not _is(each, data, before):
            after.append(each)
        elif entry and not put:
            after.append(entry)
            put = True
    if entry and not put:
        after.append(entry)
    return after[-MOST:]


def _is(each: dict[str, Any], data: shapes.Order, before: Happening | None) -> bool:
    """Whether an entry is this order: by channel and number.

    An entry without a channel was kept before entries had one (then it is since the order was told as ready), or
    headquarters wrote the list by hand (then the number is all there is).
    """
    if each.get("number") != data.number:
        return False
    if (channel := each.get("channel")) is not None:
        return bool(channel == data.channel)
    if (since_ms := each.get("since_ms")) is None:
        return True
    return before is not None and before.kind == "ready" and before.at_ms == since_ms
