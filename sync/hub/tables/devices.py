"""Shops and their devices."""

from dataclasses import dataclass
from typing import Final

from edge.kit.sql import Connection


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    shop_id: str
    epoch: int
    public_key: bytes


_HIGHEST: Final = "CASE WHEN told>epoch THEN told ELSE epoch END"
_DEVICE: Final = "SELECT id, shop_id, epoch, public_key FROM device WHERE id=:id"


def device(conn: Connection, device_id: str) -> Device | None:
    row = conn.execute(_DEVICE, {"id": device_id}).fetchone()
    return Device(*row) if row else None


def hold(conn: Connection, device_id: str) -> Device | None:
    """The device, taken until COMMIT: nobody else writes its history or changes its epoch meanwhile."""
    row = conn.execute(f"{_DEVICE} /*! FOR UPDATE */", {"id": device_id}).fetchone()
    return Device(*row) if row else None


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


def add_shop(conn: Connection, shop_id: str, *, wrapped: bytes) -> None:
    conn.execute("INSERT INTO shop (id, wrapped) VALUES (:id, :wrapped)", {"id": shop_id, "wrapped": wrapped})


def hub_epoch(conn: Connection) -> int:
    (epoch,) = conn.execute("SELECT epoch FROM hub").fetchone()
    return int(epoch)


def raise_hub_epoch(conn: Connection, *, at_least: int) -> int:
    (epoch,) = conn.execute(
        """
        UPDATE hub SET epoch=CASE WHEN epoch<:at_least THEN :at_least ELSE epoch+1 END WHERE id=1
        RETURNING epoch
        """,
        {"at_least": at_least},
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
