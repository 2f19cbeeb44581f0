"""Customers, their keys, traits, credentials, consents, and the shops that may know of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from sqlite3 import IntegrityError
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import asdict

from edge.consent.rules import MINOR, Basis, Register, State
from edge.kit.errors import Refused
from edge.kit.sql import Connection, spread

Rows = Sequence[Mapping[str, Any]]
CredentialState = Literal["active", "blocked"]

_ADD: Final = {
    "customer": "INSERT INTO customer (id, ver) VALUES (:customer_id, 1)",
    "customer_key": "INSERT INTO customer_key (customer_id, wrapped) VALUES (:customer_id, :wrapped)",
    "trait": """
        INSERT INTO trait (customer_id, name, sealed, ver, as_of_ms, until_ms)
        VALUES (:customer_id, :name, :sealed, :ver, :as_of_ms, :until_ms)""",
    "credential": """
        INSERT INTO credential (hash, customer_id, state, ver, kind, bound_ms)
        VALUES (:hash, :customer_id, 'active', 1, :kind, :bound_ms)""",
    "residency": """
        INSERT INTO residency (customer_id, shop_id, reason, since_ms)
        VALUES (:customer_id, :shop_id, :reason, :since_ms)""",
}
_PUT_CONSENT: Final = """
    INSERT INTO consent (customer_id, purpose, recipient, basis, gen, state, from_ms, until_ms, ver)
    VALUES (:customer_id, :purpose, :recipient, :basis, :gen, :state, :from_ms, :until_ms, :ver)
    ON CONFLICT (customer_id, purpose, recipient) DO UPDATE SET basis=excluded.basis, gen=excluded.gen,
        state=excluded.state, from_ms=excluded.from_ms, until_ms=excluded.until_ms, ver=excluded.ver"""

_OF_A_CUSTOMER: Final = (
    "customer_key",
    "trait",
    "credential",
    "pass",
    "consent",
    "consent_event",
    "residency",
)
_BESIDE: Final = (
    "happening", "portal_code", "portal_session", "portal_address", "portal_claim", "portal_passkey",
)  # fmt: skip
_TAKEN: Final = {"customer": "CUSTOMER_TAKEN", "credential": "CREDENTIAL_TAKEN"}


def add(conn: Connection, table: str, rows: Rows) -> None:
    """Insert new rows into one of the tables above; raises Refused for a customer or card that is there."""
    try:
        conn.executemany(_ADD[table], rows)
    except IntegrityError:
        if table not in _TAKEN:
            raise
        raise Refused(
            f"a new {table} is already there", code=_TAKEN[table], hint="nothing was added; look it up"
        ) from None


class Consent(Struct, frozen=True):
    """A register of consent with what it rests on and its period."""

    customer_id: bytes
    purpose: str
    recipient: str
    basis: Basis
    gen: int
    state: State
    from_ms: int
    until_ms: int | None
    ver: int

    @property
    def register(self) -> Register:
        return Register(self.gen, self.state)


_CONSENT_COLUMNS: Final = "customer_id, purpose, recipient, basis, gen, state, from_ms, until_ms, ver"


def put_consents(conn: Connection, consents: Iterable[Consent]) -> None:
    conn.executemany(_PUT_CONSENT, [asdict(each) for each in consents])


def consent(conn: Connection, customer_id: bytes, *, purpose: str, recipient: str) -> Consent | None:
    row = conn.execute(
        f"""
        SELECT {_CONSENT_COLUMNS} FROM consent
        WHERE customer_id=:customer_id AND purpose=:purpose AND recipient=:recipient
        """,
        {"customer_id": customer_id, "purpose": purpose, "recipient": recipient},
    ).fetchone()
    return Consent(*row) if row else None


def consents(conn: Connection, customer_id: bytes) -> list[Consent]:
    """Every register of a customer."""
    rows = conn.execute(
        f"""
        SELECT {_CONSENT_COLUMNS} FROM consent WHERE customer_id=:customer_id ORDER BY purpose, recipient
        """,
        {"customer_id": customer_id},
    )
    return [Consent(*row) for row in rows]


class Credential(Struct, frozen=True):
    """A card, phone or code of somebody, under its inner hash."""

    hash: bytes
    customer_id: bytes
    state: CredentialState
    ver: int
    kind: str
    bound_ms: int | None


_CREDENTIAL_COLUMNS: Final = "hash, customer_id, state, ver, kind, bound_ms"


def block(conn: Connection, inner_hash: bytes) -> Credential | None:
    """Block a credential, once: as it is now, None when nobody has it or it was blocked before."""
    row = conn.execute(
        f"""
        UPDATE credential SET state='blocked', ver=ver+1 WHERE hash=:hash AND state<>'blocked'
        RETURNING {_CREDENTIAL_COLUMNS}
        """,
        {"hash": inner_hash},
    ).fetchone()
    return Credential(*row) if row else None


def credentials(conn: Connection, customer_id: bytes) -> list[Credential]:
    """Everything that names this customer, in the order of its hash."""
    rows = conn.execute(
        f"SELECT {_CREDENTIAL_COLUMNS} FROM credential WHERE customer_id=:customer_id ORDER BY hash",
        {"customer_id": customer_id},
    )
    return [Credential(*row) for row in rows]


def credentials_in(conn: Connection, shop_id: str) -> list[Credential]:
    """The cards of all residents of a shop."""
    columns = ", ".join(f"c.{each}" for each in _CREDENTIAL_COLUMNS.split(", "))
    rows = conn.execute(
        f"""
        SELECT {columns} FROM credential AS c JOIN residency AS r ON r.customer_id=c.customer_id
        WHERE r.shop_id=:shop_id ORDER BY c.hash
        """,
        {"shop_id": shop_id},
    )
    return [Credential(*row) for row in rows]


def credential(conn: Connection, inner_hash: bytes) -> Credential | None:
    """A card by its inner hash, None for nobody's."""
    row = conn.execute(
        f"SELECT {_CREDENTIAL_COLUMNS} FROM credential WHERE hash=:hash", {"hash": inner_hash}
    ).fetchone()
    return Credential(*row) if row else None


def owner(conn: Connection, inner_hash: bytes) -> bytes | None:
    """Whose credential this is, None for nobody's."""
    row = conn.execute("SELECT customer_id FROM credential WHERE hash=:hash", {"hash": inner_hash}).fetchone()
    return bytes(row[0]) if row else None


def is_minor(conn: Connection, customer_id: bytes) -> bool:
    """Whether they are under sixteen: only they have this trait."""
    row = conn.execute(
        "SELECT 1 FROM trait WHERE customer_id=:id AND name=:name", {"id": customer_id, "name": MINOR}
    ).fetchone()
    return row is not None


def exists(conn: Connection, customer_id: bytes) -> bool:
    return conn.execute("SELECT 1 FROM customer WHERE id=:id", {"id": customer_id}).fetchone() is not None


def ver(conn: Connection, customer_id: bytes) -> int:
    """The version of a customer's row in the feed."""
    (ver,) = conn.execute("SELECT ver FROM customer WHERE id=:id", {"id": customer_id}).fetchone()
    return int(ver)


def hold(conn: Connection, customer_ids: Iterable[bytes]) -> set[bytes]:
    """Those of them who are there. They are this transaction's until COMMIT: nobody else changes or forgets them."""
    those, given = spread("id", sorted(customer_ids))
    rows = conn.execute(f"SELECT id FROM customer WHERE id IN {those} ORDER BY id /*! FOR UPDATE */", given)
    return {bytes(customer_id) for (customer_id,) in rows}


def shops_of(conn: Connection, customer_id: bytes) -> list[str]:
    """The shops a customer is resident in."""
    rows = conn.execute(
        "SELECT shop_id FROM residency WHERE customer_id=:id ORDER BY shop_id", {"id": customer_id}
    )
    return [shop_id for (shop_id,) in rows]


def take_out(conn: Connection, customer_id: bytes) -> None:
    """Delete all rows of a customer, the key first of all."""
    for table in (*_OF_A_CUSTOMER, *_BESIDE):
        conn.execute(f"DELETE FROM {table} WHERE customer_id=:id", {"id": customer_id})
    conn.execute("DELETE FROM customer WHERE id=:id", {"id": customer_id})


def take_back_credential(conn: Connection, hash_: bytes) -> None:
    """A card is nobody's any more."""
    conn.execute("DELETE FROM credential WHERE hash=:hash", {"hash": hash_})


def move_out(conn: Connection, customer_id: bytes, shop_id: str) -> None:
    """A customer is resident in this shop no longer."""
    conn.execute(
        "DELETE FROM residency WHERE customer_id=:id AND shop_id=:shop_id",
        {"id": customer_id, "shop_id": shop_id},
    )


def version(conn: Connection, customer_id: bytes) -> int | None:
    """Of a customer's row in the feed, None for nobody."""
    row = conn.execute("SELECT ver FROM customer WHERE id=:id", {"id": customer_id}).fetchone()
    return int(row[0]) if row else None


def is_known(conn: Connection, customer_id: bytes, *, ver: int) -> bool:
    """Whether any shop reported anything about a customer, or anything of theirs changed since their row was `ver`.

    An agreement that ended without anybody's word is one that an import gave, and that was taken back with it.
    """
    found = conn.execute(
        """
        SELECT 1 FROM customer AS c WHERE c.id=:id AND (c.ver>:ver
            OR EXISTS (SELECT 1 FROM event AS e WHERE e.customer_id=c.id)
            OR EXISTS (SELECT 1 FROM happening AS h WHERE h.customer_id=c.id)
            OR EXISTS (SELECT 1 FROM consent AS s WHERE s.customer_id=c.id AND s.ver>1 AND (
                s.state<>'withdrawn' OR EXISTS (SELECT 1 FROM consent_event AS w WHERE w.customer_id=c.id
                    AND w.purpose=s.purpose AND w.recipient=s.recipient)))
            OR EXISTS (SELECT 1 FROM credential AS k WHERE k.customer_id=c.id AND k.ver>1))
        """,
        {"id": customer_id, "ver": ver},
    )
    return found.fetchone() is not None


def forget(conn: Connection, customer_id: bytes, *, mark: bytes, now_ms: int) -> None:
    """Delete all rows of a customer, the key first of all, and remember the mark of the id."""
    take_out(conn, customer_id)
    put_erased(conn, [mark], now_ms=now_ms)


def put_erased(conn: Connection, marks: Iterable[bytes], *, now_ms: int) -> None:
    conn.executemany(
        """
        INSERT INTO erased (mark, at_ms) VALUES (:mark, :now_ms)
        ON CONFLICT (mark) DO UPDATE SET mark=excluded.mark
        """,
        [{"mark": mark, "now_ms": now_ms} for mark in marks],
    )


def ids(conn: Connection) -> Iterator[bytes]:
    """The ids of all customers."""
    for (id_,) in conn.execute("SELECT id FROM customer"):
        yield bytes(id_)


def erased(conn: Connection, marks: Iterable[bytes]) -> set[bytes]:
    """Which of these marks are of somebody who was erased."""
    those, given = spread("mark", marks)
    rows = conn.execute(f"SELECT mark FROM erased WHERE mark IN {those}", given)
    return {bytes(mark) for (mark,) in rows}


def is_erased(conn: Connection, mark: bytes) -> bool:
    return conn.execute("SELECT 1 FROM erased WHERE mark=:mark", {"mark": mark}).fetchone() is not None
