"""What the fleet page reads: how each box does, and how far its shop is behind."""

from typing import NamedTuple

from edge.kit.sql import Connection


class Said(NamedTuple):
    """What a box last said of itself, and when."""

    device_id: str
    at_ms: int
    d: bytes


def put(conn: Connection, said: Said) -> None:
    conn.execute(
        """
        INSERT INTO device_status (device_id, at_ms, d) VALUES (:device_id, :at_ms, :d)
        ON CONFLICT (device_id) DO UPDATE SET at_ms=excluded.at_ms, d=excluded.d
        """,
        said._asdict(),
    )


def last(conn: Connection, device_id: str) -> Said | None:
    row = conn.execute(
        "SELECT device_id, at_ms, d FROM device_status WHERE device_id=:id", {"id": device_id}
    ).fetchone()
    return Said(row[0], row[1], bytes(row[2])) if row else None


def every(conn: Connection) -> dict[str, Said]:
    rows = conn.execute("SELECT device_id, at_ms, d FROM device_status")
    return {device_id: Said(device_id, at_ms, bytes(d)) for device_id, at_ms, d in rows}


def heads(conn: Connection) -> dict[str, int]:
    """Last seq of every partition."""
    return dict(conn.execute("SELECT part, last FROM head").fetchall())


def ahead(conn: Connection) -> set[str]:
    """Devices that go on under an epoch that the hub, put back since, never gave them."""
    return {id_ for (id_,) in conn.execute("SELECT id FROM device WHERE told>epoch")}


def forked(conn: Connection) -> set[str]:
    """Devices whose history two boxes write."""
    return {id_ for (id_,) in conn.execute("SELECT id FROM device WHERE forked_ms IS NOT NULL")}
