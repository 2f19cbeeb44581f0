"""A card is lost, says headquarters or who it is of: blocked in every shop, and programs are told of it once."""

from edge.kit.sql import Connection
from edge.recognition.rules import CredentialKind
from sync.hub import people
from sync.hub.config import Keys
from sync.hub.hq import news
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Line, Moved


def block(conn: Connection, keys: Keys, *, kind: CredentialKind, value: str, now_ms: int) -> list[Moved]:
    """Block a card by what a reader reads; raises Refused when nobody has it."""
    _tell(conn, people.inner_hash(keys, kind, value), now_ms=now_ms)
    return people.block(conn, keys, kind=kind, value=value)


def blocked(conn: Connection, keys: Keys, hash_: bytes, *, now_ms: int) -> list[Line]:
    """Block a card by its inner hash: the lines for its owner's shops, none when it was."""
    _tell(conn, hash_, now_ms=now_ms)
    return people.blocked(conn, keys, hash_)


def _tell(conn: Connection, hash_: bytes, *, now_ms: int) -> None:
    """Tell of a card that is about to be blocked; nothing of one that was, nor of nobody's."""
    owner = tables.owner(conn, hash_)
    # Of two who block it in one moment the second waits here, and finds it blocked.
    if owner is None or not tables.hold(conn, [owner]):
        return
    card = tables.credential(conn, hash_)
    if card is not None and card.state != "blocked":
        news.tell(conn, [news.News("card.blocked", now_ms, card.customer_id)])
