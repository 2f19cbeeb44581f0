"""What a partition can do without: rows that a later one overtook, and what every box has taken away by now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.kit.sql import Connection


@dataclass(frozen=True, slots=True)
class Head:
    """A partition: its last seq, up to where it was compacted, and the highest seq whose taking away is gone."""

    last: int
    compacted: int
    gone: int


_HEAD: Final = "SELECT last, compacted, gone FROM head WHERE part=:part"


def head(conn: Connection, part: str) -> Head:
    row = conn.execute(_HEAD, {"part": part}).fetchone()
    return Head(*row) if row else Head(0, 0, 0)


def hold(conn: Connection, part: str) -> Head:
    """The partition, taken until COMMIT: two that counted what is missing at once would both count wrong."""
    row = conn.execute(f"{_HEAD} /*! FOR UPDATE */", {"part": part}).fetchone()
    return Head(*row) if row else Head(0, 0, 0)


def parts(conn: Connection) -> list[str]:
    return [part for (part,) in conn.execute("SELECT part FROM head ORDER BY part")]


def acknowledge(conn: Connection, acks: Mapping[tuple[str, str], int]) -> None:
    """These (device, partition) have applied everything up to a seq."""
    conn.executemany(
        """
        INSERT INTO ack (device_id, part, seq) VALUES (:device_id, :part, :seq)
        ON CONFLICT (device_id, part) DO UPDATE SET seq=excluded.seq WHERE excluded.seq>ack.seq
        """,
        [{"device_id": device, "part": part, "seq": seq} for (device, part), seq in sorted(acks.items())],
    )


def floor(conn: Connection, part: str, *, shop: str) -> int | None:
    """Up to where every box of a shop that is not retired has applied a partition; None: it has no box."""
    (boxes, seq) = conn.execute(
        """
        SELECT count(*), min(coalesce(a.seq, 0)) FROM device AS d
        LEFT JOIN ack AS a ON a.device_id=d.id AND a.part=:part
        WHERE d.shop_id=:shop AND d.retired_ms IS NULL
        """,
        {"part": part, "shop": shop},
    ).fetchone()
    return int(seq) if boxes else None


# A put is overtaken by whatever comes later of the same row. A taking away is one by a later row that counts after
# it, or by the same said again; of a customer it takes more along than its own row, so a put does not overtake it.
_OVERTAKEN: Final = """
    SELECT DISTINCT a.seq FROM feed AS b JOIN feed AS a ON a.part=b.part AND a.t=b.t AND a.id=b.id AND a.seq<b.seq
    WHERE b.part=:part AND b.seq>:after AND b.seq<=:upto AND (
        a.op='put' AND a.ver<=b.ver OR a.op='put' AND b.op<>'put'
        OR a.op<>'put' AND a.op=b.op
        OR a.op='del' AND a.t<>'customer' AND a.ver<b.ver)
    ORDER BY a.seq"""


def overtaken(conn: Connection, part: str, *, after: int, upto: int) -> list[int]:
    """Seqs that rows in `after` < seq <= `upto` make superfluous, wherever those stand."""
    found = conn.execute(_OVERTAKEN, {"part": part, "after": after, "upto": upto})
    return [seq for (seq,) in found]


def taken_away(conn: Connection, part: str, *, upto: int, limit: int) -> list[int]:
    """Seqs up to `upto` that take something away, and that no box needs to hear again.

    An erasure stays in the urgent partition for good: a box whose files were put back from a backup holds somebody
    again whom every box had forgotten, and only that row can tell it.
    """
    found = conn.execute(
        """
        SELECT seq FROM feed WHERE part=:part AND op<>'put' AND seq<=:upto AND NOT (op='erase' AND :urgent=1)
        ORDER BY seq LIMIT :limit
        """,
        {"part": part, "upto": upto, "limit": limit, "urgent": int(part.endswith(":urgent"))},
    )
    return [seq for (seq,) in found]


_AROUND: Final = """
    SELECT (SELECT min(seq) FROM feed WHERE part=:part AND seq>:seq),
        (SELECT coalesce(max(seq), 0) FROM feed WHERE part=:part AND seq<:seq)"""


def drop(conn: Connection, part: str, seqs: Sequence[int]) -> None:
    """Take rows out, ascending, and have the row after each run say how many are missing before it."""
    conn.executemany(
        "DELETE FROM feed WHERE part=:part AND seq=:seq", [{"part": part, "seq": seq} for seq in seqs]
    )
    told = 0
    for seq in seqs:
        if seq < told:
            continue
        told, before = conn.execute(_AROUND, {"part": part, "seq": seq}).fetchone()
        conn.execute(
            "UPDATE feed SET skips=:skips WHERE part=:part AND seq=:seq",
            {"part": part, "seq": told, "skips": told - before - 1},
        )


def note(conn: Connection, part: str, *, compacted: int, gone: int) -> None:
    conn.execute(
        "UPDATE head SET compacted=:compacted, gone=:gone WHERE part=:part",
        {"part": part, "compacted": compacted, "gone": gone},
    )
