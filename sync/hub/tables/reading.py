"""What headquarters' programs may read of a customer: nothing without a basis, asked for in the same query."""

from typing import Final

from edge.consent.rules import TRAITS
from edge.kit.sql import Connection
from sync.hub.tables.portal import Sealed

# Trait -> purpose as SQL; the names are ours.
_PURPOSE: Final = (
    "CASE t.name "
    + " ".join(f"WHEN '{name}' THEN '{trait.purpose}'" for name, trait in TRAITS.items())
    + " END"
)
_BASIS: Final = """
    EXISTS (SELECT 1 FROM consent AS c WHERE c.customer_id=:customer_id AND c.state='given'
        AND (c.until_ms IS NULL OR c.until_ms>:now_ms) AND c.purpose="""


def traits(conn: Connection, customer_id: bytes, *, now_ms: int) -> list[Sealed]:
    """The traits of a customer whose purpose has a basis now, with some recipient of the chain."""
    rows = conn.execute(
        f"""
        SELECT t.customer_id, t.name, t.sealed, t.ver, t.as_of_ms, k.wrapped
        FROM trait AS t JOIN customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.customer_id=:customer_id AND (t.until_ms IS NULL OR t.until_ms>:now_ms)
            AND {_BASIS}{_PURPOSE})
        ORDER BY t.name
        """,
        {"customer_id": customer_id, "now_ms": now_ms},
    )
    return [Sealed(*row) for row in rows]


def has_basis(conn: Connection, customer_id: bytes, purpose: str, *, now_ms: int) -> bool:
    """Whether a purpose has a basis now."""
    row = conn.execute(
        f"SELECT 1 WHERE {_BASIS}:purpose)",
        {"customer_id": customer_id, "purpose": purpose, "now_ms": now_ms},
    ).fetchone()
    return row is not None


def customers(conn: Connection, *, after: bytes, most: int) -> list[bytes]:
    """Ids after one, in their order."""
    rows = conn.execute(
        "SELECT id FROM customer WHERE id>:after ORDER BY id LIMIT :most", {"after": after, "most": most}
    )
    return [bytes(id_) for (id_,) in rows]


def agreed(conn: Connection, purpose: str, *, now_ms: int) -> int:
    """How many customers have a basis for a purpose now."""
    row = conn.execute(
        """
        SELECT count(DISTINCT customer_id) FROM consent
        WHERE purpose=:purpose AND state='given' AND (until_ms IS NULL OR until_ms>:now_ms)
        """,
        {"purpose": purpose, "now_ms": now_ms},
    ).fetchone()
    return int(row[0])
