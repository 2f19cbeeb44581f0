"""What the replica in use knows to be taken away, and the one that is to follow it does not: a hub that was put back
from a backup forgot it, and a box that had fetched all from it since heard of it nowhere else.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Final

import msgspec

from edge.kit.sqlite_open import attach_read_only
from sync import wire

_REGISTERS: Final = """
    SELECT o.customer_id, o.purpose, o.recipient, o.basis, o.gen, o.from_ms, o.until_ms
    FROM replica.consent AS o {} WHERE o.state='withdrawn' AND o.basis='consent'"""
_CARDS: Final = "SELECT o.hash, o.customer_id FROM replica.credential AS o {} WHERE o.state='blocked'"
# Whom the new one does not name left this shop, or is asked after (`edge.missing`).
# An agreement is headquarters' own to take back.
_UNKNOWN_REGISTERS: Final = (
    _REGISTERS.format(
        """JOIN fetched.customer AS c ON c.id=o.customer_id LEFT JOIN fetched.consent AS n
        ON n.customer_id=o.customer_id AND n.purpose=o.purpose AND n.recipient=o.recipient"""
    )
    + " AND (n.gen IS NULL OR n.gen<o.gen OR (n.gen=o.gen AND n.state='given'))"
)
_UNKNOWN_CARDS: Final = (
    _CARDS.format(
        "JOIN fetched.customer AS c ON c.id=o.customer_id LEFT JOIN fetched.credential AS n ON n.hash=o.hash"
    )
    + " AND (n.hash IS NULL OR n.state<>'blocked')"
)


@contextmanager
def beside(replica: Path) -> Iterator[Connection]:
    """A connection of its own that reads the file as schema `replica`, while others use it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, uri=True)) as conn:
        attach_read_only(conn, "replica", replica)
        yield conn


def lacking(conn: Connection, fetched: Path | None) -> list[wire.Row]:
    """Withdrawals and blocks of `replica` that the file `fetched` lacks, as rows; without a file, all."""
    if fetched is None:
        return _rows(conn, _REGISTERS.format(""), _CARDS.format(""))
    attach_read_only(conn, "fetched", fetched)
    try:
        return _rows(conn, _UNKNOWN_REGISTERS, _UNKNOWN_CARDS)
    finally:
        conn.execute("DETACH DATABASE fetched")


def _rows(conn: Connection, registers: str, cards: str) -> list[wire.Row]:
    found = [
        _row("credential", hash_.hex(), wire.Credential(customer.hex(), "blocked"))
        for hash_, customer in conn.execute(cards).fetchall()
    ]
    for customer, purpose, recipient, basis, gen, from_ms, until_ms in conn.execute(registers).fetchall():
        register = wire.Consent(
            customer=customer.hex(),
            purpose=purpose,
            recipient=recipient,
            basis=basis,
            gen=gen,
            state="withdrawn",
            from_ms=from_ms,
            until_ms=until_ms,
        )
        found.append(_row("consent", f"{customer.hex()}/{purpose}/{recipient}", register))
    return found


def _row(t: str, id_: str, body: wire.Credential | wire.Consent) -> wire.Row:
    return wire.Row("snapshot", 1, "put", t, id_, 1, msgspec.Raw(msgspec.json.encode(body)))
