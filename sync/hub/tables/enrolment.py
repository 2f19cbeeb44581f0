"""Codes with which a box may become a device, once."""

from dataclasses import astuple, dataclass, field

from edge.kit.sql import Connection


@dataclass(frozen=True, slots=True)
class Slot:
    """A device that waits for its box; `used_by` is the key of the box that used the code, empty before."""

    id: str
    sealed: bytes = field(repr=False)
    shop_id: str
    device_id: str
    until_ms: int
    used_by: bytes
    used_ms: int | None = None  # None: not yet, or before this was kept


def put(conn: Connection, slot: Slot, *, now_ms: int) -> None:
    """Keep a slot instead of an older one of the same device; those whose time is over go."""
    conn.execute(
        "DELETE FROM enrolment WHERE device_id=:device_id OR until_ms<=:now_ms",
        {"device_id": slot.device_id, "now_ms": now_ms},
    )
    names = ("id", "sealed", "shop_id", "device_id", "until_ms", "used_by", "used_ms")
    conn.execute(
        """
        INSERT INTO enrolment (id, sealed, shop_id, device_id, until_ms, used_by, used_ms)
        VALUES (:id, :sealed, :shop_id, :device_id, :until_ms, :used_by, :used_ms)
        """,
        dict(zip(names, astuple(slot), strict=True)),
    )


def slot(conn: Connection, id_: str) -> Slot | None:
    """A slot, taken until COMMIT: of two boxes that say one code at once the second finds it used."""
    row = conn.execute(
        """
        SELECT id, sealed, shop_id, device_id, until_ms, used_by, used_ms FROM enrolment
        WHERE id=:id /*! FOR UPDATE */
        """,
        {"id": id_},
    ).fetchone()
    if row is None:
        return None
    return Slot(row[0], bytes(row[1]), row[2], row[3], row[4], bytes(row[5]), row[6])


def spend(conn: Connection, id_: str, public_key: bytes, *, now_ms: int) -> None:
    conn.execute(
        "UPDATE enrolment SET used_by=:key, used_ms=:now_ms WHERE id=:id",
        {"id": id_, "key": public_key, "now_ms": now_ms},
    )
