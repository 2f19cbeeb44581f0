"""The chains of looks as the boxes told them, and where one did not hold."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from edge.kit.sql import Connection, spread
from edge.looks.rules import GENESIS, Line


class Head(NamedTuple):
    """How far a box's chain has come; a box that never told anything stands at nought."""

    branch: int = 1
    n: int = 0
    hash: bytes = GENESIS
    epoch: int = 0


class Receipt(NamedTuple):
    """The line of one look, as its box told it: it stands in the chain of `device_id` as number `n`."""

    device_id: str
    n: int
    at_ms: int
    role: str
    purpose: str
    fields: str  # names of traits with a space between
    reason: str
    hash: bytes
    customer_ref: str


class Break(NamedTuple):
    """A chain did not hold: from line `n` on it is another than the one the hub holds, or lines are missing."""

    device_id: str
    branch: int
    n: int
    why: str
    at_ms: int


_LINE: Final = "n, at_ms, role, staff, device, customer_ref, purpose, fields, reason"


def head(conn: Connection, device_id: str) -> Head:
    row = conn.execute(
        "SELECT branch, n, hash, epoch FROM look_head WHERE device_id=:device_id", {"device_id": device_id}
    ).fetchone()
    return Head(row[0], row[1], bytes(row[2]), row[3]) if row else Head()


def hashes(conn: Connection, device_id: str, branch: int, *, first: int, last: int) -> dict[int, bytes]:
    """The chain at each line that is held from `first` to `last`."""
    rows = conn.execute(
        "SELECT n, hash FROM look WHERE device_id=:device_id AND branch=:branch AND n BETWEEN :first AND :last",
        {"device_id": device_id, "branch": branch, "first": first, "last": last},
    )
    return {n: bytes(hash_) for n, hash_ in rows}


def lines(conn: Connection, device_id: str, branch: int) -> list[tuple[Line, bytes]]:
    """All lines that are held of a branch, with their hashes."""
    rows = conn.execute(
        f"SELECT {_LINE}, hash FROM look WHERE device_id=:device_id AND branch=:branch ORDER BY n",
        {"device_id": device_id, "branch": branch},
    )
    return [(Line(*row[:-1]), bytes(row[-1])) for row in rows]


def put(conn: Connection, device_id: str, branch: int, *, told: Sequence[tuple[Line, bytes]]) -> None:
    conn.executemany(
        f"""
        INSERT INTO look (device_id, branch, {_LINE}, hash) VALUES (:device_id, :branch, :n, :at_ms, :role,
            :staff, :device, :customer_ref, :purpose, :fields, :reason, :hash)
        """,
        [line._asdict() | {"device_id": device_id, "branch": branch, "hash": hash_} for line, hash_ in told],
    )


def put_head(conn: Connection, device_id: str, reached: Head, *, sig: str, now_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO look_head (device_id, branch, n, hash, epoch, sig, at_ms, shown_ms)
        VALUES (:device_id, :branch, :n, :hash, :epoch, :sig, :now_ms, 0)
        ON CONFLICT (device_id) DO UPDATE SET branch=excluded.branch, n=excluded.n, hash=excluded.hash,
            epoch=excluded.epoch, sig=excluded.sig, at_ms=excluded.at_ms, shown_ms=0
        """,
        {"device_id": device_id, "sig": sig, "now_ms": now_ms} | reached._asdict(),
    )


def shown(conn: Connection, device_ids: Collection[str], *, now_ms: int) -> None:
    """Boxes that are held reported looks: their lines of the chain are due."""
    if not device_ids:
        return
    those, given = spread("id", device_ids)
    due = conn.execute(f"SELECT device_id FROM look_head WHERE shown_ms>0 AND device_id IN {those}", given)
    known = {device_id for (device_id,) in due}  # most of them, and a row that is written anew is dear
    conn.executemany(
        """
        INSERT INTO look_head (device_id, branch, n, hash, epoch, sig, at_ms, shown_ms)
        VALUES (:device_id, 1, 0, :genesis, 0, '', :now_ms, :now_ms)
        ON CONFLICT (device_id) DO UPDATE SET shown_ms=excluded.shown_ms
        """,
        [
            {"device_id": device_id, "genesis": GENESIS, "now_ms": now_ms}
            for device_id in device_ids
            if device_id not in known
        ],
    )


def ill(conn: Connection, *, broken_since_ms: int, due_before_ms: int) -> set[str]:
    """Devices whose chain broke lately, or which report looks and keep their lines to themselves."""
    rows = conn.execute(
        """
        SELECT device_id FROM look_break WHERE at_ms>=:broken_since_ms
        UNION SELECT device_id FROM look_head WHERE shown_ms>0 AND shown_ms<:due_before_ms
        """,
        {"broken_since_ms": broken_since_ms, "due_before_ms": due_before_ms},
    )
    return {device_id for (device_id,) in rows}


def put_break(conn: Connection, broken: Break) -> None:
    conn.execute(
        """
        INSERT INTO look_break (device_id, branch, n, why, at_ms)
        VALUES (:device_id, :branch, :n, :why, :at_ms)
        ON CONFLICT (device_id, branch) DO UPDATE SET n=excluded.n, why=excluded.why
        """,
        broken._asdict(),
    )


def breaks(conn: Connection) -> list[Break]:
    """Every break that was found, newest first."""
    rows = conn.execute(
        "SELECT device_id, branch, n, why, at_ms FROM look_break ORDER BY at_ms DESC, device_id, branch DESC",
        {},
    )
    return [Break(*row) for row in rows]


def by_reference(conn: Connection, references: Sequence[str]) -> dict[str, Receipt]:
    """The lines of these looks, by their `customer_ref`; of one that was not told yet there is none."""
    if not references:
        return {}
    those, given = spread("ref", references)
    rows = conn.execute(
        f"""
        SELECT device_id, n, at_ms, role, purpose, fields, reason, hash, customer_ref FROM look
        WHERE customer_ref IN {those}
        """,
        given,
    )
    found = (Receipt._make(row) for row in rows)
    return {each.customer_ref: each._replace(hash=bytes(each.hash)) for each in found}


def prune(conn: Connection, *, before_ms: int) -> None:
    """Drop what is past its time; the heads stay, so that the chains go on."""
    conn.execute("DELETE FROM look WHERE at_ms<:before_ms", {"before_ms": before_ms})
    conn.execute("DELETE FROM look_break WHERE at_ms<:before_ms", {"before_ms": before_ms})
