"""Every statement about refusals; what advice reads of histories, catalogue and stock; the gate before showing it."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from sqlite3 import Connection
from typing import Final

from edge.advice.facts import SuggestionDismissed
from edge.advice.rules import REFUSED_MS, Basket, Item, baskets_of
from edge.consent.tables import basis_until, over
from edge.recognition import tables as recognition
from edge.recognition.profile import unseal_trait, unwrap
from edge.recognition.tables import SealedBaskets


@dataclass(frozen=True, slots=True)
class Standing:
    """An open visit: until when its customer may be recognised, and until when profiled (None: not)."""

    customer_id: bytes = field(repr=False)
    recognition_ms: int
    profiling_ms: int | None


_STANDING: Final = f"""
    SELECT * FROM (
        SELECT v.customer_id, {basis_until("v.customer_id", "'recognition'")} AS recognition_ms,
            {basis_until("v.customer_id", "'profiling'")}
        FROM visit AS v WHERE v.id=:visit_id AND v.ended_ms IS NULL
    ) WHERE recognition_ms IS NOT NULL"""


def standing(conn: Connection, visit_id: bytes, *, recipient: str, now_ms: int) -> Standing | None:
    """What may be shown at a visit now; None when it ended or its customer may not be recognised."""
    place = {"visit_id": visit_id, "recipient": recipient, "now_ms": now_ms}
    row = conn.execute(_STANDING, place).fetchone()
    return Standing(*row) if row else None


@dataclass(frozen=True, slots=True)
class Own:
    """One customer's purchases as far as a basis holds, which is until `until_ms`."""

    baskets: tuple[Basket, ...] = field(repr=False)
    until_ms: int


def own(conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int, kek: bytes) -> Own | None:
    """A customer's purchases, None without a basis or a history; raises Corrupt when they do not open."""
    row = recognition.baskets_of(conn, customer_id, recipient=recipient, now_ms=now_ms)
    return opened(row, now_ms=now_ms, kek=kek) if row else None


def opened(row: SealedBaskets, *, now_ms: int, kek: bytes) -> Own:
    """A sealed history, opened; what is older than its retention is left out line by line."""
    customer_id, sealed, ver, wrapped, until_ms = row
    key = unwrap(kek, customer_id, wrapped)
    value = unseal_trait(key, customer_id, name="baskets", ver=ver, sealed=sealed)
    return Own(baskets_of(value, now_ms=now_ms), until_ms)


_ITEMS: Final = """
    SELECT p.item, p.title, p.category || ' / ' || p.department, p.durable, p.sensitive, s.count, p.place, s.as_of_ms
    FROM replica.product AS p LEFT JOIN replica.stock AS s ON s.item=p.item
    WHERE p.item IN (SELECT value FROM json_each(?))"""


def items(conn: Connection, names: Collection[str]) -> dict[str, Item]:
    """Those of `names` that the catalogue has, with their stock as it is now."""
    found = conn.execute(_ITEMS, (json.dumps(list(names)),))
    return {
        item: Item(item, title, category, bool(durable), bool(sensitive), stock, place, counted_ms)
        for item, title, category, durable, sensitive, stock, place, counted_ms in found
    }


def dismissed(conn: Connection, fact: SuggestionDismissed) -> None:
    conn.execute(
        """
        INSERT INTO refusal (customer_id, item, at_ms) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET at_ms=max(at_ms, excluded.at_ms)
        """,
        (fact.customer_id, fact.item, fact.at_ms),
    )


def refused(conn: Connection, customer_id: bytes, *, now_ms: int) -> frozenset[str]:
    """Items that the customer said no to within 14 days."""
    rows = conn.execute(
        "SELECT item FROM refusal WHERE customer_id=? AND at_ms>?", (customer_id, now_ms - REFUSED_MS)
    )
    return frozenset(item for (item,) in rows)


def prune(conn: Connection, *, now_ms: int, most: int = 500) -> int:
    """Forget refusals that no longer count, in slices."""
    done = conn.execute(
        """
        DELETE FROM refusal WHERE (customer_id, item) IN (
            SELECT customer_id, item FROM refusal WHERE at_ms<=:before_ms LIMIT :most)
        """,
        {"before_ms": now_ms - REFUSED_MS, "most": most},
    )
    return done.rowcount


def drop_stopped(conn: Connection, after: bytes, *, before_ms: int, most: int = 500) -> bytes | None:
    """Forget what was refused by and suggested to the next customers after one whose yes to advice is over since an
    instant; the last who was looked at, None at the end."""
    (last,) = conn.execute(
        """
        SELECT max(customer_id) FROM (
            SELECT customer_id FROM (SELECT customer_id FROM refusal UNION SELECT customer_id FROM suggestion)
            WHERE customer_id>? ORDER BY customer_id LIMIT ?)
        """,
        (after, most),
    ).fetchone()
    for table in ("refusal", "suggestion") if last is not None else ():
        stopped = over(f"{table}.customer_id", "'profiling'")
        conn.execute(
            f"DELETE FROM {table} WHERE customer_id>:after AND customer_id<=:last AND {stopped}",
            {"after": after, "last": last, "before_ms": before_ms},
        )
    return None if last is None else bytes(last)


def forget(conn: Connection, customer_id: bytes) -> None:
    """Nothing of what was suggested to them, and of what they said no to, is left."""
    conn.execute("DELETE FROM refusal WHERE customer_id=?", (customer_id,))
    conn.execute("DELETE FROM suggestion WHERE customer_id=?", (customer_id,))


def put_model(conn: Connection, name: str, packed: bytes, *, sha256_hex: str, ver: int) -> None:
    """What headquarters learnt, in place of an earlier version of it."""
    conn.execute(
        """
        INSERT INTO replica.model (name, packed, sha256, ver) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET packed=excluded.packed, sha256=excluded.sha256, ver=excluded.ver
        WHERE excluded.ver>ver
        """,
        (name, packed, sha256_hex, ver),
    )


def model(conn: Connection, name: str) -> bytes | None:
    """A model of headquarters; None where there is none, or its bytes are not those it was sent with."""
    row = conn.execute("SELECT packed, sha256 FROM replica.model WHERE name=?", (name,)).fetchone()
    return bytes(row[0]) if row and sha256(row[0]).hexdigest() == row[1] else None
