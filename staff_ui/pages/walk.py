"""Scanners in words, and the calibration walk: choose a zone, stand there, press, half a minute. For managers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from litestar import Response
from litestar.response import Redirect

from staff_ui.desk import Desk, Guest, frame, html, managers_only, words
from staff_ui.pages import tags
from staff_ui.pages.drawn import Drawing, drawing
from staff_ui.pages.plan import STATES, radio_of
from staff_ui.pages.tags import Tags
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

if TYPE_CHECKING:
    from edge.calibrating import Calibrating
    from edge.presence.floor import Scanner
    from edge.presence.plan import Plan
    from edge.radio import Radio

NEXT: Final = {
    "hears": "",
    "silent": key("scanner.silent.next"),
    "deaf": key("scanner.deaf.next"),
    "offline": key("scanner.offline.next"),
}
SAID: Final = tags.SAID | {
    "busy": key("walk.busy"),
    "undone": key("walk.undone"),
    "stuck": key("walk.stuck"),
}
NO_TAGS: Final = Tags()


@dataclass(frozen=True, slots=True)
class Known:
    """A zone of the walk; `now` while somebody stands in it."""

    zone: str
    name: str
    said: str
    enough: bool
    now: bool


@dataclass(frozen=True, slots=True)
class Heard:
    name: str
    state: str
    said: str
    next: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A walk that goes on: for so many seconds more, with so much heard."""

    zone: str
    left: str
    heard: str
    share: int  # per cent of its time that is over


@dataclass(frozen=True, slots=True)
class WalkPage:
    frame: Frame
    drawing: Drawing
    zones: tuple[Known, ...]
    scanners: tuple[Heard, ...]
    ready: bool
    standing: Standing | None
    told: tuple[str, ...]  # what a manager should know: a walk that failed, a copy that was heard
    tags: Tags
    undo: bool


async def walk(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /manage/walk`."""
    managers_only(guest)
    radio, around = radio_of(desk), frame(desk, request, guest, here="manage")
    say, now_s = words(desk, around), desk.house.time.now_ms() / 1000
    down = {name for name, reader in desk.house.health.readers.items() if not reader.up}
    heard = []
    for each in radio.floor.scanners:
        state = "offline" if each.id in down else radio.nearby.tracker.health.state(each.id, now_s)
        last_s = radio.tally.last_s(each.id)
        last = "" if last_s is None else say.clock(round(last_s * 1000))
        heard.append(in_words(each, state, radio.tally.a_minute(each.id, now_s), last, radio.plan, say))
    it = page(
        around,
        radio.plan,
        radio.calibrating,
        heard,
        say,
        now_s=now_s,
        told=_told(radio, say, request.query_params.get("said", "")),
        own=tags.arranged(radio.tags, radio.plan, say, read=desk.house.counter.notes.fob() is not None),
    )
    return html(desk, "walk.html", it, language=around.language)


async def walk_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/walk`: field `zone` begins, `stop` ends, `undo` goes back to what was before the last walk."""
    form = await own_form(request, guest.tablet)
    managers_only(guest)
    calibrating = radio_of(desk).calibrating
    said = ""
    if calibrating is not None and "stop" in form:
        calibrating.stop()
    elif calibrating is not None and "undo" in form:
        said = "?said=undone" if await calibrating.undo() else "?said=stuck"
    elif calibrating is not None:
        going_on = calibrating.walk is not None
        calibrating.begin(form.get("zone", ""), desk.house.time.now_ms() / 1000)
        said = "?said=busy" if going_on else ""
    return Redirect(f"/manage/walk{said}", status_code=303, headers={"cache-control": "no-store"})


def _told(radio: "Radio", say: Words, said: str) -> tuple[str, ...]:
    """What was done just now, a calibration that does not fit, and identifiers that were in two places."""
    found = [say.say(SAID[said])] if said in SAID else []
    if radio.calibrating is not None and radio.calibrating.unfit:
        found.append(say.say("walk.unfit", file=radio.calibrating.unfit))
    for replay in reversed(radio.replays):
        rooms = [radio.plan.room(zone) for zone in replay.zones]
        one, other = (
            room.name(say.language) if room else zone for room, zone in zip(rooms, replay.zones, strict=True)
        )
        found.append(say.say("walk.replayed", clock=say.clock(replay.at_ms), one=one, other=other))
    return tuple(found)


def in_words(scanner: "Scanner", state: str, count: int, last: str, plan: "Plan", say: Words) -> Heard:
    """One scanner as one tells a colleague; counts are of moments, and about nobody."""
    room = plan.room(scanner.zone)
    told = [say.say(STATES[state]).capitalize() + ".", say.count("scanner.minute", count)]
    if last:
        told.append(say.say("scanner.last", clock=last))
    zone = room.name(say.language) if room else scanner.zone
    name = say.say("scanner.in", name=scanner.id, zone=zone)
    return Heard(name, state, " ".join(told), say.say(NEXT[state]) if NEXT[state] else "")


def page(
    around: Frame,
    plan: "Plan",
    calibrating: "Calibrating | None",
    heard: Sequence[Heard],
    say: Words,
    *,
    now_s: float,
    told: tuple[str, ...] = (),
    own: Tags = NO_TAGS,
) -> WalkPage:
    """What is there of a walk."""
    walk = calibrating.walk if calibrating is not None else None
    failed = plan.room(calibrating.failed) if calibrating is not None and calibrating.failed else None
    why = key("walk.unsaved") if calibrating is not None and calibrating.unsaved else key("walk.failed")
    return arranged(
        around,
        plan,
        calibrating.counts if calibrating is not None else {},
        heard,
        say,
        ready=calibrating is not None and bool(calibrating.device),
        zone=walk.zone if walk else "",
        left_s=walk.left_s(now_s) if walk else 0.0,
        moments=len(walk.heard) if walk else 0,
        told=(*((say.say(why, zone=failed.name(say.language)),) if failed else ()), *told),
        own=own,
        undo=calibrating is not None and walk is None and calibrating.can_undo(),
    )


def arranged(
    around: Frame,
    plan: "Plan",
    counts: Mapping[str, int],
    heard: Sequence[Heard],
    say: Words,
    *,
    ready: bool,
    zone: str = "",
    left_s: float = 0.0,
    moments: int = 0,
    told: tuple[str, ...] = (),
    own: Tags = NO_TAGS,
    undo: bool = False,
) -> WalkPage:
    """The page; `counts` are moments known by zone, `zone` is where somebody stands now."""
    from edge.presence.walk import ENOUGH, WALK_S  # a shop without a floor starts without it

    standing = None
    if zone and (room := plan.room(zone)) is not None:
        standing = Standing(
            zone=room.name(say.language),
            left=say.count("walk.left", round(left_s)),
            heard=say.count("walk.heard", moments),
            share=round(100 * (1 - left_s / WALK_S)),
        )
    zones = []
    for room in plan.rooms:
        count = counts.get(room.zone, 0)
        said = say.count("walk.moments", count) if count else say.say("walk.unknown")
        zones.append(Known(room.zone, room.name(say.language), said, count >= ENOUGH, room.zone == zone))
    return WalkPage(
        frame=around,
        drawing=drawing(plan, language=say.language, chosen=zone, entrance=say.say("plan.entrance")),
        zones=tuple(zones),
        scanners=tuple(heard),
        ready=ready,
        standing=standing,
        told=told,
        tags=own,
        undo=undo,
    )
