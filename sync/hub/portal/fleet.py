"""The fleet page: a box a row in sentences, what needs somebody on top; and where a lost card is blocked.

Of many boxes those that do well are names alone, and what needs somebody is found by name and by reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from edge.kit.errors import Refused
from edge.kit.seal import derive
from edge.kit.sql import Connection
from sync.hub import lost
from sync.hub.config import Keys
from sync.hub.hq import fleet, webhooks
from sync.hub.hq.fleet import Box, Mood, Why
from sync.hub.knocks import Lately
from sync.hub.portal import choices, sifting
from sync.hub.portal.security import form_token
from sync.hub.portal.sheets import Frame
from sync.hub.portal.sifting import BRIEFLY, MANY, Wanted
from sync.hub.portal.words import Words, key, order
from sync.hub.tables import hooks
from sync.hub.tables.feed import Moved
from sync.wire import ReaderHealth

if TYPE_CHECKING:
    from sync.hub.app import Hub

MOODS: Final[dict[Mood, str]] = {
    "out": key("fleet.out"),
    "look": key("fleet.look"),
    "starting": key("fleet.starting"),
    "well": key("fleet.well"),
}
WHY: Final[dict[Why, str]] = {
    "never": key("fleet.why.never"),
    "silent": key("fleet.why.silent"),
    "forked": key("fleet.why.forked"),
    "twins": key("fleet.why.twins"),
    "parted": key("fleet.why.parted"),
    "looks": key("fleet.why.looks"),
    "trouble": key("fleet.why.trouble"),
    "receipts": key("fleet.why.receipts"),
    "stuck": key("fleet.why.stuck"),
    "reader": key("fleet.why.reader"),
    "behind": key("fleet.why.behind"),
    "clock": key("fleet.why.clock"),
    "disk": key("fleet.why.disk"),
    "guests": key("fleet.why.guests"),
    "wishes": key("fleet.why.wishes"),
    "dead": key("fleet.why.dead"),
    "old": key("fleet.why.old"),
}
# What the box itself says that keeps it from its work (edge/README.md), where it is known what helps.
FULL: Final = "S01"
TROUBLE: Final = {
    FULL: key("fleet.trouble.full"),
    "S02": key("fleet.trouble.damaged"),
    "S03": key("fleet.trouble.older"),
}
READER: Final = {
    "unplugged": key("fleet.reader.away"),
    "no_device": key("fleet.reader.away"),
    "hung": key("fleet.reader.hung"),
    "busy": key("fleet.reader.busy"),
    "no_permission": key("fleet.reader.barred"),
    fleet.STARTING: key("fleet.reader.stalled"),
}
OUT: Final = key("fleet.readers.down")
FAST, SLOW = key("fleet.clock.fast"), key("fleet.clock.slow")
UNHEARD: Final[frozenset[Why]] = frozenset({"never", "silent"})
TOLD: Final[frozenset[Why]] = frozenset({"trouble", "reader", "clock", "disk", "old"})  # by the box itself
COPIED: Final[frozenset[Why]] = frozenset({"forked", "twins"})  # a new epoch alone the copy may take
ENDED: Final = {
    True: key("fleet.hook.gone"),
    False: key("fleet.hook"),
}  # whether it said itself that it is no more
DONE: Final = {"blocked": key("cards.blocked"), "nobody": key("cards.nobody"), "empty": key("cards.empty")}


@dataclass(frozen=True, slots=True)
class Fact:
    """What it is called, what it is, and whether it is what somebody has to look at."""

    name: str
    value: str
    ill: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One box, in sentences; `command` mends it, `stale`: its facts are as old as its last word, and so is `then`."""

    shop: str
    box: str
    mood: Mood
    said: str
    why: tuple[str, ...]
    then: tuple[str, ...]
    command: str
    code: str
    contact: str
    stale: bool
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why boxes need somebody, as a way to see those alone."""

    label: str
    to: str
    here: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """A box of which all is well, and where more of it stands."""

    shop: str
    note: str
    to: str


@dataclass(frozen=True, slots=True)
class Fleet:
    frame: Frame
    sum: str
    rows: tuple[Row, ...]
    unknown: str  # what is to be said of boxes that this hub does not know
    hooks: tuple[str, ...] = ()
    many: bool = False  # so many that one has to look for a box
    find: str = ""
    found: str = ""  # how many there are of what is asked for
    whole: str = ""  # the way back to all of them
    reasons: tuple[Reason, ...] = ()
    well: str = ""
    brief: tuple[Brief, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """Where a card is blocked; `done`: what became of the last one."""

    frame: Frame
    done: str
    kind: str


async def page(hub: "Hub", words: Words, asked: Wanted) -> Fleet:
    boxes = await fleet.boxes(hub)
    now_ms, names, many = hub.now_ms(), hub.config.names, len(boxes) > MANY
    full, brief = sifting.in_full(sifting.found(boxes, asked, names=names), asked, of=len(boxes))
    whole = f"/hq/fleet?language={words.language}"
    return Fleet(
        frame=Frame(language=words.language, here="/hq/fleet"),
        sum=_sum(boxes, words),
        unknown=_unknown(hub.knocks.lately(), words, now_ms=now_ms),
        rows=tuple(sorted((_row(hub, box, words, now_ms=now_ms) for box in full), key=_place)),
        hooks=tuple(
            words.say(ENDED[webhooks.is_gone(each)], place=urlsplit(each.url).netloc, id=each.id)
            for each in await hub.db.read(hooks.every)
            if each.ended_ms is not None
        ),
        many=many,
        find=asked.find,
        found=_found(len(full), words) if asked else "",
        whole=whole if asked else "",
        reasons=tuple(
            Reason(f"{words.say(BRIEFLY[why])} {words.number(count)}", f"{whole}&why={why}", why == asked.why)
            for why, count in (sifting.reasons(boxes) if many and not asked.find else ())
        ),
        well=words.count("fleet.brief.well", len(brief)) if brief else "",
        brief=tuple(
            sorted(
                (
                    Brief(choices.name(box.shop_id, names), box.id, f"{whole}&find={quote(box.id)}")
                    for box in brief
                ),
                key=lambda each: (order(each.shop), each.note),
            )
        ),
    )


def _sum(boxes: Sequence[Box], words: Words) -> str:
    """How many need somebody; where none does, how many are still starting."""
    ill, starting = sum(bool(box.why) for box in boxes), sum(box.mood == "starting" for box in boxes)
    if ill:
        return words.count("fleet.ill", ill, of=words.number(len(boxes)))
    if starting:
        return words.count("fleet.starts", starting, of=words.number(len(boxes)))
    return words.count("fleet.all_well", len(boxes)) if boxes else words.say("fleet.none")


def _found(count: int, words: Words) -> str:
    return words.count("fleet.found", count) if count else words.say("fleet.found.none")


def _unknown(knocks: Lately | None, words: Words, *, now_ms: int) -> str:
    if knocks is None:
        return ""
    return words.count("fleet.unknown", knocks.times, when=words.when(knocks.last_ms, now_ms=now_ms))


def cards(hub: "Hub", words: Words, *, done: str) -> Cards:
    own = form_token(hub_token(hub.keys))
    said = words.say(DONE[done]) if done in DONE else ""
    return Cards(Frame(language=words.language, here="/hq/cards", own=own), said, done)


def hub_token(keys: Keys) -> str:
    """What headquarters' own forms are made from: nobody else can compute it, and nothing needs keeping."""
    return derive(keys.hub_kek, "hq-forms").hex()


def block(conn: Connection, keys: Keys, *, value: str, now_ms: int) -> list[Moved]:
    """Block a card by what stands on it, or by its chip's number; raises Refused when nobody has it."""
    try:
        return lost.block(conn, keys, kind="number", value=value, now_ms=now_ms)
    except Refused:
        return lost.block(conn, keys, kind="uid", value=value, now_ms=now_ms)


def _place(row: Row) -> tuple[int, str, str]:
    """What needs somebody first; then as people look for a shop, by its name."""
    return fleet.MOODS.index(row.mood), order(row.shop), row.box


def _row(hub: "Hub", box: Box, words: Words, *, now_ms: int) -> Row:
    when = "" if box.contact_ms is None else words.moment(min(box.contact_ms, now_ms), now_ms=now_ms)
    silent = "silent" in box.why
    said = partial(_why, box=box, words=words, now_ms=now_ms)
    full = box.status is not None and box.status.trouble == FULL  # a full disk is little room too
    why = [each for each in box.why if not (each == "disk" and full)]
    then = [each for each in why if silent and each in TOLD]
    contact = words.say("fleet.now") if box.connected else words.say("fleet.last", when=when) if when else ""
    return Row(
        shop=choices.name(box.shop_id, hub.config.names),
        box=box.id,
        mood=box.mood,
        said=words.say(_mood(box)),
        why=tuple(said(each) for each in why if each not in then),
        then=tuple(said(each) for each in then),
        command=_command(box),
        code=box.status.trouble if box.status else "",
        contact=contact,
        stale=silent,
        facts=tuple(
            Fact(words.say(name), value, ill in box.why) for name, value, ill in _facts(box, words) if value
        ),
    )


def _command(box: Box) -> str:
    """What headquarters types to mend it; empty where nothing typed there does."""
    if COPIED & set(box.why):
        return f"welkom enrol --config hub.toml --shop {box.shop_id} --device {box.id}"
    return f"welkom enrol --config hub.toml --renew {box.id}" if "parted" in box.why else ""


def _mood(box: Box) -> str:
    """A box that is heard of is not out, however badly it does."""
    if box.mood == "out" and not UNHEARD & set(box.why):
        return key("fleet.act")
    return MOODS[box.mood]


def _why(why: Why, box: Box, words: Words, *, now_ms: int) -> str:
    status = box.status
    if why == "silent" and box.contact_ms is not None:
        return words.say(WHY[why], age=words.span(now_ms - box.contact_ms))
    if why == "trouble" and status is not None:
        return words.say(TROUBLE.get(status.trouble, WHY[why]))
    if why == "reader" and status is not None:
        down = fleet.down(status, starting=box.starting)
        names = (words.say(READER.get(each.code, OUT), name=each.name, code=each.code) for each in down)
        return words.say(WHY[why], names=", ".join(names))
    return words.say(WHY[why])


def _facts(box: Box, words: Words) -> list[tuple[str, str, Why | None]]:
    """Name, value and why it would need somebody, in the order of the eye: the same columns in every row.

    Of a box that never said how it does nothing is known but what it has to confirm.
    """
    status = box.status
    if status is None:
        return [(key("fleet.receipts"), words.number(box.receipts) if box.receipts else "", "receipts")]
    waits = words.say("fleet.outbox.none")
    if status.outbox:
        waits = words.count(
            "fleet.outbox.waits", status.outbox, age=words.span(status.outbox_oldest_s * 1000)
        )
    lag = words.count("fleet.lag.rows", box.lag_rows) if box.lag_rows else words.say("fleet.lag.none")
    receipts = words.number(box.receipts) if box.receipts else words.say("fleet.receipts.none")
    return [
        (key("fleet.version"), status.version, "old"),
        (key("fleet.lag"), lag, "behind"),
        (key("fleet.outbox"), waits, "stuck"),
        (key("fleet.readers"), _readers(box, status.readers, words), "reader"),
        (key("fleet.receipts"), receipts, "receipts"),
        (key("fleet.clock"), _clock(box.clock_off_ms or 0, words), "clock"),
        (key("fleet.disk"), _free(status.disk_free_mb, words), "disk"),
        (key("fleet.rules"), status.rules, None),
    ]


def _readers(box: Box, readers: Sequence[ReaderHealth], words: Words) -> str:
    up = sum(not each.code for each in readers)
    if not readers:
        return words.say("fleet.readers.none")
    if box.starting and "reader" not in box.why:
        starts = [each.name for each in readers if each.code]
        return ", ".join(words.say("fleet.reader.starting", name=name) for name in starts)
    if up < len(readers):
        return words.count("fleet.readers.some", up, of=words.number(len(readers)))
    return words.count("fleet.readers.well", up)


def _clock(off_ms: int, words: Words) -> str:
    if abs(off_ms) < 2000:
        return words.say("fleet.clock.well")
    return words.say(FAST if off_ms > 0 else SLOW, by=words.span(abs(off_ms)))


def _free(free_mb: int | None, words: Words) -> str:
    if free_mb is None:
        return words.say("fleet.disk.unknown")
    if free_mb < 10 * fleet.DISK_MB:
        return words.say("fleet.disk.little", mb=words.number(free_mb))
    return words.say("fleet.disk.free", gb=words.number(free_mb // 1024))
