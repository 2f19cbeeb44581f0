"""What was suggested at a visit and not bought since, for headquarters' mailer: the shop mails nobody (S058).

Of whoever agreed to advice and to being written to, both at this moment; what was said before their yes is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from edge.consent.retention import DAY_MS
from edge.kit.clock import utc
from edge.kit.log import Log
from edge.kit.sql import Connection
from sync import wire
from sync.hub import catalogue
from sync.hub.portal.traits import open_traits
from sync.hub.tables import exports as tables
from sync.hub.tables import reading

Row = tuple[Any, ...]
PURPOSE: Final = "contact"
LATELY_MS: Final = 7 * DAY_MS
# A till's clock and a tablet's: a purchase of the hour before may be the one that followed.
SAME_MS: Final = 3_600_000
PAGE: Final = 1_000
SAID: Final = "suggestion_said"


class _Body(msgspec.Struct):
    item: str = ""
    reason: str = ""


def rows(conn: Connection, *, kek: bytes, now_ms: int, log: Log) -> Iterator[Row]:
    """(customer, shop, at, item, title, reason), a product once a customer, as it was last said."""
    titles: dict[str, str] = {}
    for item, body in catalogue.bodies(conn).items():
        product = wire.decode_as(bytes(body), wire.Product)
        if not product.sensitive:
            titles[item] = product.title
    after = b""
    while found := reading.customers(conn, after=after, most=PAGE):
        told = tables.suggestions(
            conn, after=after, last=found[-1], since_ms=now_ms - LATELY_MS, now_ms=now_ms
        )
        for customer, those in groupby(told, key=lambda row: bytes(row[0])):
            standing = _standing(list(those))
            bought = _bought(conn, customer, kek=kek, now_ms=now_ms, log=log) if standing else {}
            for item, (shop, at_ms, reason) in standing.items():
                if item in titles and bought.get(item, 0) < at_ms - SAME_MS:
                    yield customer.hex(), shop, utc(at_ms), item, titles[item], reason
        after = found[-1]


def _standing(told: Sequence[Row]) -> dict[str, tuple[str, int, str]]:
    """What was said and not refused afterwards, oldest first: item -> shop, when, why."""
    left: dict[str, tuple[str, int, str]] = {}
    for _, shop, at_ms, kind, body in told:
        try:
            said = msgspec.json.decode(bytes(body), type=_Body)
        except msgspec.MsgspecError:
            continue  # past its time and blanked, or of no form of ours
        left.pop(said.item, None)
        if kind == SAID and said.item:
            left[said.item] = shop, at_ms, said.reason
    return left


def _bought(conn: Connection, customer: bytes, *, kek: bytes, now_ms: int, log: Log) -> dict[str, int]:
    """When they last bought each product."""
    sealed = [each for each in reading.traits(conn, customer, now_ms=now_ms) if each.name == "baskets"]
    value = open_traits(sealed, kek=kek, log=log).values.get("baskets")
    lines = value.get("baskets") if isinstance(value, Mapping) else None
    last: dict[str, int] = {}
    for line in lines if isinstance(lines, list) else ():
        at_ms, items = (line.get("at_ms"), line.get("items")) if isinstance(line, Mapping) else (None, None)
        if isinstance(at_ms, int) and isinstance(items, list):
            for item in items:
                last[item] = max(at_ms, last.get(item, 0))
    return last
