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

# Whom the new one does not name left this shop, or is asked after (`edge.missing`).
# An agreement is headquarters' own to take back.
_REGISTERS: Final = """
    SELECT o.customer_id, o.purpose, o.recipient, o.basis, o.gen, o.from_ms, o.until_ms
    FROM replica.consent AS o JOIN fetched.customer AS c ON c.id=o.customer_id
    LEFT JOIN fetched.consent AS n
        ON n.customer_id=o.customer_id AND n.purpose=o.purpose AND n.recipient=o.recipient
    WHERE o.state='withdrawn' AND o.basis='consent'
        AND (n.gen IS NULL OR n.gen<o.gen OR (n.gen=o.gen AND n.state='given'))"""
_CARDS: Final = """
    SELECT o.hash, o.customer_id FROM replica.credential AS o JOIN fetched.customer AS c ON c.id=o.customer_id
    LEFT JOIN fetched.credential AS n ON n.hash=o.hash
    WHERE o.state='blocked' AND (n.hash IS NULL OR n.state<>'blocked')"""


@contextmanager
def beside(replica: Path) -> Iterator[Connection]:
    """A connection of its own that reads the file as schema `replica`, while others use it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, uri=True)) as conn:
        attach_read_only(conn, "replica", replica)
        yield conn


def lacking(conn: Connection, fetched: Path) -> list[wire.Row]:
    """Withdrawals and blocks of `replica` that the file `fetched` lacks, as rows that put them."""
    attach_read_only(conn, "fetched", fetched)
    try:
        registers, cards = conn.execute(_REGISTERS).fetchall(), conn.execute(_CARDS).fetchall()
    finally:
        conn.execute("DETACH DATABASE fetched")
    return [
        _row("credential", hash_.hex(), wire.Credential(customer.hex(), "blocked"))
        for hash_, customer in cards
    ] + [
        _row(
            "consent",
            f"{customer.hex()}/{purpose}/{recipient}",
            wire.Consent(
                customer=customer.hex(),
                purpose=purpose,
                recipient=recipient,
                basis=basis,
                gen=gen,
                state="withdrawn",
                from_ms=from_ms,
                until_ms=until_ms,
            ),
        )
        for customer, purpose, recipient, basis, gen, from_ms, until_ms in registers
    ]


def _row(t: str, id_: str, body: wire.Credential | wire.Consent) -> wire.Row:
    return wire.Row("snapshot", 1, "put", t, id_, 1, msgspec.Raw(msgspec.json.encode(body)))
