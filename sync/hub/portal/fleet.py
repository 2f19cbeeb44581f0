"""The fleet page: a box a row in sentences, what needs somebody on top; and where a lost card is blocked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge.kit.errors import Refused
from edge.kit.seal import derive
from edge.kit.sql import Connection
from sync.hub import lost
from sync.hub.config import Keys
from sync.hub.hq import fleet
from sync.hub.hq.fleet import Box, Mood, Why
from sync.hub.portal import choices
from sync.hub.portal.security import form_token
from sync.hub.portal.sheets import Frame
from sync.hub.portal.words import Words, key
from sync.hub.tables import hooks
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.app import Hub

MOODS: Final[dict[Mood, str]] = {
    "out": key("fleet.out"),
    "look": key("fleet.look"),
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
DONE: Final = {"blocked": key("cards.blocked"), "nobody": key("cards.nobody"), "empty": key("cards.empty")}


@dataclass(frozen=True, slots=True)
class Row:
    """One box, in sentences."""

    shop: str
    box: str
    mood: Mood
    said: str
    why: tuple[str, ...]
    contact: str
    facts: tuple[tuple[str, str], ...]  # what it is called, what it is


@dataclass(frozen=True, slots=True)
class Fleet:
    frame: Frame
    sum: str
    rows: tuple[Row, ...]
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """Where a card is blocked; `done`: what became of the last one."""

    frame: Frame
    done: str
    kind: str


async def page(hub: "Hub", words: Words) -> Fleet:
    boxes = await fleet.boxes(hub)
    now_ms = hub.now_ms()
    ill = sum(box.mood != "well" for box in boxes)
    total = words.count("fleet.all_well", len(boxes)) if boxes else words.say("fleet.none")
    return Fleet(
        frame=Frame(language=words.language, here="/hq/fleet"),
        sum=words.count("fleet.ill", ill, of=words.number(len(boxes))) if ill else total,
        rows=tuple(_row(hub, box, words, now_ms=now_ms) for box in boxes),
        hooks=tuple(
            words.say("fleet.hook", host=urlsplit(each.url).hostname or "")
            for each in await hub.db.read(hooks.every)
            if each.ended_ms is not None
        ),
    )


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


def _row(hub: "Hub", box: Box, words: Words, *, now_ms: int) -> Row:
    when = "" if box.contact_ms is None else words.when(min(box.contact_ms, now_ms), now_ms=now_ms)
    contact = words.say("fleet.now") if box.connected else words.say("fleet.last", when=when) if when else ""
    return Row(
        shop=choices.name(box.shop_id, hub.config.names),
        box=box.id,
        mood=box.mood,
        said=words.say(MOODS[box.mood]),
        why=tuple(words.say(WHY[each]) for each in box.why),
        contact=contact,
        facts=tuple((words.say(name), value) for name, value in _facts(box, words) if value),
    )


def _facts(box: Box, words: Words) -> list[tuple[str, str]]:
    """What is worth a column, in the order of the eye; what nobody knows is left out."""
    status = box.status
    if status is None:
        return [(key("fleet.receipts"), words.number(box.receipts) if box.receipts else "")]
    down = [each.name for each in status.readers if each.code]
    readers = (
        words.say("fleet.readers.down", names=", ".join(down))
        if down
        else words.count("fleet.readers.well", len(status.readers))
    )
    waits = words.say("fleet.outbox.none")
    if status.outbox:
        waits = words.count(
            "fleet.outbox.waits", status.outbox, age=words.wait(status.outbox_oldest_s * 1000)
        )
    off_s = abs(box.clock_off_ms or 0) // 1000
    clock = words.say("fleet.clock.well") if off_s < 2 else words.wait(off_s * 1000)
    lag = words.count("fleet.lag.rows", box.lag_rows) if box.lag_rows else words.say("fleet.lag.none")
    receipts = words.number(box.receipts) if box.receipts else words.say("fleet.receipts.none")
    free_mb = status.disk_free_mb
    return [
        (key("fleet.version"), " · ".join(each for each in (status.version, status.rules) if each)),
        (key("fleet.lag"), lag),
        (key("fleet.outbox"), waits),
        (key("fleet.readers"), readers if status.readers else ""),
        (key("fleet.receipts"), receipts),
        (key("fleet.clock"), clock),
        (key("fleet.disk"), "" if free_mb is None else _free(free_mb, words)),
    ]


def _free(free_mb: int, words: Words) -> str:
    if free_mb < 10 * fleet.DISK_MB:
        return words.say("fleet.disk.little", mb=words.number(free_mb))
    return words.say("fleet.disk.free", gb=words.number(free_mb // 1024))
