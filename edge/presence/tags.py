"""The shop's own tags, which are nobody: every statement about them; their keys, sealed with a key of this box."""

from collections.abc import Iterator, Mapping
from sqlite3 import Connection
from typing import Final

from drivers.codecs.printed.fob import Fob
from edge.kit.seal import derive, seal, tag_place, unseal
from edge.presence import beacons
from edge.presence.acts import device_id, is_usable
from edge.presence.devices import Device, reach
from edge.staff.deeds import Doer, note

MOST: Final = 500  # a tag a scanner, and a floor has no more of them
CARRIED: Final = ""  # the zone of a tag that hangs nowhere

Row = tuple[bytes, bytes, int, int, int]  # id, sealed, exponent, zero_s, heard_day


def put_up(
    conn: Connection, fob: Fob, *, zone: str, shop_key: bytes, kek: bytes, doer: Doer, now_ms: int
) -> bool:
    """A tag hangs in `zone` from now on, or is carried; False where it is a customer's, or rotates as none may.

    One that is known already is put elsewhere. One tag is carried: another takes its place.
    """
    id_ = device_id(fob, shop_key=shop_key)
    if not is_usable(fob) or beacons.is_anybodys(conn, id_) or len(zones(conn)) >= MOST:
        return False
    if zone == CARRIED:
        conn.execute("DELETE FROM tag WHERE zone=?", (CARRIED,))
    conn.execute(
        """
        INSERT INTO tag (id, sealed, exponent, zero_s, shift_s, heard_day, zone) VALUES (?, ?, ?, ?, 0, ?, ?)
        ON CONFLICT (id) DO UPDATE SET zone=excluded.zone
        """,
        (
            id_,
            seal(_key(kek), fob.identity_key, tag_place(id_)),
            fob.exponent,
            fob.epoch_s,
            now_ms // beacons.DAY_MS,
            zone,
        ),
    )
    note(conn, doer, what="tag_put_up", now_ms=now_ms)
    return True


def take_down(conn: Connection, id_: bytes, *, doer: Doer, now_ms: int) -> None:
    """It is a stranger from now on."""
    conn.execute("DELETE FROM tag WHERE id=?", (id_,))
    note(conn, doer, what="tag_taken_down", now_ms=now_ms)


def zones(conn: Connection) -> dict[bytes, str]:
    """Where each tag hangs."""
    return dict(conn.execute("SELECT id, zone FROM tag ORDER BY zone, id"))


def every(conn: Connection) -> Iterator[Row]:
    yield from conn.execute("SELECT id, sealed, exponent, zero_s+shift_s, heard_day FROM tag ORDER BY id")


def opened(row: Row, *, kek: bytes, now_ms: int) -> Device:
    """A tag with its key in the open; raises Corrupt when key, place or bytes do not belong together."""
    id_, sealed, exponent, zero_s, heard_day = row
    key = unseal(_key(kek), sealed, tag_place(id_))
    unheard = now_ms // beacons.DAY_MS - heard_day
    return Device(id_.hex(), key, exponent, zero_s, reach(unheard, exponent=exponent, devices=MOST))


def heard(conn: Connection, shifts: Mapping[bytes, int], *, day: int) -> None:
    """As `beacons.heard`, of those devices that are tags."""
    conn.executemany(
        "UPDATE tag SET shift_s=shift_s+?, heard_day=max(heard_day, ?) WHERE id=?",
        [(shift_s, day, id_) for id_, shift_s in shifts.items()],
    )


def _key(kek: bytes) -> bytes:
    return derive(kek, "tag")
