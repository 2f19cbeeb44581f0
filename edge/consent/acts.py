"""What happens when a customer changes their mind in this shop."""

from sqlite3 import Connection

from edge.consent import tables
from edge.consent.facts import ConsentGiven, ConsentWithdrawn
from edge.consent.records import Said
from edge.consent.rules import PURPOSES, merge


def withdraw(
    conn: Connection,
    customer_id: bytes,
    *,
    purpose: str,
    recipient: str,
    now_ms: int,
    said: Said | None = None,
) -> list[ConsentWithdrawn]:
    """Withdraw a consent: always accepted, needs no network; nothing happens when it was not given."""
    if PURPOSES.get(purpose) != "consent":
        return []  # the hub says NO_CONSENT: saving and receipts rest on something else
    held = merge(*tables.registers(conn, customer_id, purpose=purpose, recipient=recipient))
    if held is None or held.state == "withdrawn":
        return []
    return [
        ConsentWithdrawn(
            customer_id=customer_id,
            purpose=purpose,
            recipient=recipient,
            gen=held.gen,
            at_ms=now_ms,
            said=said,
        )
    ]


def give(
    conn: Connection,
    customer_id: bytes,
    *,
    purpose: str,
    recipient: str,
    until_ms: int | None,
    staff_id: bytes,
    now_ms: int,
    said: Said | None = None,
) -> list[ConsentGiven]:
    """Give a consent; nothing happens where it holds already, for no yes is shortened by being asked again."""
    if PURPOSES.get(purpose) != "consent":
        return []
    if tables.holds(conn, customer_id, purpose=purpose, recipient=recipient, now_ms=now_ms):
        return []
    held = merge(*tables.registers(conn, customer_id, purpose=purpose, recipient=recipient))
    gen = held.gen + 1 if held else 1
    return [
        ConsentGiven(
            customer_id=customer_id,
            purpose=purpose,
            recipient=recipient,
            gen=gen,
            until_ms=until_ms,
            base=held.state if held else "",
            staff_id=staff_id,
            at_ms=now_ms,
            said=said,
        )
    ]
