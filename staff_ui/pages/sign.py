"""The sign at the door, on A5: what is sensed here, of whom, and how to say no. Each sentence is a setting's."""

from dataclasses import dataclass, replace
from typing import Final

from litestar import Response
from markupsafe import Markup

from edge.config import Config
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.pair import qr
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import Words

RADIO: Final = ("ble", "mqtt")


@dataclass(frozen=True, slots=True)
class Facts:
    """What of the settings a passer-by may know. `zones`: the floor has more than one."""

    shop: str
    reads: bool  # cards and phones that are held to a reader
    hears: bool  # fobs, by Bluetooth
    zones: bool
    finding: bool
    welcome: bool  # a beacon that phones of customers know
    page: str  # where customers see and stop everything


@dataclass(frozen=True, slots=True)
class Sign:
    frame: Frame
    shop: str
    join: bool  # whether one can be recognised on coming in
    welcome: tuple[str, ...]
    sensed: tuple[str, ...]
    never: tuple[str, ...]
    stop: tuple[str, ...]
    page: str
    code: Markup  # the address of that page, to be scanned; empty without one


async def sign(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /sign`."""
    around, radio = frame(desk, request, guest, here="store"), desk.house.radio
    zones = 0 if radio is None else len(radio.floor.zones)
    found = facts(desk.house.config, hears=radio is not None, zones=zones)
    it = told(found, replace(around, theme="light"), words(desk, around))  # paper is white
    return html(desk, "sign.html", it, language=around.language)


def facts(config: Config, *, hears: bool, zones: int) -> Facts:
    """Of the settings and of the house that runs by them; `hears`: whether it listens, whoever brings it."""
    kinds = {each.kind for each in config.readers}
    return Facts(
        shop=config.shop.name,
        reads=bool(kinds - set(RADIO)),
        hears=hears,
        zones=hears and zones > 1,
        finding=hears and config.presence.finding,
        welcome=config.presence.welcome,
        page=config.shop.page,
    )


def told(found: Facts, around: Frame, say: Words) -> Sign:
    """The sign's sentences."""
    sensed = []
    if found.reads:
        sensed.append(say.say("sign.reads"))
    if found.hears:
        sensed.append(say.say("sign.hears"))
    if found.zones:
        sensed.append(say.say("sign.zones"))
    if found.finding:
        sensed.append(say.say("sign.finding"))
    if not sensed:
        sensed.append(say.say("sign.nothing"))
    ways = [say.say("sign.welcome")] if found.welcome else []
    ways += [say.say("sign.tap")] if found.reads else []
    ways += [say.say("sign.fob")] if found.hears else []
    never = [say.say("sign.never")] if found.hears else [say.say("sign.deaf")]
    return Sign(
        frame=around,
        shop=found.shop,
        join=found.welcome or found.hears,
        welcome=tuple(ways),
        sensed=tuple(sensed),
        never=(*never, say.say("sign.faces")),
        stop=(say.say("sign.no"), say.say("sign.stop_page") if found.page else say.say("sign.stop")),
        page=found.page,
        code=Markup(qr(found.page)) if found.page else Markup(""),
    )
