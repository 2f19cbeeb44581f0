"""Whether anybody was recognised, or stays in the list, who may not be: read here in words of its own."""

from collections.abc import Callable, Sequence
from sqlite3 import Connection
from typing import Final, Protocol, TypedDict

from edge.consent.tables import FOREVER_MS
from edge.facts import Fact

Act = Callable[[Connection], Sequence[Fact]]


class Memory(Protocol):
    """What is remembered beside a box: what it did wrong, and until when the hub's last word allows anything."""

    wrong: list[str]
    lease_until_ms: int


class Words(TypedDict):
    recipient: str
    now_ms: int
    lease_until_ms: int


_REGISTERS: Final = " UNION ALL ".join(
    f"SELECT gen, state, from_ms, until_ms FROM {file}.consent"
    " WHERE customer_id=:customer AND purpose='recognition' AND recipient=:recipient"
    for file in ("main", "replica")
)
_BLOCKED: Final = " UNION ALL ".join(
    f"SELECT 1 FROM {file}.credential WHERE hash=:hash AND state='blocked'" for file in ("main", "replica")
)


def may_be_known(
    conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int, lease_until_ms: int
) -> bool:
    """The highest generation holds, and within one the "no"; a yes holds in its time, and within the lease."""
    rows = conn.execute(_REGISTERS, {"customer": customer_id, "recipient": recipient}).fetchall()
    (lease_ms,) = conn.execute("SELECT lease_until_ms FROM hub").fetchone()
    newest = [row for row in rows if row[0] == max(gen for gen, *_ in rows)]
    return (
        min(lease_ms, lease_until_ms) > now_ms
        and all(state == "given" for _, state, _, _ in newest)
        and any(from_ms <= now_ms < (until_ms or FOREVER_MS) for _, _, from_ms, until_ms in newest)
    )


def only_who_may(act: Act, memory: Memory, *, recipient: str, now_ms: int, card: bytes = b"") -> Act:
    """A tap, or a card that is shown, and who that was: a look within its own transaction."""

    def looked_at(conn: Connection) -> Sequence[Fact]:
        facts = act(conn)
        if facts and conn.execute(_BLOCKED, {"hash": card}).fetchone() is not None:
            memory.wrong.append("somebody was recognised by a card that is blocked here")
        whose = {_whose(conn, fact) for fact in facts} - {None}
        words: Words = {"recipient": recipient, "now_ms": now_ms, "lease_until_ms": memory.lease_until_ms}
        if not all(may_be_known(conn, each, **words) for each in whose if each):
            memory.wrong.append("somebody was recognised who may not be here and now")
        return facts

    return looked_at


def _whose(conn: Connection, fact: Fact) -> bytes | None:
    if (customer_id := getattr(fact, "customer_id", None)) is not None:
        return bytes(customer_id)
    asked = (getattr(fact, "visit_id", b""),)
    row = conn.execute("SELECT customer_id FROM visit WHERE id=?", asked).fetchone()
    return bytes(row[0]) if row else None  # a visit that these facts begin


def none_without(act: Act, memory: Memory, *, recipient: str, now_ms: int) -> Act:
    """What ends the visits of those who may not be recognised any more, and whether any of them stays open."""

    def looked_at(conn: Connection) -> Sequence[Fact]:
        facts = act(conn)
        ended = {getattr(fact, "visit_id", b"") for fact in facts}
        words: Words = {"recipient": recipient, "now_ms": now_ms, "lease_until_ms": memory.lease_until_ms}
        for visit_id, customer_id in conn.execute(_OPEN).fetchall():
            if visit_id not in ended and not may_be_known(conn, customer_id, **words):
                memory.wrong.append("a visit stays open of somebody who may not be recognised any more")
        return facts

    return looked_at


_OPEN: Final = "SELECT id, customer_id FROM visit WHERE ended_ms IS NULL"
