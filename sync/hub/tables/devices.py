"""Shops and their devices."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from edge.kit.chain import GENESIS
from edge.kit.sql import Connection, spread


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    shop_id: str
    epoch: int
    public_key: bytes


class End(NamedTuple):
    """Where the history that the hub holds of a device's epoch ends; `hub_epoch` is the hub's own."""

    hub_epoch: int
    seq: int = 0
    hash: bytes = GENESIS


_HIGHEST: Final = "CASE WHEN told>epoch THEN told ELSE epoch END"
_COLUMNS: Final = "id, shop_id, epoch, public_key"
_DEVICE: Final = f"SELECT {_COLUMNS} FROM device WHERE id=:id"


def device(conn: Connection, device_id: str) -> Device | None:
    row = conn.execute(_DEVICE, {"id": device_id}).fetchone()
    return Device(*row) if row else None


def devices(conn: Connection, device_ids: Iterable[str]) -> dict[str, Device]:
    """Those of the devices that are there."""
    those, given = spread("id", device_ids)
    rows = conn.execute(f"SELECT {_COLUMNS} FROM device WHERE id IN {those}", given)
    return {row[0]: Device(*row) for row in rows}


def every(conn: Connection) -> list[Device]:
    return [Device(*row) for row in conn.execute(f"SELECT {_COLUMNS} FROM device ORDER BY shop_id, id")]


def hold(conn: Connection, device_id: str) -> Device | None:
    """The device, taken until COMMIT: nobody else writes its history or changes its epoch meanwhile."""
    return hold_all(conn, [device_id]).get(device_id)


def hold_all(conn: Connection, device_ids: Iterable[str]) -> dict[str, Device]:
    """As `hold`: those of the devices that are there."""
    those, given = spread("id", sorted(device_ids))
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM device WHERE id IN {those} ORDER BY id /*! FOR UPDATE */", given
    )
    return {row[0]: Device(*row) for row in rows}


def ends(conn: Connection, device_ids: Iterable[str]) -> dict[str, End]:
    """Where the histories of these devices' current epochs end.

    A statement of its own after `hold`: one that had to wait for a row reads the others as they were before.
    """
    those, given = spread("id", device_ids)
    rows = conn.execute(
        f"""
        SELECT d.id, hub.epoch, e.seq, e.hash FROM device AS d CROSS JOIN hub
        LEFT JOIN event AS e ON e.device_id=d.id AND e.epoch=d.epoch AND e.seq=(
            SELECT max(l.seq) FROM event AS l WHERE l.device_id=d.id AND l.epoch=d.epoch)
        WHERE d.id IN {those}
        """,
        given,
    )
    return {
        device_id: End(hub_epoch) if seq is None else End(hub_epoch, seq, bytes(hash_))
        for device_id, hub_epoch, seq, hash_ in rows
    }


def put_device(conn: Connection, given: Device) -> None:
    conn.execute(
        """
        INSERT INTO device (id, shop_id, epoch, public_key) VALUES (:id, :shop_id, :epoch, :public_key)
        ON CONFLICT (id) DO UPDATE SET epoch=excluded.epoch, public_key=excluded.public_key, forked_ms=NULL
        """,
        {
            "id": given.id,
            "shop_id": given.shop_id,
            "epoch": given.epoch,
            "public_key": given.public_key,
        },
    )


def retire(conn: Connection, device_id: str, *, since_ms: int | None) -> None:
    conn.execute(
        "UPDATE device SET retired_ms=:since_ms WHERE id=:id", {"id": device_id, "since_ms": since_ms}
    )


def mark_forked(conn: Connection, device_id: str, *, now_ms: int) -> bool:
    """Note that two boxes write this device's history; False when that was known."""
    done = conn.execute(
        "UPDATE device SET forked_ms=:now_ms WHERE id=:id AND forked_ms IS NULL",
        {"id": device_id, "now_ms": now_ms},
    )
    return done.rowcount == 1


def wrapped_shop_key(conn: Connection, shop_id: str) -> bytes | None:
    row = conn.execute("SELECT wrapped FROM shop WHERE id=:id", {"id": shop_id}).fetchone()
    return bytes(row[0]) if row else None


def some_shop_keys(conn: Connection, *, most: int) -> list[tuple[str, bytes]]:
    """(shop, its key as it is kept) of up to `most` shops."""
    rows = conn.execute("SELECT id, wrapped FROM shop ORDER BY id LIMIT :most", {"most": most})
    return [(id_, bytes(wrapped)) for id_, wrapped in rows]


def add_shop(conn: Connection, shop_id: str, *, wrapped: bytes) -> None:
    conn.execute("INSERT INTO shop (id, wrapped) VALUES (:id, :wrapped)", {"id": shop_id, "wrapped": wrapped})


def put_shop_key(conn: Connection, shop_id: str, *, wrapped: bytes) -> None:
    conn.execute("UPDATE shop SET wrapped=:wrapped WHERE id=:id", {"id": shop_id, "wrapped": wrapped})


def shops(conn: Connection) -> list[str]:
    return [each for (each,) in conn.execute("SELECT id FROM shop ORDER BY id").fetchall()]


def has_spoken(conn: Connection, shop_id: str, *, device_id: str) -> bool:
    """Whether a shop has another device than this one, or facts of this one."""
    (found,) = conn.execute(
        """
        SELECT EXISTS (SELECT 1 FROM device WHERE shop_id=:shop AND id<>:device)
            OR EXISTS (SELECT 1 FROM event WHERE device_id=:device)
        """,
        {"shop": shop_id, "device": device_id},
    ).fetchone()
    return bool(found)


def has_residents(conn: Connection, shop_id: str) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM residency WHERE shop_id=:shop)"
    return bool(conn.execute(sql, {"shop": shop_id}).fetchone()[0])


def hub_epoch(conn: Connection) -> int:
    (epoch,) = conn.execute("SELECT epoch FROM hub").fetchone()
    return int(epoch)


def raise_hub_epoch(conn: Connection, *, at_least: int, step: int = 1) -> int:
    """At least this number, or `step` above the one that stands where that is not below it; returns it."""
    (epoch,) = conn.execute(
        """
        UPDATE hub SET epoch=CASE WHEN epoch<:at_least THEN :at_least ELSE epoch+:step END WHERE id=1
        RETURNING epoch
        """,
        {"at_least": at_least, "step": step},
    ).fetchone()
    return int(epoch)


def raise_epoch(conn: Connection, device_id: str) -> int | None:
    """Give a device its next epoch, above all that it has or says it has; None for an unknown one."""
    row = conn.execute(
        f"UPDATE device SET epoch={_HIGHEST}+1, forked_ms=NULL WHERE id=:id RETURNING epoch",
        {"id": device_id},
    ).fetchone()
    return int(row[0]) if row else None


def highest_epoch(conn: Connection, device_id: str) -> int:
    """The highest epoch that a device has or says it has; 0 for an unknown one."""
    row = conn.execute(f"SELECT {_HIGHEST} FROM device WHERE id=:id", {"id": device_id}).fetchone()
    return int(row[0]) if row else 0


def tell_epoch(conn: Connection, device_id: str, *, epoch: int, most: int) -> None:
    """Note that a device has this epoch, where it is above the known one, and not by more than `most`."""
    conn.execute(
        "UPDATE device SET told=:epoch WHERE id=:id AND told<:epoch AND epoch<:epoch AND epoch+:most>=:epoch",
        {"id": device_id, "epoch": epoch, "most": most},
    )
