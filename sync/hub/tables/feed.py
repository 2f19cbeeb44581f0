"""The partitions: what each shop is to know, as rows in a dense order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from edge.kit.sql import Connection
from sync import wire
from sync.wire import Op


class Line(Struct, frozen=True):  # a dataclass would cost a tenth of a bulk import
    """A row on its way into a partition; `d` is JSON."""

    part: str
    op: Op
    t: str
    id: str
    ver: int
    d: bytes
    customer_id: bytes | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The partition grew up to `last` by rows about `customers`: whoever waits is to be woken after COMMIT."""

    part: str
    last: int
    customers: frozenset[bytes] = frozenset()


_AT_ONCE: Final = 16  # partitions in one statement: a width of each is planned
_APPEND = """
    INSERT INTO feed (part, seq, op, t, id, ver, d, customer_id)
    VALUES (:part, :seq, :op, :t, :id, :ver, :d, :customer_id)"""


def publish(conn: Connection, lines: Iterable[Line]) -> list[Moved]:
    """Append `lines`; to be called last in a transaction, because it takes the partitions' head rows.

    Partitions are taken in sorted order, so that two writers never wait for each other (sync 2.2).
    """
    by_part: dict[str, list[Line]] = {}
    for line in lines:
        by_part.setdefault(line.part, []).append(line)
    parts = sorted(by_part)
    moved: list[Moved] = []
    for first in range(0, len(parts), _AT_ONCE):
        rows: list[dict[str, Any]] = []
        for part, last in _take(conn, {part: len(by_part[part]) for part in parts[first : first + _AT_ONCE]}):
            its = by_part[part]
            rows += [{"seq": seq, **asdict(line)} for seq, line in enumerate(its, last - len(its) + 1)]
            moved.append(Moved(part, last, frozenset(line.customer_id for line in its if line.customer_id)))
        conn.executemany(_APPEND, rows)
    return moved


def _take(conn: Connection, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Take so many seqs of each of these partitions, which are in order; the last of each."""
    given: dict[str, Any] = {}
    for number, (part, count) in enumerate(counts.items()):
        given |= {f"part{number}": part, f"count{number}": count}
    values = ", ".join(f"(:part{number}, :count{number})" for number in range(len(counts)))
    rows = conn.execute(
        f"""
        INSERT INTO head (part, last) VALUES {values}
        ON CONFLICT (part) DO UPDATE SET last=head.last+excluded.last RETURNING part, last
        """,
        given,
    )
    return sorted(rows.fetchall())


def last(conn: Connection, part: str) -> int:
    """Seq of the newest row of a partition, 0 when it is empty."""
    row = conn.execute("SELECT last FROM head WHERE part=:part", {"part": part}).fetchone()
    return int(row[0]) if row else 0


def heads(conn: Connection) -> dict[str, int]:
    """Seq of the newest row by partition."""
    return dict(conn.execute("SELECT part, last FROM head").fetchall())


def total(conn: Connection) -> int:
    """Another number whenever any partition grew."""
    (rows,) = conn.execute("SELECT coalesce(sum(last), 0) FROM head").fetchone()
    return int(rows)


def spoken_of(conn: Connection, after: Mapping[str, int]) -> set[bytes]:
    """Whom the rows of these partitions after these seqs are about."""
    found: set[bytes] = set()
    for part, seq in after.items():
        rows = conn.execute(
            """
            SELECT DISTINCT customer_id FROM feed
            WHERE part=:part AND seq>:seq AND customer_id IS NOT NULL LIMIT 2000
            """,
            {"part": part, "seq": seq},
        )
        found |= {bytes(customer_id) for (customer_id,) in rows}
    return found


def after(
    conn: Connection, part: str, *, seq: int, limit: int
) -> Iterator[tuple[int, Op, str, str, int, bytes, int]]:
    """Rows (seq, op, t, id, ver, d, skips) of a partition after `seq`, in order."""
    return conn.execute(
        """
        SELECT seq, op, t, id, ver, d, skips FROM feed WHERE part=:part AND seq>:seq ORDER BY seq LIMIT :limit
        """,
        {"part": part, "seq": seq, "limit": limit},
    )


def shops(conn: Connection, customer_id: bytes) -> set[str]:
    """The shops whose partitions say anything about a customer."""
    rows = conn.execute(
        "SELECT DISTINCT part FROM feed WHERE customer_id=:customer_id", {"customer_id": customer_id}
    )
    return {wire.shop_of(part) for (part,) in rows}


OVERTAKEN: Final = "overtaken"  # a type that no version knows: it is passed over, and its number counted


def take_back(conn: Connection, part: str, customer_id: bytes) -> None:
    """Let every row about a customer in one partition say that they left it; the seqs stay.

    In the urgent partition the rows say nothing any more: heard late, a leaving would take away whoever came in again
    since, whose rows are in the other one.
    """
    left = (
        (OVERTAKEN, "-", "put", 0) if part.endswith(":urgent") else ("customer", customer_id.hex(), "del", 1)
    )
    t, id_, op, ver = left
    conn.execute(
        """
        UPDATE feed SET op=:op, t=:t, id=:id, ver=:ver, d=:nothing
        WHERE part=:part AND customer_id=:customer_id AND op<>'erase'
        """,
        {
            "part": part,
            "customer_id": customer_id,
            "op": op,
            "t": t,
            "id": id_,
            "ver": ver,
            "nothing": b"{}",
        },
    )


def forget(conn: Connection, customer_id: bytes, *, op: Op = "erase") -> None:
    """Make every row about a customer an erasure (or a `del`); the seqs stay, so that no shop sees a gap."""
    conn.execute(
        """
        UPDATE feed SET op=:op, t='customer', id=:id, d=:nothing WHERE customer_id=:customer_id
        """,
        {"op": op, "customer_id": customer_id, "id": customer_id.hex(), "nothing": b"{}"},
    )
