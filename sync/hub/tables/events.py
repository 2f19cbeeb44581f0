"""What the shops reported, as it came."""

from collections.abc import Sequence
from typing import NamedTuple

from edge.kit.chain import GENESIS
from edge.kit.sql import Connection


class Kept(NamedTuple):
    """One fact on its way into the history."""

    seq: int
    at_ms: int
    kind: str
    body: bytes
    hash: bytes
    code: str | None
    customer_id: bytes | None


def held(conn: Connection, device_id: str, epoch: int) -> int:
    """The last seq the hub holds of an epoch, 0 for none."""
    (seq,) = conn.execute(
        "SELECT coalesce(max(seq), 0) FROM event WHERE device_id=:device_id AND epoch=:epoch",
        {"device_id": device_id, "epoch": epoch},
    ).fetchone()
    return int(seq)


def hash_at(conn: Connection, device_id: str, epoch: int, *, seq: int) -> bytes | None:
    """The chain up to `seq`; the genesis before the first."""
    if seq == 0:
        return GENESIS
    row = conn.execute(
        "SELECT hash FROM event WHERE device_id=:device_id AND epoch=:epoch AND seq=:seq",
        {"device_id": device_id, "epoch": epoch, "seq": seq},
    ).fetchone()
    return bytes(row[0]) if row else None


def between(
    conn: Connection, device_id: str, epoch: int, *, first: int, last: int
) -> dict[int, tuple[bytes, str | None]]:
    """Hash and verdict by seq of what is held from `first` to `last`."""
    rows = conn.execute(
        """
        SELECT seq, hash, code FROM event
        WHERE device_id=:device_id AND epoch=:epoch AND seq BETWEEN :first AND :last
        """,
        {"device_id": device_id, "epoch": epoch, "first": first, "last": last},
    )
    return {seq: (hash_, code) for seq, hash_, code in rows}


def keep(conn: Connection, device_id: str, epoch: int, *, kept: Sequence[Kept], now_ms: int) -> None:
    of = {"device_id": device_id, "epoch": epoch, "now_ms": now_ms}
    conn.executemany(
        """
        INSERT INTO event
            (device_id, epoch, seq, at_ms, kind, body, hash, code, customer_id, received_ms)
        VALUES (:device_id, :epoch, :seq, :at_ms, :kind, :body, :hash, :code, :customer_id, :now_ms)
        """,
        [event._asdict() | of for event in kept],
    )


def shops(conn: Connection, customer_id: bytes) -> set[str]:
    """The shops that reported anything about a customer."""
    rows = conn.execute(
        """
        SELECT DISTINCT device.shop_id FROM event JOIN device ON device.id=event.device_id
        WHERE event.customer_id=:customer_id
        """,
        {"customer_id": customer_id},
    )
    return {shop_id for (shop_id,) in rows}


def forget(conn: Connection, customer_id: bytes) -> None:
    """Blank what was reported about a customer; seq, kind and hash stay, so that the chain still holds."""
    conn.execute(
        "UPDATE event SET body=:nothing, customer_id=NULL WHERE customer_id=:customer_id",
        {"nothing": b"{}", "customer_id": customer_id},
    )
