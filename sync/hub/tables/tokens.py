"""Tokens of programs, and the answers they were given."""

from dataclasses import dataclass
from typing import NamedTuple

from edge.kit.sql import Connection


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    name: str
    scopes: frozenset[str]
    made_ms: int
    ended_ms: int | None


class Answer(NamedTuple):
    """The first answer to a request; `request` is the hash of what was asked."""

    request: bytes
    status: int
    body: bytes


def add(conn: Connection, token: Token, *, token_hash: bytes) -> None:
    conn.execute(
        """
        INSERT INTO api_token (id, token_hash, name, scopes, made_ms)
        VALUES (:id, :token_hash, :name, :scopes, :made_ms)
        """,
        {
            "id": token.id,
            "token_hash": token_hash,
            "name": token.name,
            "scopes": " ".join(sorted(token.scopes)),
            "made_ms": token.made_ms,
        },
    )


def alive(conn: Connection, token_hash: bytes) -> Token | None:
    """Whose token this is, None for nobody's or one that was ended."""
    row = conn.execute(
        """
        SELECT id, name, scopes, made_ms, ended_ms FROM api_token
        WHERE token_hash=:token_hash AND ended_ms IS NULL
        """,
        {"token_hash": token_hash},
    ).fetchone()
    return _token(*row) if row else None


def hold(conn: Connection, id_: str) -> None:
    """Take a token until COMMIT: what its program does twice at once is done one after the other."""
    conn.execute("SELECT 1 FROM api_token WHERE id=:id /*! FOR UPDATE */", {"id": id_}).fetchone()


def every(conn: Connection) -> list[Token]:
    rows = conn.execute("SELECT id, name, scopes, made_ms, ended_ms FROM api_token ORDER BY made_ms, id")
    return [_token(*row) for row in rows]


def end(conn: Connection, id_: str, *, now_ms: int) -> bool:
    done = conn.execute(
        "UPDATE api_token SET ended_ms=:now_ms WHERE id=:id AND ended_ms IS NULL",
        {"id": id_, "now_ms": now_ms},
    )
    return done.rowcount == 1


def answer(conn: Connection, token_id: str, key_hash: bytes) -> Answer | None:
    row = conn.execute(
        "SELECT request, status, body FROM api_answer WHERE token_id=:token_id AND key_hash=:key_hash",
        {"token_id": token_id, "key_hash": key_hash},
    ).fetchone()
    return Answer(bytes(row[0]), int(row[1]), bytes(row[2])) if row else None


def keep_answer(
    conn: Connection,
    token_id: str,
    key_hash: bytes,
    given: Answer,
    *,
    customer_id: bytes,
    now_ms: int,
    until_ms: int,
) -> None:
    """Keep an answer; those of before `until_ms` are swept out with it."""
    conn.execute("DELETE FROM api_answer WHERE at_ms<:until_ms", {"until_ms": until_ms})
    values = {"token_id": token_id, "key_hash": key_hash, "customer_id": customer_id, "now_ms": now_ms}
    conn.execute(
        """
        INSERT INTO api_answer (token_id, key_hash, request, status, body, at_ms, customer_id)
        VALUES (:token_id, :key_hash, :request, :status, :body, :now_ms, :customer_id)
        """,
        values | given._asdict(),
    )


def forget(conn: Connection, customer_id: bytes) -> None:
    """Forget the answers about a customer."""
    conn.execute("DELETE FROM api_answer WHERE customer_id=:customer_id", {"customer_id": customer_id})


def _token(id_: str, name: str, scopes: str, made_ms: int, ended_ms: int | None) -> Token:
    return Token(id_, name, frozenset(scopes.split()), made_ms, ended_ms)
