"""The shop's own tags, on the page of the scanners: one hangs in a zone, one is carried to measure. For managers."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from litestar import Response
from litestar.response import Redirect

from staff_ui.desk import Desk, Guest, managers_only
from staff_ui.pages.plan import radio_of
from staff_ui.security import Ask, own_form
from staff_ui.words import Words, key

if TYPE_CHECKING:
    from edge.presence.plan import Plan

SAID: Final[dict[str, str]] = {
    "tag": key("tags.done"),
    "refused": key("tags.refused"),
    "unread": key("fobs.not_read"),
}
HANDLE: Final = 24  # characters of an id that a form may say


@dataclass(frozen=True, slots=True)
class Tag:
    handle: str
    label: str


@dataclass(frozen=True, slots=True)
class Tags:
    """`read` says that a fob's code was read and can become one; `zones` are where it can hang."""

    tags: tuple[Tag, ...] = ()
    zones: tuple[tuple[str, str], ...] = ()
    read: bool = False


def arranged(zones_of: dict[str, str], plan: "Plan", say: Words, *, read: bool) -> Tags:
    """`zones_of` says where each tag hangs."""
    found = []
    for id_, zone in zones_of.items():
        room = plan.room(zone)
        name = room.name(say.language) if room else zone
        found.append(Tag(id_[:HANDLE], say.say("tags.hangs", zone=name) if zone else say.say("tags.carried")))
    rooms = tuple((room.zone, room.name(say.language)) for room in plan.rooms)
    return Tags(tuple(found), rooms, read)


async def tags_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/tags`: the fob that was just read hangs in `zone` (`hang`), or is carried (`carry`); `down`."""
    from edge.presence import tags  # a shop without a floor starts without it

    form = await own_form(request, guest.tablet)
    managers_only(guest)
    radio, house = radio_of(desk), desk.house
    now_ms = house.time.now_ms()
    if "down" in form:
        for id_ in tags.zones(house.db.reader):
            if id_.hex()[:HANDLE] == form["down"]:
                await house.db.apply(partial(tags.take_down, id_=id_, doer=guest.who.doer, now_ms=now_ms))
                radio.tags_changed(gone=[id_])
        return _back("tag")
    read = house.counter.notes.fob()
    zone = tags.CARRIED if "carry" in form else form.get("zone", "")
    if read is None:
        return _back("unread")
    if zone != tags.CARRIED and radio.plan.room(zone) is None:
        return _back("refused")
    done = await house.db.apply(
        partial(
            tags.put_up,
            fob=read.fob,
            zone=zone,
            shop_key=house.keys.shop_key,
            kek=house.keys.kek,
            doer=guest.who.doer,
            now_ms=now_ms,
        )
    )
    house.counter.notes.fob_done()
    if done:
        radio.tags_changed()
    return _back("tag" if done else "refused")


def _back(said: str) -> Response[str]:
    address = f"/manage/walk?said={said}"
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})
