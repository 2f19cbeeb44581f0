"""What a customer's own page reads: only through an open session of that customer, in the same query."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple

from edge.kit.sql import Connection, spread
from sync.hub.tables.people import Consent

# Who may ask at all; `:token_hash` and `:now_ms` are in every query of this room.
OWN: Final = (
    "portal_session AS own ON own.token_hash=:token_hash AND own.until_ms>:now_ms AND own.customer_id"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A phone that is in: whose page, how it came in, on what, since and until when."""

    customer_id: bytes = field(repr=False)
    language: str
    way: str
    device: str
    since_ms: int
    until_ms: int


class Code(NamedTuple):
    """Whom a code lets in, and how it went out."""

    customer_id: bytes
    way: str


class Sealed(NamedTuple):
    """One trait as it lies at rest, and the customer's wrapped key."""

    customer_id: bytes
    name: str
    sealed: bytes
    ver: int
    as_of_ms: int
    wrapped: bytes


class View(NamedTuple):
    """One look at the card in a shop, or what befell a card (`kind`): the body is the fact as it came."""

    at_ms: int
    body: bytes
    shop_id: str
    kind: str


def add_code(conn: Connection, code_hash: bytes, *, customer_id: bytes, until_ms: int, way: str) -> None:
    conn.execute(
        """
        INSERT INTO portal_code (code_hash, customer_id, until_ms, way)
        VALUES (:code_hash, :customer_id, :until_ms, :way)
        """,
        {"code_hash": code_hash, "customer_id": customer_id, "until_ms": until_ms, "way": way},
    )


def take_code(conn: Connection, code_hash: bytes, *, now_ms: int) -> Code | None:
    """Use a code up; whose it was, None when it is unknown, used or too old."""
    row = conn.execute(
        "DELETE FROM portal_code WHERE code_hash=:code_hash RETURNING customer_id, way, until_ms",
        {"code_hash": code_hash},
    ).fetchone()
    conn.execute("DELETE FROM portal_code WHERE until_ms<=:now_ms", {"now_ms": now_ms})
    return Code(bytes(row[0]), row[1]) if row and now_ms < row[2] else None


_SESSION: Final = "customer_id, language, way, device, since_ms, until_ms"


def add_session(conn: Connection, token_hash: bytes, new: Session, *, now_ms: int) -> None:
    """Open a session; what is over is swept out with it."""
    conn.execute("DELETE FROM portal_session WHERE until_ms<=:now_ms", {"now_ms": now_ms})
    conn.execute(
        f"""
        INSERT INTO portal_session (token_hash, {_SESSION})
        VALUES (:token_hash, :customer_id, :language, :way, :device, :since_ms, :until_ms)
        """,
        {"token_hash": token_hash} | asdict(new),
    )


def session(conn: Connection, token_hash: bytes, *, now_ms: int) -> Session | None:
    row = conn.execute(
        f"SELECT {_SESSION} FROM portal_session WHERE token_hash=:token_hash AND until_ms>:now_ms",
        {"token_hash": token_hash, "now_ms": now_ms},
    ).fetchone()
    return Session(bytes(row[0]), *row[1:]) if row else None


def own_sessions(conn: Connection, token_hash: bytes, *, now_ms: int) -> dict[bytes, Session]:
    """Every phone that is in on the same page, by the hash of its token, the newest first."""
    rows = conn.execute(
        f"""
        SELECT s.token_hash, {", ".join("s." + each for each in _SESSION.split(", "))}
        FROM portal_session AS s JOIN {OWN}=s.customer_id
        WHERE s.until_ms>:now_ms ORDER BY s.since_ms DESC, s.token_hash
        """,
        {"token_hash": token_hash, "now_ms": now_ms},
    )
    return {bytes(hash_): Session(bytes(customer_id), *rest) for hash_, customer_id, *rest in rows}


def set_language(conn: Connection, token_hash: bytes, *, language: str) -> None:
    conn.execute(
        "UPDATE portal_session SET language=:language WHERE token_hash=:token_hash",
        {"language": language, "token_hash": token_hash},
    )


def end_session(conn: Connection, token_hash: bytes) -> None:
    conn.execute("DELETE FROM portal_session WHERE token_hash=:token_hash", {"token_hash": token_hash})


def own_traits(conn: Connection, token_hash: bytes, *, now_ms: int) -> list[Sealed]:
    """Everything the hub holds of whoever the session is of, as far as its retention goes."""
    rows = conn.execute(
        f"""
        SELECT t.customer_id, t.name, t.sealed, t.ver, t.as_of_ms, k.wrapped
        FROM trait AS t JOIN {OWN}=t.customer_id JOIN customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.until_ms IS NULL OR t.until_ms>:now_ms
        """,
        {"token_hash": token_hash, "now_ms": now_ms},
    )
    return [Sealed(*row) for row in rows]


def own_consents(conn: Connection, token_hash: bytes, *, now_ms: int) -> list[Consent]:
    rows = conn.execute(
        f"""
        SELECT c.customer_id, c.purpose, c.recipient, c.basis, c.gen, c.state, c.from_ms, c.until_ms, c.ver
        FROM consent AS c JOIN {OWN}=c.customer_id ORDER BY c.recipient, c.purpose
        """,
        {"token_hash": token_hash, "now_ms": now_ms},
    )
    return [Consent(*row) for row in rows]


def own_refusals(conn: Connection, token_hash: bytes, *, now_ms: int) -> set[tuple[str, str]]:
    """Purpose and recipient of what they were asked once, and did not choose."""
    rows = conn.execute(
        f"""
        SELECT DISTINCT e.purpose, e.recipient FROM consent_event AS e JOIN {OWN}=e.customer_id
        WHERE e.state='refused'
        """,
        {"token_hash": token_hash, "now_ms": now_ms},
    )
    return {(purpose, recipient) for purpose, recipient in rows}


def own_views(conn: Connection, token_hash: bytes, *, now_ms: int, most: int) -> list[View]:
    """The newest looks at the card, and cards that were given, blocked or copied, newest first."""
    rows = conn.execute(
        f"""
        SELECT e.at_ms, e.body, d.shop_id, e.kind
        FROM event AS e JOIN {OWN}=e.customer_id JOIN device AS d ON d.id=e.device_id
        WHERE e.customer_id IS NOT NULL AND e.code IS NULL
            AND e.kind IN ('card_shown', 'credential_bound', 'credential_blocked', 'tap_replayed')
        ORDER BY e.at_ms DESC, e.received_ms DESC, e.seq DESC LIMIT :most
        """,
        {"token_hash": token_hash, "now_ms": now_ms, "most": most},
    )
    return [View(at_ms, bytes(body), shop_id, kind) for at_ms, body, shop_id, kind in rows]


def about(conn: Connection, device_id: str, epoch: int, *, first: int, last: int) -> list[bytes]:
    """Whom a device's facts from `first` to `last` are about."""
    rows = conn.execute(
        """
        SELECT DISTINCT customer_id FROM event
        WHERE device_id=:device_id AND epoch=:epoch AND seq BETWEEN :first AND :last
            AND customer_id IS NOT NULL
        """,
        {"device_id": device_id, "epoch": epoch, "first": first, "last": last},
    )
    return [bytes(customer_id) for (customer_id,) in rows]


def looks(conn: Connection, customer_ids: Sequence[bytes]) -> dict[bytes, int]:
    """How many facts speak of each of these customers."""
    if not customer_ids:
        return {}
    those, given = spread("id", customer_ids)
    rows = conn.execute(
        f"SELECT customer_id, count(*) FROM event WHERE customer_id IN {those} GROUP BY customer_id", given
    )
    return dict.fromkeys(customer_ids, 0) | {bytes(customer_id): int(count) for customer_id, count in rows}
