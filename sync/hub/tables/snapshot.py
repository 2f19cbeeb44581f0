"""The partitions once more, in the order of types and ids: what a shop that applied all of it would hold."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from edge.kit.sql import Connection
from sync import wire
from sync.hub.tables import compaction, devices

SLICE: Final = 2_000
Whole = tuple[str, int, bytes]  # id, version, body

# Customers first: whoever is gone takes the rest of their rows along.
_FIRST: Final = ("customer", "key", "credential", "consent")


def kinds(conn: Connection, part: str) -> list[str]:
    """The types that stand in a partition."""
    found = [t for (t,) in conn.execute("SELECT DISTINCT t FROM feed WHERE part=:part", {"part": part})]
    return sorted(found, key=lambda t: (_FIRST.index(t) if t in _FIRST else len(_FIRST), t))


def gone(conn: Connection, part: str) -> dict[bytes, int]:
    """Customers whom the partition takes away: up to which seq nothing about them counts."""
    return {
        bytes.fromhex(id_): seq
        for id_, seq in conn.execute(
            """
            SELECT id, max(seq) FROM feed WHERE part=:part AND t='customer' AND op<>'put' GROUP BY id
            """,
            {"part": part},
        )
    }


def erased(conn: Connection, parts: tuple[str, str]) -> list[str]:
    """Ids (hex) of customers whom either partition erases: a box may have been away when it said so."""
    main, urgent = parts
    found = conn.execute(
        "SELECT DISTINCT id FROM feed WHERE part IN (:main, :urgent) AND op='erase' ORDER BY id",
        {"main": main, "urgent": urgent},
    )
    return [id_ for (id_,) in found]


def folded(conn: Connection, part: str, t: str, *, gone: dict[bytes, int]) -> Iterator[Whole]:
    """The rows of one type that hold in the end, by id: what putting and taking away one by one would leave."""
    held: Whole | None = None
    for id_, seq, op, ver, d, customer_id in _rows(conn, part, t):
        if held is not None and held[0] != id_:
            yield held
            held = None
        if op != "put":
            held = None
        elif customer_id in gone and seq <= gone[customer_id]:
            continue
        elif held is None or ver > held[1] or t == "key":
            held = (id_, ver, bytes(d))
    if held is not None:
        yield held


def _rows(conn: Connection, part: str, t: str) -> Iterator[tuple[str, int, str, int, bytes, bytes | None]]:
    """All rows of one type by (id, seq), read a slice at a time: a driver may hold a whole answer in memory."""
    id_, seq = "", 0
    while True:
        rows = conn.execute(
            """
            SELECT id, seq, op, ver, d, customer_id FROM feed
            WHERE part=:part AND t=:t AND (id, seq) > (:id, :seq) ORDER BY id, seq LIMIT :limit
            """,
            {"part": part, "t": t, "id": id_, "seq": seq, "limit": SLICE},
        ).fetchall()
        yield from rows
        if len(rows) < SLICE:
            return
        id_, seq = rows[-1][:2]


def mark(conn: Connection, shop: str) -> str:
    """Another word once more of a shop's people are erased, or it has another key: what was written down before must
    not go out. It stands in the names of files.
    """
    key = devices.wrapped_shop_key(conn, shop) or b""  # sealed anew whenever it is another
    return f"{_erased_upto(conn, shop)}-{sha256(key).hexdigest()[:16]}"


def _erased_upto(conn: Connection, shop: str) -> int:
    """Where the last erasure stood; one leaves the partition by compaction alone, which leaves its seq in `gone`."""
    part = wire.urgent_part(shop)
    # `+ 0`: by the index of types, in which there are few, and not backwards through every row to the last one.
    (seq,) = conn.execute(
        "SELECT coalesce(max(seq + 0), 0) FROM feed WHERE part=:part AND t='customer' AND op='erase'",
        {"part": part},
    ).fetchone()
    return max(int(seq), compaction.head(conn, part).gone)
