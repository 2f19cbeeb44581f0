"""What headquarters' programs are told of: kinds, and thin bodies that hold ids without meaning, never a name."""

import os
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from edge.consent.rules import PURPOSES
from edge.kit.clock import rfc3339
from edge.kit.sql import Connection
from sync.hub.tables import hooks as tables

# Fact of a shop -> kind of news.
FACTS: Final = {
    "customer_joined": "customer.joined",
    "consent_given": "consent.given",
    "consent_withdrawn": "consent.withdrawn",
    "credential_bound": "card.bound",
    "credential_blocked": "card.blocked",
    "wallet_moved": "wallet.moved",
    "visit_started": "visit.started",
    "visit_ended": "visit.ended",
}
KINDS: Final = (*FACTS.values(), "customer.erased", "order.reported", "wishlist.changed")


class News(NamedTuple):
    """One thing that happened; `source` names it once and for all, empty: it has no name of its own."""

    kind: str
    at_ms: int
    customer_id: bytes | None
    shop_id: str | None = None
    source: str = ""


def given(joined: News, yeses: Iterable[tuple[str, str]]) -> list[News]:
    """What is told of each consent (purpose, recipient) that came with somebody who joined; an agreement is none."""
    return [
        joined._replace(
            kind="consent.given", source=joined.source and f"{joined.source}/{purpose}/{recipient}"
        )
        for purpose, recipient in yeses
        if PURPOSES.get(purpose) == "consent"
    ]


def tell(conn: Connection, news: Iterable[News]) -> None:
    """Note what every living webhook is to be told, in the transaction that makes it so."""
    news = list(news)
    living = [each for each in tables.every(conn) if each.ended_ms is None] if news else []
    if not living:
        return
    messages = []
    for each in news:
        source = each.source.encode() or os.urandom(16)
        id_ = "msg_" + sha256(source).hexdigest()[:32]
        told = {
            "customer": None if each.customer_id is None else each.customer_id.hex(),
            "shop": each.shop_id,
        }
        body = msgspec.json.encode({"type": each.kind, "timestamp": rfc3339(each.at_ms), "data": told})
        messages += [
            tables.Message(hook.id, id_, body, 0, 0, each.customer_id)
            for hook in living
            if not hook.kinds or each.kind in hook.kinds
        ]
    tables.add(conn, messages)
