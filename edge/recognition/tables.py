"""Every statement about customers, their keys, traits and credentials."""

from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from edge.consent.rules import MINOR, PURPOSES, TRAITS
from edge.consent.tables import FOREVER_MS, basis_until, over
from edge.recognition.rules import Found

_BASIS: Final = basis_until("c.customer_id", "'recognition'")
_FIND: Final = " UNION ALL ".join(
    f"SELECT {place} AS place, c.customer_id, c.state, {_BASIS} FROM {file}.credential AS c WHERE c.hash=:hash"
    for place, file in enumerate(("main", "replica"))
)


def find(conn: Connection, credential: bytes, *, recipient: str, now_ms: int) -> Found | None:
    """Whose credential this is and whether they may be recognised now; None for a stranger."""
    asked = {"hash": credential, "recipient": recipient, "now_ms": now_ms}
    rows = conn.execute(_FIND, asked).fetchall()
    if not rows:
        return None
    # What was made here goes before what the hub last said, but what is blocked anywhere is blocked.
    _, customer_id, _, until_ms = min(rows)
    blocked = any(state == "blocked" for _, _, state, _ in rows)
    return Found(customer_id=customer_id, blocked=blocked, may_recognise=until_ms is not None)


_MAY: Final = "SELECT " + basis_until(":customer_id", "'recognition'")


def may_recognise(conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int) -> bool:
    """Whether this customer may be recognised now."""
    asked = {"customer_id": customer_id, "recipient": recipient, "now_ms": now_ms}
    (until_ms,) = conn.execute(_MAY, asked).fetchone()
    return until_ms is not None


_KNOWN: Final = """
    SELECT EXISTS (SELECT 1 FROM replica.credential WHERE hash=:hash)
        OR EXISTS (SELECT 1 FROM main.credential WHERE hash=:hash)"""


def is_known(conn: Connection, credential: bytes) -> bool:
    """Whether this is anybody's credential here: the cheap question that ends strangers."""
    (known,) = conn.execute(_KNOWN, {"hash": credential}).fetchone()
    return bool(known)


_SAVED: Final = ", ".join(f"'{name}'" for name, trait in TRAITS.items() if trait.purpose == "saving")
_TAKEN: Final = f"""
    SELECT EXISTS (
        SELECT 1 FROM (
            SELECT customer_id FROM main.credential WHERE hash=:hash
            UNION SELECT customer_id FROM replica.credential WHERE hash=:hash
        ) AS c
        WHERE EXISTS (SELECT 1 FROM main.credential WHERE hash=:hash AND state='blocked')
            OR EXISTS (SELECT 1 FROM replica.credential WHERE hash=:hash AND state='blocked')
            OR EXISTS (SELECT 1 FROM main.consent WHERE customer_id=c.customer_id AND basis='consent')
            OR EXISTS (SELECT 1 FROM replica.consent WHERE customer_id=c.customer_id AND basis='consent')
            OR EXISTS (SELECT 1 FROM replica.trait WHERE customer_id=c.customer_id AND name NOT IN ({_SAVED}))
            OR NOT EXISTS (SELECT 1 FROM replica.customer WHERE id=c.customer_id))"""


def is_taken(conn: Connection, credential: bytes) -> bool:
    """Whether somebody is known by this card as more than its holder, or it is blocked.

    Who has nothing but what the card saved may still say who they are: the hub makes both one.
    """
    (taken,) = conn.execute(_TAKEN, {"hash": credential}).fetchone()
    return bool(taken)


_STATES: Final = " UNION ALL ".join(
    f"SELECT {place} AS place, c.customer_id, c.state FROM {file}.credential AS c WHERE c.hash=:hash"
    for place, file in enumerate(("main", "replica"))
)


def opens(conn: Connection, credential: bytes, customer_id: bytes) -> bool:
    """Whether this is still a card of this customer, and blocked nowhere; asks for no basis."""
    rows = conn.execute(_STATES, {"hash": credential}).fetchall()
    return bool(rows) and min(rows)[1] == customer_id and all(state != "blocked" for _, _, state in rows)


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
    INSERT INTO replica.credential (hash, customer_id, state, ver, kind, bound_ms)
    VALUES (:hash, :customer_id, :state, :ver, :kind, :bound_ms)
    ON CONFLICT DO UPDATE SET customer_id=excluded.customer_id, state=excluded.state, ver=excluded.ver,
        kind=excluded.kind, bound_ms=excluded.bound_ms
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


def bind_credential(
    conn: Connection, credential: bytes, *, customer_id: bytes, kind: str, bound_ms: int
) -> None:
    """A card that became somebody's in this shop, also one that saved without a name; a blocked one stays so."""
    conn.execute(
        """
        INSERT INTO main.credential (hash, customer_id, state, kind, bound_ms) VALUES (?, ?, 'active', ?, ?)
        ON CONFLICT DO UPDATE SET customer_id=excluded.customer_id, kind=excluded.kind, bound_ms=excluded.bound_ms
            WHERE state='active'
        """,
        (credential, customer_id, kind, bound_ms),
    )


@dataclass(frozen=True, slots=True)
class Card:
    """Something that names a customer: what it is (empty: unknown) and since when, never its number."""

    hash: bytes = field(repr=False)
    kind: str
    bound_ms: int | None
    blocked: bool


_CARDS: Final = f"""
    SELECT c.hash, max(c.kind), max(c.bound_ms), max(c.state='blocked') FROM (
        SELECT hash, kind, bound_ms, state FROM main.credential WHERE customer_id=:customer_id
        UNION ALL SELECT hash, kind, bound_ms, state FROM replica.credential WHERE customer_id=:customer_id
    ) AS c WHERE {basis_until(":customer_id", "'recognition'")} IS NOT NULL
    GROUP BY c.hash ORDER BY max(c.state='blocked'), max(c.bound_ms) DESC, c.hash"""


def cards(conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int) -> list[Card]:
    """What names a customer who may be recognised now; what works first, and of that the newest."""
    asked = {"customer_id": customer_id, "recipient": recipient, "now_ms": now_ms}
    rows = conn.execute(_CARDS, asked)
    return [Card(hash_, kind, bound_ms, bool(blocked)) for hash_, kind, bound_ms, blocked in rows]


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


def drop_expired(conn: Connection, after: bytes, *, now_ms: int, most: int = 2_000) -> bytes | None:
    """Delete what is past its time of the next customers after one; the last of them, None at the end."""
    last = _last(conn, after, most)
    if last is not None:
        conn.execute(
            "DELETE FROM replica.trait WHERE customer_id>? AND customer_id<=? AND until_ms<=?",
            (after, last, now_ms),
        )
    return last


def drop_stopped(conn: Connection, after: bytes, *, before_ms: int, most: int = 500) -> bytes | None:
    """As `drop_expired`, of what rested on a yes that is over since an instant, with every recipient.

    For a shop without a hub. With one the hub does, and says so: who says yes again within the day has it all.
    """
    last = _last(conn, after, most)
    for purpose, basis in PURPOSES.items():
        names = ", ".join(f"'{name}'" for name, trait in TRAITS.items() if trait.purpose == purpose)
        if last is not None and basis == "consent" and names:
            conn.execute(
                f"""
                DELETE FROM replica.trait WHERE customer_id>:after AND customer_id<=:last AND name IN ({names})
                    AND {over("trait.customer_id", f"'{purpose}'")}
                """,
                {"after": after, "last": last, "before_ms": before_ms},
            )
    return last


def _last(conn: Connection, after: bytes, most: int) -> bytes | None:
    """The last of the next customers after one."""
    (last,) = conn.execute(
        "SELECT max(id) FROM (SELECT id FROM replica.customer WHERE id>? ORDER BY id LIMIT ?)", (after, most)
    ).fetchone()
    return None if last is None else bytes(last)


def is_minor(conn: Connection, customer_id: bytes) -> bool:
    """Whether they are under sixteen; also of whom the hub has not sent back yet, who is laid in the replica."""
    found = conn.execute("SELECT 1 FROM replica.trait WHERE customer_id=? AND name=?", (customer_id, MINOR))
    return found.fetchone() is not None


def is_guarded(conn: Connection, customer_id: bytes) -> bool:
    """Whether closer looks at this customer are told to a manager; no value of anybody is read for it."""
    found = conn.execute("SELECT 1 FROM replica.trait WHERE customer_id=? AND name='guarded'", (customer_id,))
    return found.fetchone() is not None


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


SealedBaskets = tuple[bytes, bytes, int, bytes, int]  # customer, sealed, its version, wrapped key, until when

_BASKETS: Final = f"""
    SELECT customer_id, sealed, ver, wrapped, min(basis_ms, retain_ms) FROM (
        SELECT t.customer_id, t.sealed, t.ver, k.wrapped, coalesce(t.until_ms, {FOREVER_MS}) AS retain_ms,
            {basis_until("t.customer_id", "'profiling'")} AS basis_ms
        FROM replica.trait AS t JOIN replica.customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.name='baskets' AND {{whose}}
    ) WHERE basis_ms IS NOT NULL AND retain_ms>:now_ms"""
_BASKETS_AFTER: Final = _BASKETS.format(whose="t.customer_id>:after AND t.customer_id<=:last")
_BASKETS_OF: Final = _BASKETS.format(whose="t.customer_id=:customer_id")
# The last customer of a slice, whether or not a basis holds: the slice must move on either way.
_BASKETS_SLICE: Final = """
    SELECT max(customer_id) FROM (
        SELECT customer_id FROM replica.trait WHERE name='baskets' AND customer_id>:after
        ORDER BY customer_id LIMIT :most)"""


def baskets_after(
    conn: Connection, after: bytes, *, recipient: str, now_ms: int, most: int
) -> tuple[bytes | None, list[SealedBaskets]]:
    """A slice of the histories that may be used now, and the last customer looked at; None at the end."""
    (last,) = conn.execute(_BASKETS_SLICE, {"after": after, "most": most}).fetchone()
    if last is None:
        return None, []
    place = {"after": after, "last": last, "recipient": recipient, "now_ms": now_ms}
    return last, conn.execute(_BASKETS_AFTER, place).fetchall()


def baskets_of(conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int) -> SealedBaskets | None:
    """One customer's history, None when it may not be used now."""
    row: SealedBaskets | None = conn.execute(
        _BASKETS_OF, {"customer_id": customer_id, "recipient": recipient, "now_ms": now_ms}
    ).fetchone()
    return row
