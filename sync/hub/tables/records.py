"""What happened to consents, and the texts that were read before them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from edge.kit.sql import Connection, spread


class Happened(NamedTuple):
    """One event of a register; `notice` is the hash of the text, None where none is known."""

    purpose: str
    recipient: str
    gen: int
    granted: int
    state: str
    at_ms: int
    until_ms: int | None
    how: str
    by_whom: str
    language: str
    shop_id: str
    notice: bytes | None
    benefit: str


class Notice(NamedTuple):
    sha256: bytes
    version: str
    language: str
    text: str
    first_ms: int


def put(conn: Connection, customer_id: bytes, events: Iterable[Happened]) -> None:
    """Write events; one that is there already stays as it was first told."""
    conn.executemany(
        """
        INSERT INTO consent_event (customer_id, purpose, recipient, gen, granted, state, at_ms, until_ms, how,
            by_whom, language, shop_id, notice, benefit)
        VALUES (:customer_id, :purpose, :recipient, :gen, :granted, :state, :at_ms, :until_ms, :how,
            :by_whom, :language, :shop_id, :notice, :benefit)
        ON CONFLICT (customer_id, purpose, recipient, gen, granted) DO UPDATE SET state=consent_event.state
        """,
        [{"customer_id": customer_id, **each._asdict()} for each in events],
    )


def put_notice(conn: Connection, notice: Notice) -> None:
    """Keep a text under its hash, once."""
    conn.execute(
        """
        INSERT INTO notice (sha256, version, language, text, first_ms)
        VALUES (:sha256, :version, :language, :text, :first_ms)
        ON CONFLICT (sha256) DO UPDATE SET sha256=excluded.sha256
        """,
        notice._asdict(),
    )


def notice(conn: Connection, digest: bytes) -> Notice | None:
    row = conn.execute(
        "SELECT sha256, version, language, text, first_ms FROM notice WHERE sha256=:sha256",
        {"sha256": digest},
    ).fetchone()
    return Notice(bytes(row[0]), *row[1:]) if row else None


def versions(conn: Connection, digests: Iterable[bytes]) -> Mapping[bytes, str]:
    """Which version of the program first showed each of these texts."""
    those, given = spread("digest", digests)
    rows = conn.execute(f"SELECT sha256, version FROM notice WHERE sha256 IN {those}", given)
    return {bytes(digest): version for digest, version in rows}


def of_customer(conn: Connection, customer_id: bytes) -> list[Happened]:
    """Everything that happened to a customer's consents; of one generation the yes first."""
    rows = conn.execute(
        """
        SELECT purpose, recipient, gen, granted, state, at_ms, until_ms, how, by_whom, language, shop_id, notice,
            benefit
        FROM consent_event WHERE customer_id=:id ORDER BY purpose, recipient, gen, granted DESC
        """,
        {"id": customer_id},
    )
    found = (Happened(*row) for row in rows)
    return [each._replace(notice=bytes(each.notice)) if each.notice is not None else each for each in found]


def first_told(conn: Connection, customer_id: bytes, kinds: Iterable[str], *, since_ms: int) -> int | None:
    """When a shop first told one of these kinds of facts about a customer."""
    those, given = spread("kind", kinds)
    (at_ms,) = conn.execute(
        f"""
        SELECT min(at_ms) FROM event WHERE customer_id=:id AND customer_id IS NOT NULL AND code IS NULL
            AND at_ms>=:since_ms AND kind IN {those}
        """,
        {"id": customer_id, "since_ms": since_ms, **given},
    ).fetchone()
    return None if at_ms is None else int(at_ms)
