"""Every statement about customers, their keys, traits and credentials."""

from sqlite3 import Connection
from typing import Final

from edge.consent.tables import basis_until
from edge.recognition.rules import Found

_BASIS: Final = basis_until("c.customer_id", "'recognition'")
_HERE: Final = f"SELECT c.customer_id, c.state, {_BASIS} FROM main.credential AS c WHERE c.hash=:hash"
_THERE: Final = f"SELECT c.customer_id, c.state, {_BASIS} FROM replica.credential AS c WHERE c.hash=:hash"


def find(conn: Connection, credential: bytes, *, recipient: str, now_ms: int) -> Found | None:
    """Whose credential this is and whether they may be recognised now; None for a stranger."""
    asked = {"hash": credential, "recipient": recipient, "now_ms": now_ms}
    here = conn.execute(_HERE, asked).fetchone()
    there = conn.execute(_THERE, asked).fetchone()
    # What was made here goes before what the hub last said, but what is blocked anywhere is blocked.
    first = here or there
    if first is None:
        return None
    blocked = any(row is not None and row[1] == "blocked" for row in (here, there))
    return Found(customer_id=first[0], blocked=blocked, may_recognise=first[2] is not None)


_KNOWN: Final = """
    SELECT EXISTS (SELECT 1 FROM replica.credential WHERE hash=:hash)
        OR EXISTS (SELECT 1 FROM main.credential WHERE hash=:hash)"""


def is_known(conn: Connection, credential: bytes) -> bool:
    """Whether this is anybody's credential here: the cheap question that ends strangers."""
    (known,) = conn.execute(_KNOWN, {"hash": credential}).fetchone()
    return bool(known)


_PUT_KEY: Final = """
    INSERT INTO replica.customer_key (customer_id, wrapped) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET wrapped=excluded.wrapped"""
_PUT_CUSTOMER: Final = """
    INSERT INTO replica.customer (id, ver) VALUES (:id, :ver)
    ON CONFLICT DO UPDATE SET ver=excluded.ver WHERE excluded.ver>ver"""
_PUT_TRAIT: Final = """
    INSERT INTO replica.trait (customer_id, name, sealed, ver, as_of_ms, until_ms)
    VALUES (:customer_id, :name, :sealed, :ver, :as_of_ms, :until_ms)
    ON CONFLICT DO UPDATE SET sealed=excluded.sealed, ver=excluded.ver, as_of_ms=excluded.as_of_ms,
        until_ms=excluded.until_ms WHERE excluded.ver>=ver"""
_PUT_CREDENTIAL: Final = """
    INSERT INTO replica.credential (hash, customer_id, state, ver) VALUES (:hash, :customer_id, :state, :ver)
    ON CONFLICT DO UPDATE SET customer_id=excluded.customer_id, state=excluded.state, ver=excluded.ver
    WHERE excluded.ver>ver"""


def put_key(conn: Connection, customer_id: bytes, wrapped: bytes) -> None:
    conn.execute(_PUT_KEY, (customer_id, wrapped))


def put_customer(conn: Connection, customer_id: bytes, *, ver: int, traits: list[dict[str, object]]) -> None:
    """A customer whole: traits that are no longer in the list are gone."""
    if not conn.execute(_PUT_CUSTOMER, {"id": customer_id, "ver": ver}).rowcount:
        return
    names = {trait["name"] for trait in traits}
    for (name,) in conn.execute(
        "SELECT name FROM replica.trait WHERE customer_id=?", (customer_id,)
    ).fetchall():
        if name not in names:
            conn.execute("DELETE FROM replica.trait WHERE customer_id=? AND name=?", (customer_id, name))
    conn.executemany(_PUT_TRAIT, traits)


def put_credential(conn: Connection, row: dict[str, object]) -> None:
    conn.execute(_PUT_CREDENTIAL, row)


def is_resident(conn: Connection, customer_id: bytes) -> bool:
    """Whether the replica holds this customer."""
    found = conn.execute("SELECT 1 FROM replica.customer WHERE id=?", (customer_id,)).fetchone()
    return found is not None


def block_credential(conn: Connection, credential: bytes, *, customer_id: bytes) -> None:
    """A block that came down the urgent lane; it outlives a rebuilt replica."""
    conn.execute(
        """
        INSERT INTO main.credential (hash, customer_id, state) VALUES (?, ?, 'blocked')
        ON CONFLICT DO UPDATE SET state='blocked'
        """,
        (credential, customer_id),
    )


def bind_credential(conn: Connection, credential: bytes, *, customer_id: bytes) -> None:
    """A card that became somebody's in this shop; one that is blocked stays so."""
    conn.execute(
        """
        INSERT INTO main.credential (hash, customer_id, state) VALUES (?, ?, 'active')
        ON CONFLICT DO NOTHING
        """,
        (credential, customer_id),
    )


def drop_credential(conn: Connection, credential: bytes) -> None:
    conn.execute("DELETE FROM replica.credential WHERE hash=?", (credential,))


def forget(conn: Connection, customer_id: bytes) -> None:
    """Remove a customer from the replica; with the key gone, no copy anywhere opens again."""
    for table in ("customer_key", "trait", "credential"):
        conn.execute(f"DELETE FROM replica.{table} WHERE customer_id=?", (customer_id,))
    conn.execute("DELETE FROM replica.customer WHERE id=?", (customer_id,))


def forget_here(conn: Connection, customer_id: bytes) -> None:
    """Remove what was bound or blocked in this shop."""
    conn.execute("DELETE FROM main.credential WHERE customer_id=?", (customer_id,))


SealedName = tuple[bytes, bytes, int, bytes]  # customer, sealed name, its version, wrapped key

_NAMES: Final = f"""
    SELECT t.customer_id, t.sealed, t.ver, k.wrapped
    FROM replica.trait AS t JOIN replica.customer_key AS k ON k.customer_id=t.customer_id
    WHERE t.name='name' AND (t.until_ms IS NULL OR t.until_ms>:now_ms)
        AND {basis_until("t.customer_id", "'recognition'")} IS NOT NULL"""


def names_after(
    conn: Connection, after: bytes, *, recipient: str, now_ms: int, most: int
) -> list[SealedName]:
    """The next names in order of customer id, of those who may be recognised now: a slice for the index."""
    return conn.execute(
        f"{_NAMES} AND t.customer_id>:after ORDER BY t.customer_id LIMIT :most",
        {"after": after, "recipient": recipient, "now_ms": now_ms, "most": most},
    ).fetchall()


def name_of(conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int) -> SealedName | None:
    """One customer's name, None when they may not be recognised now."""
    row: SealedName | None = conn.execute(
        f"{_NAMES} AND t.customer_id=:customer_id",
        {"customer_id": customer_id, "recipient": recipient, "now_ms": now_ms},
    ).fetchone()
    return row
