"""How the shops' boxes do, and what of it somebody has to look at. The judging is pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from edge.kit.sql import Connection
from sync import wire
from sync.hub import receipts
from sync.hub.tables import fleet as tables
from sync.hub.tables import looks as chains
from sync.hub.tables import overview
from sync.hub.tables.fleet import Said
from sync.hub.tables.overview import DeviceFacts

if TYPE_CHECKING:
    from sync.hub.app import Hub

Mood = Literal["out", "look", "well"]
Why = Literal[
    "silent",
    "never",
    "forked",
    "looks",
    "trouble",
    "reader",
    "stuck",
    "receipts",
    "behind",
    "clock",
    "disk",
    "guests",
    "dead",
    "old",
]
SILENT_MS: Final = 2 * 60_000  # a long poll ends every 25 s
STUCK_S: Final = 120  # a fact that waits so long on a line that works is a stuck queue
BEHIND_ROWS: Final = 1000
CLOCK_MS: Final = 5 * 60_000  # consents end by the clock
DISK_MB: Final = 1024
LOOKS_DUE_MS: Final = 2 * 3_600_000  # a box tells the lines of its chain each minute
LOOKS_BROKE_MS: Final = 30 * 24 * 3_600_000
OPEN: Final[frozenset[Why]] = frozenset({"silent", "never", "forked", "trouble"})


@dataclass(frozen=True, slots=True)
class Box:
    """One box, as far as anybody knows; None: nobody does."""

    id: str
    shop_id: str
    connected: bool
    contact_ms: int | None
    facts: int
    dead: int
    lag_rows: int | None
    receipts: int
    clock_off_ms: int | None
    status: wire.Status | None
    mood: Mood
    why: tuple[Why, ...]


def take(conn: Connection, device_id: str, *, said: wire.Status, now_ms: int) -> bool:
    """Keep what a box says of itself; whether anything of it is new but its clock and counts."""
    before = tables.last(conn, device_id)
    tables.put(conn, Said(device_id, now_ms, msgspec.json.encode(said)))
    if before is None:
        return True
    was = msgspec.json.decode(before.d, type=wire.Status)
    kept = ("version", "rules", "readers", "trouble")
    return any(getattr(was, name) != getattr(said, name) for name in kept)


async def boxes(hub: "Hub") -> list[Box]:
    """Every box, what needs somebody first."""
    heard = {
        each: (hub.contacts.connected(each), hub.contacts.last_ms(each)) for each in hub.contacts.known()
    }
    asking = hub.questions.refused()
    return await hub.db.view(gather, heard=heard, asking=asking, now_ms=hub.now_ms())


def gather(
    conn: Connection,
    *,
    heard: dict[str, tuple[bool, int | None]],
    asking: frozenset[str] = frozenset(),
    now_ms: int,
) -> list[Box]:
    said, heads, forked = tables.every(conn), tables.heads(conn), tables.forked(conn)
    opened = {each.device_id: each.erasures + each.stops for each in receipts.still_open(conn)}
    unsure = chains.ill(conn, broken_since_ms=now_ms - LOOKS_BROKE_MS, due_before_ms=now_ms - LOOKS_DUE_MS)
    newest = max((_number(_status(each)) for each in said.values()), default=())
    found = []
    for device in overview.devices(conn):
        status = _status(said[device.device_id]) if device.device_id in said else None
        lag = None
        if status:
            lag = max(0, heads.get(wire.main_part(device.shop_id), 0) - status.main)
        at_ms = said[device.device_id].at_ms if status else None
        connected, heard_ms = heard.get(device.device_id, (False, None))
        times = [each for each in (at_ms, heard_ms, device.last_ms) if each is not None]
        clock = None if status is None or at_ms is None else status.clock_ms - at_ms
        found.append(
            judged(
                device,
                status,
                connected=connected,
                contact_ms=max(times, default=None),
                lag_rows=lag,
                receipts=opened.get(device.device_id, 0),
                clock_off_ms=clock,
                forked=device.device_id in forked,
                looks=device.device_id in unsure,
                guests=device.shop_id in asking,
                old=status is not None and _number(status) < newest,
                now_ms=now_ms,
            )
        )
    moods: Sequence[Mood] = ("out", "look", "well")
    return sorted(found, key=lambda box: (moods.index(box.mood), box.shop_id, box.id))


def judged(
    device: DeviceFacts,
    status: wire.Status | None,
    *,
    connected: bool,
    contact_ms: int | None,
    lag_rows: int | None,
    receipts: int,
    clock_off_ms: int | None,
    forked: bool,
    looks: bool = False,
    guests: bool = False,
    old: bool,
    now_ms: int,
) -> Box:
    """What of a box somebody has to look at, the worst first."""
    silent = contact_ms is not None and not connected and now_ms - contact_ms > SILENT_MS
    given: dict[Why, bool] = {
        "never": contact_ms is None,
        "silent": silent,
        "forked": forked,
        "looks": looks,
        "trouble": bool(status and status.trouble),
        "receipts": receipts > 0,
        "stuck": bool(status and status.outbox_oldest_s > STUCK_S and not silent),
        "reader": bool(status and any(each.code for each in status.readers)),
        "behind": (lag_rows or 0) > BEHIND_ROWS,
        "clock": clock_off_ms is not None and abs(clock_off_ms) > CLOCK_MS,
        "disk": bool(status and status.disk_free_mb is not None and status.disk_free_mb < DISK_MB),
        "guests": guests,
        "dead": device.dead > 0,
        "old": old,
    }
    why = tuple(name for name, is_so in given.items() if is_so)
    mood: Mood = "out" if OPEN & set(why) else "look" if why else "well"
    return Box(
        device.device_id,
        device.shop_id,
        connected,
        contact_ms,
        device.facts,
        device.dead,
        lag_rows,
        receipts,
        clock_off_ms,
        status,
        mood,
        why,
    )


def _status(said: Said) -> wire.Status:
    return msgspec.json.decode(said.d, type=wire.Status)


def _number(status: wire.Status) -> tuple[int, ...]:
    """A version as numbers, for comparing."""
    parts = status.version.split(".")[:4]
    return tuple(int(each) for each in parts if each.isdecimal() and len(each) < 9)
