"""Every statement about customers' devices and their keys; the gate stands in each that reads for recognising."""

from collections.abc import Iterable, Iterator, Mapping
from sqlite3 import Connection
from typing import Final

from edge.consent.tables import basis_until
from edge.kit.seal import beacon_place, seal, unseal
from edge.presence.devices import Device, reach
from edge.recognition.profile import unwrap

DAY_MS: Final = 86_400_000
SLICE: Final = 1_000  # rows of one read: no read transaction stays open over a long opening

Row = tuple[
    bytes, bytes, bytes, int, int, int, bytes
]  # id, customer, sealed, exponent, zero_s, heard_day, wrapped

_BOTH: Final = " AND ".join(
    f"{basis_until('b.customer_id', purpose)} IS NOT NULL" for purpose in ("'recognition'", "'location'")
)
_AFTER: Final = f"""
    SELECT b.id, b.customer_id, b.sealed, b.exponent, b.zero_s+b.shift_s, b.heard_day, k.wrapped
    FROM beacon AS b JOIN replica.customer_key AS k ON k.customer_id=b.customer_id
    WHERE b.id>:after AND b.id<=:last AND {_BOTH}"""
# The last device of a slice, whether or not a basis holds: the slice must move on either way.
_LAST: Final = "SELECT max(id) FROM (SELECT id FROM beacon WHERE id>:after ORDER BY id LIMIT :most)"


def after(
    conn: Connection, place: bytes, *, recipient: str, now_ms: int, most: int = SLICE
) -> tuple[bytes | None, list[Row]]:
    """A slice of the devices whose customers may be recognised and located now; None at the end."""
    (last,) = conn.execute(_LAST, {"after": place, "most": most}).fetchone()
    if last is None:
        return None, []
    asked = {"after": place, "last": last, "recipient": recipient, "now_ms": now_ms}
    return last, conn.execute(_AFTER, asked).fetchall()


def opened(row: Row, *, kek: bytes, now_ms: int, devices: int) -> Device:
    """A device with its key in the open; raises Corrupt when key, place or bytes do not belong together."""
    id_, customer_id, sealed, exponent, zero_s, heard_day, wrapped = row
    key = unseal(unwrap(kek, customer_id, wrapped), sealed, beacon_place(customer_id, id_))
    unheard = now_ms // DAY_MS - heard_day
    return Device(id_.hex(), key, exponent, zero_s, reach(unheard, exponent=exponent, devices=devices))


_OWNER: Final = f"SELECT b.customer_id FROM beacon AS b WHERE b.id=:id AND {_BOTH}"


def owner(conn: Connection, id_: bytes, *, recipient: str, now_ms: int) -> bytes | None:
    """Whose device this is, None when they may not be recognised or not located now."""
    row = conn.execute(_OWNER, {"id": id_, "recipient": recipient, "now_ms": now_ms}).fetchone()
    return row[0] if row else None


def give(
    conn: Connection,
    device: Device,
    *,
    customer_id: bytes,
    wrapped: bytes,
    kek: bytes,
    now_ms: int,
) -> None:
    """Write a device down as this customer's, its key sealed with theirs."""
    id_ = bytes.fromhex(device.name)
    sealed = seal(unwrap(kek, customer_id, wrapped), device.identity_key, beacon_place(customer_id, id_))
    conn.execute(
        """
        INSERT INTO beacon (id, customer_id, sealed, exponent, zero_s, shift_s, heard_day)
        VALUES (?, ?, ?, ?, ?, 0, ?)
        """,
        (id_, customer_id, sealed, device.exponent, device.zero_s, now_ms // DAY_MS),
    )


def wrapped_key(conn: Connection, customer_id: bytes) -> bytes | None:
    """The customer's key as it lies here, None where there is none to seal with."""
    row = conn.execute(
        "SELECT wrapped FROM replica.customer_key WHERE customer_id=?", (customer_id,)
    ).fetchone()
    return row[0] if row else None


def of_customer(conn: Connection, customer_id: bytes) -> list[bytes]:
    """The ids of a customer's devices, whatever may be done with them."""
    rows = conn.execute("SELECT id FROM beacon WHERE customer_id=? ORDER BY id", (customer_id,))
    return [id_ for (id_,) in rows]


def owners(conn: Connection) -> list[bytes]:
    """Everybody who has a device."""
    return [owner for (owner,) in conn.execute("SELECT DISTINCT customer_id FROM beacon")]


def is_anybodys(conn: Connection, id_: bytes) -> bool:
    return conn.execute("SELECT 1 FROM beacon WHERE id=?", (id_,)).fetchone() is not None


def is_the_shops(conn: Connection, id_: bytes) -> bool:
    """Whether it is a tag of the shop's own, and nobody's."""
    return conn.execute("SELECT 1 FROM tag WHERE id=?", (id_,)).fetchone() is not None


def count(conn: Connection) -> int:
    (found,) = conn.execute("SELECT count(*) FROM beacon").fetchone()
    return int(found)


def heard(conn: Connection, shifts: Mapping[bytes, int], *, day: int) -> None:
    """Add what was learnt of clocks, and the day on which it was."""
    conn.executemany(
        "UPDATE beacon SET shift_s=shift_s+?, heard_day=max(heard_day, ?) WHERE id=?",
        [(shift_s, day, id_) for id_, shift_s in shifts.items()],
    )


def drop(conn: Connection, ids: Iterable[bytes]) -> None:
    conn.executemany("DELETE FROM beacon WHERE id=?", [(id_,) for id_ in ids])


def forget(conn: Connection, customer_id: bytes) -> None:
    """With its row the key is gone from this box."""
    conn.execute("DELETE FROM beacon WHERE customer_id=?", (customer_id,))


def every(conn: Connection, *, recipient: str, now_ms: int) -> Iterator[Row]:
    """All of `after`, slice by slice."""
    place: bytes | None = b""
    while place is not None:
        place, rows = after(conn, place, recipient=recipient, now_ms=now_ms)
        yield from rows
