"""The outbox: every fact as one chained line, waiting until the hub holds it.

`(epoch, seq)` is allotted in the transaction of the fact itself, so no fact is without a line and none twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from sqlite3 import Connection
from typing import Any, Final, get_args

import msgspec

from edge.facts import Fact
from edge.kit.chain import link


def wire_name(kind: type[Fact]) -> str:
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)
    return name.lstrip("_")


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a kind of fact goes into its line: `VisitStarted` is `visit_started`, its fields but `at_ms` the body."""

    kind: str
    names: tuple[str, ...]
    values: Callable[[Fact], tuple[Any, ...]]  # of the names, and `at_ms` behind them


def _shape(kind: type[Fact]) -> _Shape:
    names = tuple(each.name for each in fields(kind) if each.name != "at_ms")
    return _Shape(wire_name(kind), names, attrgetter(*names, "at_ms"))


_SHAPES: Final = {kind: _shape(kind) for kind in get_args(Fact)}
_JSON: Final = msgspec.json.Encoder()


def kind_of(fact: Fact) -> str:
    """The wire name of a fact."""
    return _SHAPES[type(fact)].kind


def body_of(fact: Fact) -> bytes:
    """The fact's fields as JSON, bytes as hex; `at_ms` stands beside the body."""
    shape = _SHAPES[type(fact)]
    values = zip(shape.names, shape.values(fact), strict=False)
    return _JSON.encode({name: value.hex() if isinstance(value, bytes) else value for name, value in values})


_APPEND: Final = "INSERT INTO outbox (seq, at_ms, kind, body, hash) VALUES (?, ?, ?, ?, ?)"


def append(conn: Connection, facts: Sequence[Fact]) -> int:
    """Write one line a fact; the sequence number of the last."""
    seq, previous = conn.execute("SELECT seq, hash FROM outbox_head").fetchone()
    lines = []
    for fact in facts:
        seq += 1
        kind, body = kind_of(fact), body_of(fact)
        previous = link(previous, seq=seq, at_ms=fact.at_ms, kind=kind, body=body)
        lines.append((seq, fact.at_ms, kind, body, previous))
    conn.executemany(_APPEND, lines)
    conn.execute("UPDATE outbox_head SET seq=?, hash=?", (seq, previous))
    return int(seq)


def number(conn: Connection, place: int) -> tuple[int, int]:
    """(epoch, seq) that `append` will give the fact at `place`, from 0, of those recorded in this transaction."""
    epoch, seq = conn.execute("SELECT epoch, seq FROM outbox_head").fetchone()
    return epoch, seq + 1 + place


@dataclass(frozen=True, slots=True)
class Line:
    seq: int
    at_ms: int
    kind: str
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """Facts that the hub does not hold yet: a contiguous run, and the hash that it chains to."""

    epoch: int
    from_seq: int
    prev_hash: bytes
    lines: list[Line]


def waiting(conn: Connection, *, most: int, most_bytes: int) -> Waiting | None:
    """The first facts above what was acknowledged, None when there are none."""
    epoch, acked = conn.execute("SELECT epoch, acked FROM outbox_head").fetchone()
    lines: list[Line] = []
    size = 0
    for row in conn.execute(
        "SELECT seq, at_ms, kind, body, hash FROM outbox WHERE seq>? ORDER BY seq LIMIT ?", (acked, most)
    ):
        line = Line(*row)
        size += len(line.body) + 100
        if lines and size > most_bytes:
            break
        lines.append(line)
    if not lines:
        return None
    row = conn.execute("SELECT hash FROM outbox WHERE seq=?", (acked,)).fetchone()
    return Waiting(epoch=epoch, from_seq=lines[0].seq, prev_hash=row[0] if row else bytes(32), lines=lines)


# What stands in place of a body that an erasure took; the line and its hash stay, so the chain still holds.
BLANK: Final = b"{}"


def oldest_ms(conn: Connection) -> int | None:
    """When the first fact happened that still waits, None when none does."""
    row = conn.execute(
        "SELECT at_ms FROM outbox WHERE seq>(SELECT acked FROM outbox_head) ORDER BY seq LIMIT 1"
    ).fetchone()
    return int(row[0]) if row else None


# Facts that name a visit and not whose it was.
_OF_VISITS: Final = ("greeted", "seen_again", "visit_ended", "help_claimed", "help_released", "left_alone")


def blank(conn: Connection, customer_id: bytes, *, visits: Sequence[bytes] = ()) -> None:
    """Take the bodies that name a customer, or one of these visits of theirs, out of the outbox."""
    kinds = ", ".join(f"'{kind}'" for kind in _OF_VISITS)
    named = _JSON.encode([visit_id.hex() for visit_id in visits]).decode()
    for table in ("outbox", "outbox_past"):
        conn.execute(f"UPDATE {table} SET body=? WHERE instr(body, ?)", (BLANK, customer_id.hex().encode()))
        if visits:
            conn.execute(
                f"""
                UPDATE {table} SET body=? WHERE kind IN ({kinds})
                    AND CAST(body AS TEXT) ->> '$.visit_id' IN (SELECT value FROM json_each(?))
                """,
                (BLANK, named),
            )


def settle(conn: Connection, *, epoch: int, seq: int) -> None:
    """The hub holds everything up to `seq` of this epoch; never beyond what we have, never backwards."""
    conn.execute(
        "UPDATE outbox_head SET acked=? WHERE epoch=? AND acked<? AND seq>=?", (seq, epoch, seq, seq)
    )


def depth(conn: Connection) -> int:
    """How many facts wait for the hub."""
    (count,) = conn.execute("SELECT seq-acked FROM outbox_head").fetchone()
    return int(count)


def anything(conn: Connection) -> bool:
    """Whether anything ever happened here."""
    (seq,) = conn.execute("SELECT seq FROM outbox_head").fetchone()
    return bool(seq)


# The hub restored from a backup asks for what it lost; after this time that backup is older than allowed.
KEEP_ACKED_MS: Final = 35 * 24 * 3_600_000


def prune(conn: Connection, *, now_ms: int, most: int = 2_000) -> int:
    """Drop acknowledged lines older than 35 days, in slices; the last one stays, the chain hangs on it."""
    conn.execute("DELETE FROM outbox_past WHERE at_ms<?", (now_ms - KEEP_ACKED_MS,))
    done = conn.execute(
        """
        DELETE FROM outbox WHERE seq IN (
            SELECT seq FROM outbox WHERE at_ms<:before_ms AND seq<(SELECT acked FROM outbox_head)
            ORDER BY seq LIMIT :most)
        """,
        {"before_ms": now_ms - KEEP_ACKED_MS, "most": most},
    )
    return done.rowcount
