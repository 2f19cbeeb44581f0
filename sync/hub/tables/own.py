"""What a customer set on their own page: addresses, passkeys. Read and changed through their own session or proof."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edge.kit.sql import Connection
from sync.hub.tables.portal import OWN


class Address(NamedTuple):
    """Where a customer may be sent a link; `sealed` opens with their own key."""

    customer_id: bytes
    kind: str
    sealed: bytes
    language: str
    since_ms: int
    digest_ms: int | None


class Held(NamedTuple):
    """A passkey as it is kept."""

    id: bytes
    customer_id: bytes
    public_key: bytes
    uses: int
    device: str
    since_ms: int


class Claim(NamedTuple):
    """An address that somebody gave and did not show to be theirs yet."""

    customer_id: bytes
    kind: str
    sealed: bytes


_ADDRESS: Final = "customer_id, kind, sealed, language, since_ms, digest_ms"
_PASSKEY: Final = "id, customer_id, public_key, uses, device, since_ms"


def add_claim(conn: Connection, code_hash: bytes, claim: Claim, *, until_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO portal_claim (code_hash, customer_id, kind, sealed, until_ms)
        VALUES (:code_hash, :customer_id, :kind, :sealed, :until_ms)
        """,
        {"code_hash": code_hash, "until_ms": until_ms} | claim._asdict(),
    )


def take_claim(conn: Connection, code_hash: bytes, *, now_ms: int) -> Claim | None:
    """Use a claim up; None when it is unknown, used or too old."""
    row = conn.execute(
        """
        DELETE FROM portal_claim WHERE code_hash=:code_hash RETURNING customer_id, kind, sealed, until_ms
        """,
        {"code_hash": code_hash},
    ).fetchone()
    conn.execute("DELETE FROM portal_claim WHERE until_ms<=:now_ms", {"now_ms": now_ms})
    return Claim(bytes(row[0]), row[1], bytes(row[2])) if row and now_ms < row[3] else None


def put_address(conn: Connection, address: Address, *, mark: bytes) -> None:
    """Keep an address of a kind in place of the one before it."""
    conn.execute(
        f"""
        INSERT INTO portal_address ({_ADDRESS}, mark)
        VALUES (:customer_id, :kind, :sealed, :language, :since_ms, :digest_ms, :mark)
        ON CONFLICT (customer_id, kind) DO UPDATE SET sealed=excluded.sealed, language=excluded.language,
            since_ms=excluded.since_ms, mark=excluded.mark
        """,
        address._asdict() | {"mark": mark},
    )


def addressed(conn: Connection, mark: bytes, *, most: int) -> list[Address]:
    """Whose address this is; more than one where people share it."""
    rows = conn.execute(
        f"SELECT {_ADDRESS} FROM portal_address WHERE mark=:mark ORDER BY since_ms LIMIT :most",
        {"mark": mark, "most": most},
    )
    return [_address(row) for row in rows]


def addresses_of(conn: Connection, customer_id: bytes) -> list[Address]:
    """Where a customer may be written to, whoever asks for that."""
    rows = conn.execute(
        f"SELECT {_ADDRESS} FROM portal_address WHERE customer_id=:customer_id ORDER BY kind",
        {"customer_id": customer_id},
    )
    return [_address(row) for row in rows]


def own_addresses(conn: Connection, token_hash: bytes, *, now_ms: int) -> list[Address]:
    rows = conn.execute(
        f"""
        SELECT {", ".join("a." + each for each in _ADDRESS.split(", "))}
        FROM portal_address AS a JOIN {OWN}=a.customer_id ORDER BY a.kind
        """,
        {"token_hash": token_hash, "now_ms": now_ms},
    )
    return [_address(row) for row in rows]


def drop_address(conn: Connection, customer_id: bytes, kind: str) -> None:
    conn.execute(
        "DELETE FROM portal_address WHERE customer_id=:customer_id AND kind=:kind",
        {"customer_id": customer_id, "kind": kind},
    )


def set_digest(conn: Connection, customer_id: bytes, *, digest_ms: int | None) -> None:
    """Ask for the monthly overview, the last one being of this instant; None: no more of them."""
    conn.execute(
        "UPDATE portal_address SET digest_ms=:digest_ms WHERE customer_id=:customer_id AND kind='mail'",
        {"customer_id": customer_id, "digest_ms": digest_ms},
    )


def set_language(conn: Connection, customer_id: bytes, *, language: str) -> None:
    conn.execute(
        "UPDATE portal_address SET language=:language WHERE customer_id=:customer_id",
        {"customer_id": customer_id, "language": language},
    )


def take_due(conn: Connection, *, before_ms: int, now_ms: int, most: int) -> list[Address]:
    """Whose last overview is older than this; from here on it is of now, so that no other hub sends it too."""
    rows = conn.execute(
        f"""
        SELECT {_ADDRESS} FROM portal_address WHERE digest_ms IS NOT NULL AND digest_ms<:before_ms
        ORDER BY digest_ms, customer_id LIMIT :most /*! FOR UPDATE */
        """,
        {"before_ms": before_ms, "most": most},
    ).fetchall()
    due = [_address(row) for row in rows]
    for each in due:
        set_digest(conn, each.customer_id, digest_ms=now_ms)
    return due


def add_passkey(conn: Connection, new: Held) -> bool:
    """Keep a passkey; False where its id is there already, whose ever it is."""
    done = conn.execute(
        f"""
        INSERT INTO portal_passkey ({_PASSKEY})
        VALUES (:id, :customer_id, :public_key, :uses, :device, :since_ms)
        ON CONFLICT (id) DO NOTHING RETURNING 1
        """,
        new._asdict(),
    ).fetchone()
    return done is not None


def passkey(conn: Connection, id_: bytes) -> Held | None:
    row = conn.execute(
        f"SELECT {_PASSKEY} FROM portal_passkey WHERE id=:id /*! FOR UPDATE */", {"id": id_}
    ).fetchone()
    return _held(row) if row else None


def own_passkeys(conn: Connection, token_hash: bytes, *, now_ms: int) -> list[Held]:
    rows = conn.execute(
        f"""
        SELECT {", ".join("p." + each for each in _PASSKEY.split(", "))}
        FROM portal_passkey AS p JOIN {OWN}=p.customer_id ORDER BY p.since_ms, p.id
        """,
        {"token_hash": token_hash, "now_ms": now_ms},
    )
    return [_held(row) for row in rows]


def counted(conn: Connection, id_: bytes, *, uses: int) -> None:
    conn.execute("UPDATE portal_passkey SET uses=:uses WHERE id=:id", {"uses": uses, "id": id_})


def drop_passkey(conn: Connection, customer_id: bytes, id_: bytes) -> None:
    conn.execute(
        "DELETE FROM portal_passkey WHERE id=:id AND customer_id=:customer_id",
        {"id": id_, "customer_id": customer_id},
    )


def answer(conn: Connection, challenge_hash: bytes, *, until_ms: int, now_ms: int) -> bool:
    """Note that a challenge was answered; False where it was before."""
    conn.execute("DELETE FROM portal_challenge WHERE until_ms<=:now_ms", {"now_ms": now_ms})
    done = conn.execute(
        """
        INSERT INTO portal_challenge (challenge_hash, until_ms) VALUES (:challenge_hash, :until_ms)
        ON CONFLICT (challenge_hash) DO NOTHING RETURNING 1
        """,
        {"challenge_hash": challenge_hash, "until_ms": until_ms},
    ).fetchone()
    return done is not None


def _address(row: Sequence[Any]) -> Address:
    customer_id, kind, sealed, *rest = row
    return Address(bytes(customer_id), kind, bytes(sealed), *rest)


def _held(row: Sequence[Any]) -> Held:
    id_, customer_id, public_key, *rest = row
    return Held(bytes(id_), bytes(customer_id), bytes(public_key), *rest)
