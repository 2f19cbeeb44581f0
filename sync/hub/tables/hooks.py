"""Webhooks, and what is still to be told to each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge.kit.sql import Connection


@dataclass(frozen=True, slots=True)
class Hook:
    """One address that is told; its secrets lie sealed."""

    id: str
    url: str = field(repr=False)
    kinds: frozenset[str]  # empty: all
    wrapped: bytes = field(repr=False)
    former: bytes | None = field(repr=False)
    former_ms: int | None
    failing_ms: int | None
    ended_ms: int | None
    tries: int = 0  # that failed in a row


class Message(NamedTuple):
    """What one webhook is still to be told."""

    webhook_id: str
    id: str
    body: bytes
    tries: int
    next_ms: int
    customer_id: bytes | None = None


_COLUMNS: Final = "id, url, kinds, wrapped, former, former_ms, failing_ms, ended_ms, tries"


def add_hook(conn: Connection, hook: Hook) -> None:
    conn.execute(
        f"""
        INSERT INTO webhook ({_COLUMNS})
        VALUES (:id, :url, :kinds, :wrapped, :former, :former_ms, :failing_ms, :ended_ms, :tries)
        """,
        {
            "id": hook.id,
            "url": hook.url,
            "kinds": " ".join(sorted(hook.kinds)),
            "wrapped": hook.wrapped,
            "former": hook.former,
            "former_ms": hook.former_ms,
            "failing_ms": hook.failing_ms,
            "ended_ms": hook.ended_ms,
            "tries": hook.tries,
        },
    )


def rotate(conn: Connection, id_: str, *, wrapped: bytes, former_ms: int) -> bool:
    """Another secret; the one before it counts until `former_ms`. False for no such webhook."""
    done = conn.execute(
        "UPDATE webhook SET former=wrapped, former_ms=:former_ms, wrapped=:wrapped WHERE id=:id",
        {"id": id_, "wrapped": wrapped, "former_ms": former_ms},
    )
    return done.rowcount == 1


def end_former(conn: Connection, id_: str, *, former_ms: int) -> None:
    """The secret before this one counts until `former_ms`, and no longer."""
    conn.execute(
        "UPDATE webhook SET former_ms=:former_ms WHERE id=:id AND former_ms>:former_ms",
        {"id": id_, "former_ms": former_ms},
    )


def failing(conn: Connection, id_: str, *, now_ms: int, next_ms: int) -> int | None:
    """A try failed, so the webhook rests until `next_ms`: since when every one did; None for no such webhook."""
    row = conn.execute(
        """
        UPDATE webhook SET failing_ms=CASE WHEN failing_ms<:now_ms THEN failing_ms ELSE :now_ms END, tries=tries+1,
            next_ms=:next_ms
        WHERE id=:id RETURNING failing_ms
        """,
        {"id": id_, "now_ms": now_ms, "next_ms": next_ms},
    ).fetchone()
    return int(row[0]) if row else None


def end(conn: Connection, id_: str, *, now_ms: int) -> bool:
    """Tell a webhook nothing more; whether it was told anything before."""
    done = conn.execute(
        "UPDATE webhook SET ended_ms=:now_ms WHERE id=:id AND ended_ms IS NULL", {"id": id_, "now_ms": now_ms}
    )
    return done.rowcount == 1


def resume(conn: Connection, id_: str) -> bool:
    """As if no try had failed, of it and of what waits for it; False for no such webhook."""
    conn.execute("UPDATE webhook_message SET next_ms=0 WHERE webhook_id=:id AND tries>0", {"id": id_})
    done = conn.execute(
        "UPDATE webhook SET failing_ms=NULL, ended_ms=NULL, tries=0, next_ms=0 WHERE id=:id", {"id": id_}
    )
    return done.rowcount == 1


def hook(conn: Connection, id_: str) -> Hook | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM webhook WHERE id=:id", {"id": id_}).fetchone()
    return _hook(*row) if row else None


def every(conn: Connection) -> list[Hook]:
    return [_hook(*row) for row in conn.execute(f"SELECT {_COLUMNS} FROM webhook ORDER BY id").fetchall()]


def drop(conn: Connection, id_: str) -> None:
    conn.execute("DELETE FROM webhook_message WHERE webhook_id=:id", {"id": id_})
    conn.execute("DELETE FROM webhook WHERE id=:id", {"id": id_})


def add(conn: Connection, messages: Iterable[Message]) -> None:
    """Note messages after all that wait. Acts about one customer wait for each other, so theirs are in order."""
    (last,) = conn.execute("SELECT coalesce(max(n), 0) FROM webhook_message").fetchone()
    conn.executemany(
        """
        INSERT INTO webhook_message (webhook_id, id, body, tries, next_ms, customer_id, n)
        VALUES (:webhook_id, :id, :body, :tries, :next_ms, :customer_id, :n)
        ON CONFLICT (webhook_id, id) DO UPDATE SET body=webhook_message.body
        """,
        [each._asdict() | {"n": n} for n, each in enumerate(messages, last + 1)],
    )


def _rested(table: str, longest_ms: Sequence[int]) -> str:
    """SQL: whether what rests until `next_ms` may be told; so it may where that is longer than anything rests after
    so many tries, for then the clock was set back."""
    steps = " ".join(f"WHEN {tries} THEN {most}" for tries, most in enumerate(longest_ms, 1))
    most = f"CASE {table}.tries {steps} ELSE {longest_ms[-1]} END"
    return f"({table}.next_ms<=:now_ms OR {table}.next_ms>:now_ms+{most})"


def to_tell(conn: Connection, *, now_ms: int, longest_ms: Sequence[int], leased_ms: int) -> list[str]:
    """Which webhooks are to be told something now: neither ended, at rest, nor being told by another hub.

    `longest_ms` is how long anything rests at most after one, two … tries, `leased_ms` how long a lease does.
    """
    rows = conn.execute(
        f"""
        SELECT w.id FROM webhook AS w WHERE w.ended_ms IS NULL AND {_rested("w", longest_ms)}
            AND (w.leased_ms<=:now_ms OR w.leased_ms>:beyond_ms)
            AND EXISTS (SELECT 1 FROM webhook_message AS m WHERE m.webhook_id=w.id AND {_rested("m", longest_ms)})
        ORDER BY w.id
        """,
        {"now_ms": now_ms, "beyond_ms": now_ms + leased_ms},
    )
    return [id_ for (id_,) in rows]


def lease(
    conn: Connection,
    id_: str,
    *,
    mine_ms: int,
    now_ms: int,
    until_ms: int,
    longest_ms: Sequence[int],
    leased_ms: int,
) -> bool:
    """Take a webhook (`mine_ms` 0), or keep it where it is still leased until `mine_ms`; False: it is another hub's,
    at rest, ended or gone."""
    done = conn.execute(
        f"""
        UPDATE webhook SET leased_ms=:until_ms
        WHERE id=:id AND ended_ms IS NULL AND {_rested("webhook", longest_ms)}
            AND (leased_ms=:mine_ms OR (:mine_ms=0 AND (leased_ms<=:now_ms OR leased_ms>:beyond_ms)))
        """,
        {
            "id": id_,
            "mine_ms": mine_ms,
            "now_ms": now_ms,
            "until_ms": until_ms,
            "beyond_ms": now_ms + leased_ms,
        },
    )
    return done.rowcount == 1


def release(conn: Connection, id_: str, *, mine_ms: int) -> None:
    """Whoever looks next may tell this webhook."""
    conn.execute(
        "UPDATE webhook SET leased_ms=0 WHERE id=:id AND leased_ms=:mine_ms", {"id": id_, "mine_ms": mine_ms}
    )


def forget(conn: Connection, customer_id: bytes) -> None:
    """Tell nothing more of a customer."""
    conn.execute("DELETE FROM webhook_message WHERE customer_id=:customer_id", {"customer_id": customer_id})


def due(
    conn: Connection, webhook_id: str, *, now_ms: int, longest_ms: Sequence[int], most: int
) -> list[Message]:
    """What is to be told to one webhook now: what was never tried, in the order it was noted, then what failed."""
    rows = conn.execute(
        f"""
        SELECT m.webhook_id, m.id, m.body, m.tries, m.next_ms FROM webhook_message AS m
        WHERE m.webhook_id=:webhook_id AND {_rested("m", longest_ms)} ORDER BY m.next_ms, m.n, m.id LIMIT :most
        """,
        {"webhook_id": webhook_id, "now_ms": now_ms, "most": most},
    ).fetchall()
    return [Message(hook_id, id_, bytes(body), tries, next_ms) for hook_id, id_, body, tries, next_ms in rows]


def put_off(conn: Connection, webhook_id: str, id_: str, *, tries: int, next_ms: int) -> None:
    conn.execute(
        """
        UPDATE webhook_message SET tries=:tries, next_ms=:next_ms WHERE webhook_id=:webhook_id AND id=:id
        """,
        {"webhook_id": webhook_id, "id": id_, "tries": tries, "next_ms": next_ms},
    )


def told(conn: Connection, webhook_id: str, id_: str) -> None:
    """It was taken: nothing is left to tell of it, and the webhook works."""
    values = {"webhook_id": webhook_id, "id": id_}
    conn.execute("DELETE FROM webhook_message WHERE webhook_id=:webhook_id AND id=:id", values)
    conn.execute(
        "UPDATE webhook SET failing_ms=NULL, tries=0, next_ms=0 WHERE id=:id AND failing_ms IS NOT NULL",
        {"id": webhook_id},
    )


def waiting(conn: Connection) -> dict[str, int]:
    """How many messages wait, by webhook."""
    rows = conn.execute("SELECT webhook_id, count(*) FROM webhook_message GROUP BY webhook_id")
    return dict(rows.fetchall())


def _hook(
    id_: str,
    url: str,
    kinds: str,
    wrapped: bytes,
    former: bytes | None,
    former_ms: int | None,
    failing_ms: int | None,
    ended_ms: int | None,
    tries: int,
) -> Hook:
    before = None if former is None else bytes(former)
    return Hook(
        id_, url, frozenset(kinds.split()), bytes(wrapped), before, former_ms, failing_ms, ended_ms, tries
    )
