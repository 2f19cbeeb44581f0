"""A member of another shop stands at a counter: they become resident there for the visit, and no longer.

The shop asks with the card; who is found goes down that shop's own feed like any resident, so that consents,
blocks, withdrawals and erasures hold for a guest as for everybody. Without a line the shop writes down what the card
earned, and here it finds its owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.kit.errors import Corrupt, Refused
from edge.kit.sql import Connection
from sync import reports, wire
from sync.hub import feed, nobodys, people, stays
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.purses import NewLine
from sync.hub.tables import feed as partitions
from sync.hub.tables import guests as tables
from sync.hub.tables import people as residents
from sync.hub.tables import wallet as traits
from sync.hub.tables.feed import Line, Moved

REASON: Final = "visit"
# For why a line of a card cannot be counted yet: its owner is heard of later, or their key is away.
WAITS: Final = frozenset({"UNKNOWN_CREDENTIAL", "BAD_SEAL"})


@dataclass(frozen=True, slots=True)
class Invited:
    """What a shop is told of a card, and up to where its feed has to come to know the customer."""

    found: wire.GuestFound
    cursor: int
    moved: list[Moved]


def invite(conn: Connection, keys: Keys, *, shop_id: str, card: str, now_ms: int) -> Invited:
    """Send the owner of a card down to the shop where they stand; raises Refused (BAD_KEY).

    `card` is the inner hash, sealed with the shop's transport key, in hex. Of nobody's card nothing is kept.
    """
    held = residents.credential(conn, _open(shop_key_of(conn, keys, shop_id), shop_id, card))
    part = wire.main_part(shop_id)
    if held is None or not residents.hold(conn, [held.customer_id]):
        return Invited("nobody", partitions.last(conn, part), [])
    if held.state == "blocked":
        return Invited("blocked", partitions.last(conn, part), [])
    stay = tables.stay(conn, held.customer_id, shop_id)
    if stay is not None and stay.reason != REASON:
        return Invited("coming", partitions.last(conn, part), [])
    since_ms = now_ms if stay is None else max(now_ms, stay.since_ms + 1)
    tables.put_stay(conn, held.customer_id, shop_id, reason=REASON, since_ms=since_ms)
    stay_word = stays.word(keys, shop_id, held.customer_id, since_ms=since_ms)
    lines = [feed.guest(shop_id, held.customer_id, since_ms=since_ms, stay=stay_word)]
    urgent, main, *rest = people.known(conn, keys, held.customer_id, shop_id=shop_id)
    lines += [urgent, main, _row(conn, shop_id, held.customer_id), *rest]
    moved = partitions.publish(conn, lines)
    return Invited("coming", partitions.last(conn, part), moved)


def left(conn: Connection, body: reports.GuestLeft, *, shop_id: str) -> list[Line]:
    """The visit is over: what the shop's partitions held about the customer is taken back.

    Of a stay that was followed by another nothing is: who comes in again while the shop's word is under way stays.
    """
    customer_id = bytes.fromhex(body.customer_id)
    stay = tables.stay(conn, customer_id, shop_id)
    if stay is None or stay.reason != REASON or stay.since_ms != body.since_ms:
        return []
    tables.drop_stay(conn, customer_id, shop_id)
    for part in (wire.urgent_part(shop_id), wire.main_part(shop_id)):
        partitions.take_back(conn, part, customer_id)
    return [feed.leaving(shop_id, customer_id)]


def is_of(line: Line, leaving: Sequence[Line]) -> bool:
    """Whether a line that is still to go out is about who left that shop; heard after that, it would stay there."""
    return any(
        line.customer_id == each.customer_id and wire.shop_of(line.part) == wire.shop_of(each.part)
        for each in leaving
    )


def saved(conn: Connection, keys: Keys, body: reports.GuestSaved, *, shop_id: str) -> tuple[bytes, NewLine]:
    """What a card earned in a shop that did not know it, and whose card it is. Raises Refused for nobody's."""
    held = residents.credential(conn, _open(shop_key_of(conn, keys, shop_id), shop_id, body.card))
    if held is None or held.state == "blocked":
        raise _refused("nobody has this card, or it is blocked", code="UNKNOWN_CREDENTIAL")
    return held.customer_id, NewLine(bytes.fromhex(body.line_id), body.instrument, body.delta, "purchase")


def _row(conn: Connection, shop_id: str, customer_id: bytes) -> Line:
    ver = residents.ver(conn, customer_id)
    return feed.customer(shop_id, customer_id, ver=ver, traits=traits.traits(conn, customer_id))


def _open(shop_key: bytes, shop_id: str, card: str) -> bytes:
    try:
        return nobodys.opened(shop_key, shop_id, card)
    except Corrupt:
        raise _refused("what the shop sealed does not open", code="BAD_KEY") from None


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; look the card up at the hub")
