"""A card is lost, says headquarters or who it is of: blocked in every shop, and programs are told of it once."""

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.recognition.rules import CredentialKind
from sync.hub import people
from sync.hub.config import Keys
from sync.hub.hq import news
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Line, Moved


def block(conn: Connection, keys: Keys, *, kind: CredentialKind, value: str, now_ms: int) -> list[Moved]:
    """Block a card by what a reader reads, urgently; raises Refused when nobody has it."""
    hash_ = people.inner_hash(keys, kind, value)
    lines = blocked(conn, keys, hash_, now_ms=now_ms)
    if not lines and tables.owner(conn, hash_) is None:
        hint = "nothing was changed; check what was given"
        raise Refused("nobody has this credential", code="UNKNOWN_CREDENTIAL", hint=hint)
    return partitions.publish(conn, lines)


def blocked(conn: Connection, keys: Keys, hash_: bytes, *, now_ms: int) -> list[Line]:
    """Block a card by its inner hash: the lines for its owner's shops, none when it was, or is nobody's."""
    owner = tables.owner(conn, hash_)
    # What is told of one customer waits for each other; whether there is anything to tell, the block alone decides.
    tables.hold(conn, [] if owner is None else [owner])
    card = tables.block(conn, hash_)
    if card is None:
        return []
    news.tell(conn, [news.News("card.blocked", now_ms, card.customer_id)])
    return people.everywhere(conn, keys, card)
