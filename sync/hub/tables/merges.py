"""Cards that became somebody's with all they had earned: which, when, what went over, and whether it still stands."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from edge.kit.sql import Connection, spread
from sync.hub.tables.people import Credential


class Merge(NamedTuple):
    """One merge, for good or undone; `points` and `stamps` went over with it."""

    id: bytes
    from_id: bytes
    into_id: bytes
    at_ms: int
    why: str
    shop_id: str
    points: int
    stamps: int
    undone_ms: int | None


_COLUMNS: Final = "id, from_id, into_id, at_ms, why, shop_id, points, stamps, undone_ms"


def add(conn: Connection, new: Merge, *, cards: Iterable[bytes], shops: Iterable[str]) -> None:
    """Keep a merge, the cards that went over, and the shops in which it alone makes the new owner known."""
    conn.execute(
        f"""
        INSERT INTO merge ({_COLUMNS})
        VALUES (:id, :from_id, :into_id, :at_ms, :why, :shop_id, :points, :stamps, :undone_ms)
        """,
        new._asdict(),
    )
    rows = [{"merge_id": new.id, "hash": each} for each in cards]
    conn.executemany("INSERT INTO merge_card (merge_id, hash) VALUES (:merge_id, :hash)", rows)
    there = [{"merge_id": new.id, "shop_id": each} for each in shops]
    conn.executemany("INSERT INTO merge_shop (merge_id, shop_id) VALUES (:merge_id, :shop_id)", there)


def brought(conn: Connection, customer_id: bytes) -> set[str]:
    """The shops in which a customer is known only by cards that became theirs."""
    rows = conn.execute(
        """
        SELECT s.shop_id FROM merge_shop AS s JOIN merge AS m ON m.id=s.merge_id
        WHERE m.into_id=:id AND m.undone_ms IS NULL
        """,
        {"id": customer_id},
    )
    return {shop_id for (shop_id,) in rows}


def brought_by(conn: Connection, merge_id: bytes) -> set[str]:
    """As `brought`, of one merge."""
    rows = conn.execute("SELECT shop_id FROM merge_shop WHERE merge_id=:id", {"id": merge_id})
    return {shop_id for (shop_id,) in rows}


def into(conn: Connection, customer_ids: Iterable[bytes]) -> dict[bytes, bytes]:
    """Whose each of these became in the end, however often; who stands for themselves is not in it."""
    steps: dict[bytes, bytes] = {}
    wanted = set(customer_ids)
    ahead = wanted
    while ahead:
        those, given = spread("id", ahead)
        rows = conn.execute(
            f"SELECT from_id, into_id FROM merge WHERE undone_ms IS NULL AND from_id IN {those}", given
        )
        found = {bytes(from_id): bytes(into_id) for from_id, into_id in rows}
        steps |= found
        ahead = set(found.values()) - set(steps)
    return {each: _end(steps, each) for each in wanted if each in steps}


def _end(steps: dict[bytes, bytes], customer_id: bytes) -> bytes:
    met = {customer_id}
    while (following := steps.get(customer_id)) is not None and following not in met:
        met.add(following)
        customer_id = following
    return customer_id


def became(conn: Connection, customer_id: bytes) -> list[bytes]:
    """Everybody who stands merged into this customer, also through others; the nearest first."""
    found = [customer_id]
    for whose in found:  # grows while it is read
        found += [
            each.from_id for each in of(conn, whose) if each.undone_ms is None and each.from_id not in found
        ]
    return found[1:]


_REACHED: Final = ("portal_address", "portal_passkey", "portal_session", "pass")


def is_reached(conn: Connection, customer_id: bytes) -> bool:
    """Whether a customer has a way to their own page, or a pass: somebody stands behind the card."""
    return any(
        conn.execute(f"SELECT 1 FROM {table} WHERE customer_id=:id LIMIT 1", {"id": customer_id}).fetchone()
        for table in _REACHED
    )


def of(conn: Connection, customer_id: bytes) -> list[Merge]:
    """Every merge into this customer, also what was undone, oldest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM merge WHERE into_id=:id ORDER BY at_ms, id", {"id": customer_id}
    )
    return [_merge(row) for row in rows]


def every(conn: Connection) -> list[Merge]:
    """All merges, oldest first."""
    return [_merge(row) for row in conn.execute(f"SELECT {_COLUMNS} FROM merge ORDER BY at_ms, id")]


def one(conn: Connection, merge_id: bytes) -> Merge | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM merge WHERE id=:id", {"id": merge_id}).fetchone()
    return _merge(row) if row else None


def undone(conn: Connection, merge_id: bytes, *, now_ms: int) -> None:
    conn.execute("UPDATE merge SET undone_ms=:now_ms WHERE id=:id", {"id": merge_id, "now_ms": now_ms})


_MOVE: Final = """
    UPDATE credential SET customer_id=:to, ver=ver+1 WHERE customer_id=:from_id{those}
    RETURNING hash, customer_id, state, ver, kind, bound_ms"""


def move_cards(conn: Connection, from_id: bytes, to: bytes) -> list[Credential]:
    """Give all cards of one customer to another; as they are now."""
    rows = conn.execute(_MOVE.format(those=""), {"from_id": from_id, "to": to})
    return [Credential(*row) for row in rows]


def move_back(conn: Connection, done: Merge) -> list[Credential]:
    """Give the cards of a merge back, as far as they are still whose they became; as they are now."""
    those = " AND hash IN (SELECT hash FROM merge_card WHERE merge_id=:merge_id)"
    given = {"from_id": done.into_id, "to": done.from_id, "merge_id": done.id}
    return [Credential(*row) for row in conn.execute(_MOVE.format(those=those), given)]


def forget(conn: Connection, customer_id: bytes) -> None:
    """Drop every merge in which a customer had a part."""
    either = {"id": customer_id}
    merges = "SELECT id FROM merge WHERE from_id=:id OR into_id=:id"
    for table in ("merge_card", "merge_shop"):
        conn.execute(f"DELETE FROM {table} WHERE merge_id IN ({merges})", either)
    conn.execute("DELETE FROM merge WHERE from_id=:id OR into_id=:id", either)


def _merge(row: tuple[bytes, bytes, bytes, int, str, str, int, int, int | None]) -> Merge:
    return Merge(bytes(row[0]), bytes(row[1]), bytes(row[2]), *row[3:])
