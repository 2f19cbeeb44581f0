"""Somebody becomes known on their own phone, by a ticket that a shop made: as on its tablet, and with the same rules.

What the phone confirmed is put as that shop would have reported it, so that one act (`joined`) judges both.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from edge.joining import ticket as tickets
from edge.joining.rules import ASKED, Kept
from edge.joining.ticket import Ticket
from edge.kit.errors import Refused
from edge.kit.seal import card_place, derive, key_place, new_key, seal
from edge.kit.sql import Connection
from sync import reports, wire
from sync.hub import joined, people
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.hq import news
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Moved


def opened(conn: Connection, keys: Keys, text: str, *, now_ms: int) -> Ticket | None:
    """What a ticket says; None where it is none, is over, or was used, also by somebody who left since."""
    shop_id = tickets.shop_of(text)
    try:
        shop_key = shop_key_of(conn, keys, shop_id)
    except Refused:
        return None
    found = tickets.read(shop_key, text, now_ms=now_ms)
    if found is None:
        return None
    id_ = tickets.customer_of(shop_key, text)
    used = tables.exists(conn, id_) or tables.is_erased(conn, people.mark(keys, id_))
    return None if used else found


def customer_of(conn: Connection, keys: Keys, text: str) -> bytes:
    """Who becomes a customer by this ticket."""
    return tickets.customer_of(shop_key_of(conn, keys, tickets.shop_of(text)), text)


def accept(
    conn: Connection,
    keys: Keys,
    text: str,
    *,
    keep: Kept,
    traits: Mapping[str, Any],
    said: Mapping[str, wire.Said],
    now_ms: int,
) -> list[Moved] | None:
    """Keep what was confirmed, once; None where the ticket is over or used. `said` is what was read, by purpose."""
    found = opened(conn, keys, text, now_ms=now_ms)
    if found is None:
        return None
    shop_id = tickets.shop_of(text)
    transport = derive(shop_key_of(conn, keys, shop_id), "key-transport")
    id_, key = customer_of(conn, keys, text), new_key()
    sealed = people.seal_traits(key, id_, traits=traits, ver=1, now_ms=now_ms)
    saved = {each.name for each in sealed} - {"name", "since"}
    until = {each.name: each.until_ms if each.name in saved else keep.until_ms for each in sealed}

    def yes(purpose: str, until_ms: int | None) -> reports.Yes:
        return reports.Yes(purpose, found.recipient, until_ms, said.get(purpose))

    body = reports.CustomerJoined(
        customer_id=id_.hex(),
        key=seal(transport, key, key_place(id_)).hex(),
        traits=[wire.Trait(**(asdict(each) | {"until_ms": until[each.name]})) for each in sealed],
        consents=[yes(each, None if each == "saving" else keep.until_ms) for each in keep.purposes],
        card=seal(transport, found.card, card_place(id_)).hex() if found.card else "",
        card_kind=found.card_kind,
        refused=[yes(each, None) for each in ASKED if each not in keep.purposes],
    )
    lines = joined.joined(conn, keys, body, shop_id=shop_id, at_ms=now_ms, now_ms=now_ms)
    here = news.News("customer.joined", now_ms, id_, shop_id)
    news.tell(conn, [here, *news.given(here, [(each.purpose, each.recipient) for each in body.consents])])
    return partitions.publish(conn, lines)
