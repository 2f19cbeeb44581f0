"""Every statement about customers made in this shop, until the hub has them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

import msgspec

from edge.consent import tables as consent
from edge.consent.rules import PURPOSES
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined, SealedTrait
from edge.joining.rules import ends_ms
from edge.recognition import tables as recognition
from edge.visits import tables as visits


def joined(conn: Connection, fact: CustomerJoined) -> None:
    """Write the customer, their yeses and their card, all in the journal."""
    conn.execute(
        "INSERT INTO joined (customer_id, wrapped, traits) VALUES (?, ?, ?)",
        (fact.customer_id, fact.key, msgspec.json.encode(fact.traits)),
    )
    for yes in fact.consents:
        row: dict[str, object] = {
            "customer_id": fact.customer_id,
            "purpose": yes.purpose,
            "recipient": yes.recipient,
            "basis": PURPOSES[yes.purpose],
            "gen": 1,
            "state": "given",
            "from_ms": fact.at_ms,
            "until_ms": ends_ms(yes.purpose, yes.until_ms),
        }
        consent.put_here(conn, row)
    if fact.hash:
        recognition.bind_credential(
            conn, fact.hash, customer_id=fact.customer_id, kind=fact.card_kind, bound_ms=fact.at_ms
        )


def bound(conn: Connection, fact: CredentialBound) -> None:
    recognition.bind_credential(
        conn, fact.hash, customer_id=fact.customer_id, kind=fact.kind, bound_ms=fact.at_ms
    )


def blocked(conn: Connection, fact: CredentialBlocked) -> None:
    recognition.block_credential(conn, fact.hash, customer_id=fact.customer_id)
    visits.unprove(conn, fact.customer_id)


@dataclass(frozen=True, slots=True)
class Local:
    """A customer whom the hub has not sent back yet."""

    customer_id: bytes
    wrapped: bytes = field(repr=False)
    traits: tuple[SealedTrait, ...]


def locals_(conn: Connection) -> Iterator[Local]:
    """Customers made here that the hub has not sent back yet."""
    for customer_id, wrapped, traits in conn.execute(
        "SELECT customer_id, wrapped, traits FROM joined"
    ).fetchall():
        yield Local(customer_id, wrapped, msgspec.json.decode(traits, type=tuple[SealedTrait, ...]))


def left_out(conn: Connection) -> list[bytes]:
    """Whom of these the replica in use lacks."""
    found = conn.execute(
        """
        SELECT customer_id FROM main.joined AS j
        WHERE NOT EXISTS (SELECT 1 FROM replica.customer AS c WHERE c.id=j.customer_id)
        """
    )
    return [customer_id for (customer_id,) in found.fetchall()]


_UNSAID: Final = """
    SELECT m.customer_id, m.hash FROM main.credential AS m
    JOIN replica.credential AS r ON r.hash=m.hash AND r.customer_id=m.customer_id
    WHERE m.state='blocked' AND r.state='active'"""


def unsaid(conn: Connection, *, now_ms: int) -> list[CredentialBlocked]:
    """Cards that are blocked here and that the hub does not know as such (any more)."""
    return _lost(conn, _UNSAID, now_ms=now_ms)


_OF_OTHERS: Final = """
    UPDATE main.credential SET owed=0 WHERE hash IN (
        SELECT hash FROM main.credential AS m
        WHERE owed=1 AND NOT EXISTS (SELECT 1 FROM replica.customer AS c WHERE c.id=m.customer_id) LIMIT :most)
    RETURNING customer_id, hash"""


def owe(conn: Connection) -> None:
    """Of each card that is blocked here the hub may not know that (any more)."""
    conn.execute("UPDATE main.credential SET owed=1 WHERE state='blocked'")


def owes(conn: Connection) -> bool:
    (found,) = conn.execute("SELECT EXISTS (SELECT 1 FROM main.credential WHERE owed=1)").fetchone()
    return bool(found)


def of_others(conn: Connection, *, most: int, now_ms: int) -> list[CredentialBlocked]:
    """Owed blocks of cards of whoever is not in the replica, which are owed no more."""
    return _lost(conn, _OF_OTHERS, most=most, now_ms=now_ms)


def owe_nothing(conn: Connection) -> None:
    conn.execute("UPDATE main.credential SET owed=0 WHERE owed=1")


def _lost(conn: Connection, which: str, *, now_ms: int, most: int = 0) -> list[CredentialBlocked]:
    return [
        CredentialBlocked(customer_id, hash_, staff_id=b"", why="lost", at_ms=now_ms)
        for customer_id, hash_ in conn.execute(which, {"most": most}).fetchall()
    ]


# Once the hub's own row stands in the replica, ours is only a copy that could grow old. The order of two
# generations is that of consent.rules.merge.
_CONFIRMED: Final = (
    "main.joined WHERE EXISTS (SELECT 1 FROM replica.customer AS r WHERE r.id=joined.customer_id AND r.ver>0)",
    """
    main.credential WHERE state='active' AND EXISTS (
        SELECT 1 FROM replica.credential AS r WHERE r.hash=credential.hash)""",
    """
    main.consent WHERE state='given' AND EXISTS (
        SELECT 1 FROM replica.consent AS r WHERE r.customer_id=consent.customer_id
            AND r.purpose=consent.purpose AND r.recipient=consent.recipient AND r.gen>=consent.gen)""",
)
_ANY_CONFIRMED: Final = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {each})" for each in _CONFIRMED)


def confirmed(conn: Connection) -> bool:
    """Whether the replica has something of ours from the hub now."""
    (found,) = conn.execute(_ANY_CONFIRMED).fetchone()
    return bool(found)


def settle(conn: Connection) -> None:
    """Leave to the replica what the hub has confirmed; to be run once its rows are on the disk."""
    for each in _CONFIRMED:
        conn.execute(f"DELETE FROM {each}")


def anything_local(conn: Connection) -> bool:
    """Whether the hub still has something of ours to confirm."""
    (found,) = conn.execute(
        """
        SELECT EXISTS (SELECT 1 FROM main.joined)
            OR EXISTS (SELECT 1 FROM main.credential WHERE state='active')
            OR EXISTS (SELECT 1 FROM main.consent WHERE state='given')
        """
    ).fetchone()
    return bool(found)


def forget(conn: Connection, customer_id: bytes) -> None:
    conn.execute("DELETE FROM joined WHERE customer_id=?", (customer_id,))
