"""The central ledger, and the traits as they change with it."""

from collections.abc import Mapping
from typing import Any, Final

from edge.kit.sql import Connection
from sync import wire

_LINE: Final = """
    INSERT INTO ledger (device_id, epoch, seq, line_id, customer_id, instrument, delta, short, why, at_ms)
    VALUES (:device_id, :epoch, :seq, :line_id, :customer_id, :instrument, :delta, :short, :why, :at_ms)"""


def add(conn: Connection, line: Mapping[str, Any]) -> None:
    conn.execute(_LINE, line)


def has(conn: Connection, line_id: bytes) -> bool:
    found = conn.execute("SELECT 1 FROM ledger WHERE line_id=:line_id", {"line_id": line_id}).fetchone()
    return found is not None


def last(conn: Connection, device_id: str) -> int:
    """The last number of a book of our own, 0 for none."""
    (seq,) = conn.execute(
        "SELECT coalesce(max(seq), 0) FROM ledger WHERE device_id=:id AND epoch=1", {"id": device_id}
    ).fetchone()
    return int(seq)


def short(conn: Connection, customer_id: bytes) -> dict[str, int]:
    """By instrument: what was given to a customer though it was no longer there."""
    rows = conn.execute(
        """
        SELECT instrument, sum(short) FROM ledger WHERE customer_id=:customer_id AND short>0 GROUP BY instrument
        """,
        {"customer_id": customer_id},
    )
    return dict(rows.fetchall())


def forget(conn: Connection, customer_id: bytes, *, nobody: bytes) -> None:
    """Put `nobody`, a random id, in place of a customer."""
    conn.execute(
        "UPDATE ledger SET customer_id=:nobody WHERE customer_id=:customer_id",
        {"nobody": nobody, "customer_id": customer_id},
    )


def wrapped_key(conn: Connection, customer_id: bytes) -> bytes | None:
    row = conn.execute(
        "SELECT wrapped FROM customer_key WHERE customer_id=:id", {"id": customer_id}
    ).fetchone()
    return bytes(row[0]) if row else None


def traits(conn: Connection, customer_id: bytes) -> list[wire.Trait]:
    """All traits of a customer, as they go out."""
    rows = conn.execute(
        "SELECT name, sealed, ver, as_of_ms, until_ms FROM trait WHERE customer_id=:id ORDER BY name",
        {"id": customer_id},
    )
    return [wire.Trait(*row) for row in rows]


def trait(conn: Connection, customer_id: bytes, name: str) -> wire.Trait | None:
    row = conn.execute(
        """
        SELECT name, sealed, ver, as_of_ms, until_ms FROM trait WHERE customer_id=:id AND name=:name
        """,
        {"id": customer_id, "name": name},
    ).fetchone()
    return wire.Trait(*row) if row else None


def put_trait(conn: Connection, customer_id: bytes, trait: wire.Trait) -> None:
    conn.execute(
        """
        UPDATE trait SET sealed=:sealed, ver=:ver, as_of_ms=:as_of_ms, until_ms=:until_ms
        WHERE customer_id=:id AND name=:name
        """,
        {
            "id": customer_id,
            "name": trait.name,
            "sealed": trait.sealed,
            "ver": trait.ver,
            "as_of_ms": trait.as_of_ms,
            "until_ms": trait.until_ms,
        },
    )


def drop_trait(conn: Connection, customer_id: bytes, name: str) -> None:
    conn.execute("DELETE FROM trait WHERE customer_id=:id AND name=:name", {"id": customer_id, "name": name})


def raise_ver(conn: Connection, customer_id: bytes) -> int:
    """The next version of a customer's row in the feed."""
    (ver,) = conn.execute(
        "UPDATE customer SET ver=ver+1 WHERE id=:id RETURNING ver", {"id": customer_id}
    ).fetchone()
    return int(ver)
