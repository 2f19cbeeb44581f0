"""How the shops' boxes do, and what of it somebody has to look at. The judging is pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from edge.kit.sql import Connection
from sync import wire
from sync.hub import receipts
from sync.hub.contacts import Contact, Reached
from sync.hub.tables import fleet as tables
from sync.hub.tables import looks as chains
from sync.hub.tables import overview
from sync.hub.tables.fleet import Said
from sync.hub.tables.overview import DeviceFacts

if TYPE_CHECKING:
    from sync.hub.app import Hub

Mood = Literal["out", "look", "starting", "well"]
MOODS: Final[tuple[Mood, ...]] = ("out", "look", "starting", "well")  # what needs somebody first
Why = Literal[
    "silent",
    "never",
    "forked",
    "twins",
    "parted",
    "looks",
    "trouble",
    "reader",
    "stuck",
    "receipts",
    "behind",
    "clock",
    "disk",
    "guests",
    "wishes",
    "dead",
    "old",
]
SILENT_MS: Final = 2 * 60_000  # a long poll ends every 25 s
STUCK_S: Final = 120  # a fact that waits so long on a line that works is a stuck queue
BEHIND_ROWS: Final = 1000
CLOCK_MS: Final = 5 * 60_000  # consents end by the clock
DISK_MB: Final = 1024
STARTING: Final = "starting"  # what a box says of a reader that was neither up nor down yet
# A reader that is silent for 90 s is down, and a box says how it does each minute.
STARTING_MS: Final = 4 * 60_000
LOOKS_DUE_MS: Final = 2 * 3_600_000  # a box tells the lines of its chain each minute
LOOKS_BROKE_MS: Final = 30 * 24 * 3_600_000
OPEN: Final[frozenset[Why]] = frozenset({"silent", "never", "forked", "twins", "parted", "trouble"})
_SILENT: Final = Contact(connected=False, last_ms=None, after={})
BOOTS: Final = 4  # processes of one box that are remembered
RETURNS: Final = 3  # one message may come late of a process that ended: two returns, of it and of the next
TWINS_MS: Final = 3_600_000  # while two boxes run each says so every minute


class Kept(wire.Status, frozen=True, kw_only=True, omit_defaults=True):
    """What a box last said of itself, and which of its processes came back after another had spoken, how often."""

    boots: dict[str, int] = msgspec.field(default_factory=dict)  # the one that spoke last stands last
    twins_ms: int = 0  # when two were last seen to speak by turns
    starting_ms: int = 0  # since when some reader of it is said to start; 0: none is


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
    starting: bool = False  # a reader that starts is no fault yet


@dataclass(frozen=True, slots=True)
class Heard:
    """Of what a box said: whether anything is new but its clock and counts, and whether two boxes were found."""

    new: bool
    twins: bool


def take(conn: Connection, device_id: str, *, said: wire.Status, now_ms: int) -> Heard:
    """Keep what a box says of itself."""
    last = tables.last(conn, device_id)
    was = None if last is None else _status(last)
    away = last is None or now_ms - last.at_ms > SILENT_MS
    kept = kept_of(was, said, now_ms=now_ms, away=away)
    tables.put(conn, Said(device_id, now_ms, msgspec.json.encode(kept)))
    if was is None:
        return Heard(new=True, twins=False)
    twins = are_twins(kept, now_ms=now_ms) and not are_twins(was, now_ms=now_ms)
    shown = ("version", "rules", "readers", "trouble")
    return Heard(twins or any(getattr(was, name) != getattr(said, name) for name in shown), twins)


def kept_of(was: Kept | None, said: wire.Status, *, now_ms: int, away: bool = False) -> Kept:
    """What a box said, beside what is remembered of its processes and readers; `away`: it had not spoken for a while.

    A process that ended never speaks again: one that comes back after another, time and again, runs beside it.
    """
    boots, twins_ms = (dict(was.boots), was.twins_ms) if was else ({}, 0)
    if said.boot and said.boot != next(reversed(boots), ""):
        boots[said.boot] = boots.pop(said.boot, -1) + 1
        if boots[said.boot] >= RETURNS:
            twins_ms = now_ms
        boots = dict(list(boots.items())[-BOOTS:])
    starts = any(each.code == STARTING for each in said.readers)
    since_ms = now_ms if was is None or away or not was.starting_ms else min(was.starting_ms, now_ms)
    return Kept(**_fields(said), boots=boots, twins_ms=twins_ms, starting_ms=since_ms if starts else 0)


def is_starting(kept: Kept, *, now_ms: int) -> bool:
    """Whether a reader of this box starts, for no longer than one does that works."""
    return kept.starting_ms > 0 and now_ms - kept.starting_ms < STARTING_MS


def down(status: wire.Status | None, *, starting: bool) -> list[wire.ReaderHealth]:
    """The readers that are out; one that starts is not while a box may be `starting`."""
    readers = status.readers if status else []
    return [each for each in readers if each.code and not (starting and each.code == STARTING)]


def are_twins(kept: Kept, *, now_ms: int) -> bool:
    return kept.twins_ms > 0 and now_ms - kept.twins_ms < TWINS_MS


async def boxes(hub: "Hub") -> list[Box]:
    """Every box, what needs somebody first."""
    heard = hub.contacts.known()
    asking, wishing = hub.questions.refused(), hub.wishes.refused()
    return await hub.db.view(gather, heard=heard, asking=asking, wishing=wishing, now_ms=hub.now_ms())


def gather(
    conn: Connection,
    *,
    heard: Mapping[str, Contact],
    asking: frozenset[str] = frozenset(),
    wishing: frozenset[str] = frozenset(),
    now_ms: int,
) -> list[Box]:
    said, heads, forked = tables.every(conn), tables.heads(conn), tables.forked(conn)
    ahead = tables.ahead(conn)
    opened = {each.device_id: each.erasures + each.stops for each in receipts.still_open(conn)}
    unsure = chains.ill(conn, broken_since_ms=now_ms - LOOKS_BROKE_MS, due_before_ms=now_ms - LOOKS_DUE_MS)
    newest = max((_number(_status(each)) for each in said.values()), default=())
    found = []
    for device in overview.devices(conn):
        kept = _status(said[device.device_id]) if device.device_id in said else None
        status = None if kept is None else _plain(kept)
        contact, main = heard.get(device.device_id, _SILENT), wire.main_part(device.shop_id)
        at_ms = said[device.device_id].at_ms if status else None
        stood = None if status is None or at_ms is None else Reached(status.main, at_ms)
        lag = behind(heads.get(main, 0), said=stood, asked=contact.after.get(main))
        times = [each for each in (at_ms, contact.last_ms, device.last_ms) if each is not None]
        clock = None if status is None or at_ms is None else status.clock_ms - at_ms
        found.append(
            judged(
                device,
                status,
                connected=contact.connected,
                contact_ms=max(times, default=None),
                lag_rows=lag,
                receipts=opened.get(device.device_id, 0),
                clock_off_ms=clock,
                forked=device.device_id in forked,
                ahead=device.device_id in ahead,
                twins=kept is not None and are_twins(kept, now_ms=now_ms),
                starting=kept is not None and is_starting(kept, now_ms=now_ms),
                looks=device.device_id in unsure,
                guests=device.shop_id in asking,
                wishes=device.shop_id in wishing,
                old=status is not None and _number(status) < newest,
                now_ms=now_ms,
            )
        )
    return sorted(found, key=lambda box: (MOODS.index(box.mood), box.shop_id, box.id))


def behind(head: int, *, said: Reached | None, asked: Reached | None) -> int | None:
    """How many rows of the feed a box lacks, by the younger of what it said and where it last asked from.

    Not by the further of both: a box that begins anew asks from 0, while it last said that it was whole.
    """
    known = [each for each in (asked, said) if each is not None]
    return max(0, head - max(known, key=lambda each: each.at_ms).row) if known else None


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
    ahead: bool = False,
    twins: bool = False,
    starting: bool = False,
    looks: bool = False,
    guests: bool = False,
    wishes: bool = False,
    old: bool,
    now_ms: int,
) -> Box:
    """What of a box somebody has to look at, the worst first."""
    silent = contact_ms is not None and not connected and now_ms - contact_ms > SILENT_MS
    parted = ahead or (status is not None and status.trouble in wire.PARTED)
    given: dict[Why, bool] = {
        "never": contact_ms is None,
        "silent": silent,
        "forked": forked,
        "twins": twins,
        "parted": parted,
        "looks": looks,
        "trouble": bool(status and status.trouble) and not parted,
        "receipts": receipts > 0,
        "stuck": bool(status and status.outbox_oldest_s > STUCK_S and not silent),
        "reader": bool(down(status, starting=starting)),
        "behind": (lag_rows or 0) > BEHIND_ROWS,
        "clock": clock_off_ms is not None and abs(clock_off_ms) > CLOCK_MS,
        "disk": bool(status and status.disk_free_mb is not None and status.disk_free_mb < DISK_MB),
        "guests": guests,
        "wishes": wishes,
        "dead": device.dead > 0,
        "old": old,
    }
    why = tuple(name for name, is_so in given.items() if is_so)
    mood: Mood = "out" if OPEN & set(why) else "look" if why else "starting" if starting else "well"
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
        starting,
    )


def _status(said: Said) -> Kept:
    return msgspec.json.decode(said.d, type=Kept)


def _plain(kept: Kept) -> wire.Status:
    return wire.Status(**_fields(kept))


def _fields(status: wire.Status) -> dict[str, Any]:
    return {name: getattr(status, name) for name in wire.Status.__struct_fields__}


def _number(status: wire.Status) -> tuple[int, ...]:
    """A version as numbers, for comparing."""
    parts = status.version.split(".")[:4]
    return tuple(int(each) for each in parts if each.isdecimal() and len(each) < 9)
