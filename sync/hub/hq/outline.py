"""A customer without a word of their own: where they are known, what they agreed to, what kinds of cards."""

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.recognition.rules import CredentialKind
from sync.hub import people
from sync.hub.config import Keys
from sync.hub.hq import shapes, whom
from sync.hub.tables import people as tables


def find(
    conn: Connection, keys: Keys, *, ref: str = "", card: tuple[CredentialKind, str] | None = None
) -> bytes:
    """The id behind headquarters' own number, or behind a card; raises Refused for nobody."""
    customer = None
    if card:
        customer = tables.owner(conn, people.inner_hash(keys, *card))
    elif ref.strip():
        customer = whom.customer_id(keys, ref)
    if customer is None and card:
        hint = (
            "check its kind and how it is read (number:… or uid:…), or look by headquarters' own number (ref)"
        )
        raise Refused("nobody has this card", code="UNKNOWN_CUSTOMER", hint=hint)
    if customer is None:
        raise Refused("nobody is asked for", code="UNKNOWN_CUSTOMER", hint="give a ref or a card")
    whom.known(conn, customer)
    return customer


def outline(conn: Connection, customer: bytes) -> shapes.Customer:
    """Everything but the values of their traits; raises Refused for nobody."""
    whom.known(conn, customer)
    return shapes.Customer(
        id=customer.hex(),
        shops=tables.shops_of(conn, customer),
        traits={},
        consents=[
            shapes.Register(each.purpose, each.recipient, each.basis, each.state, each.gen, each.until_ms)
            for each in tables.consents(conn, customer)
        ],
        cards=[
            shapes.CardSeen(each.kind or "unknown", each.state, each.bound_ms)
            for each in tables.credentials(conn, customer)
        ],
    )
