"""A second pair of eyes: a colleague looks along at what the policy asks more for, and types their own PIN.

Asked in between, so that the form that was sent is sent on whole with the same line: once, whatever happens here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from litestar import Response

from edge.staff import acts, tables
from edge.staff.pins import pin_fits
from edge.staff.rules import FREE_TRIES, Locked, is_pin
from staff_ui.desk import Desk, Guest, frame, html, initials, words
from staff_ui.pages.signin import Tile
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.telling import came_in, kept_out
from staff_ui.words import Words

SENT_ON: Final = ("act", "line", "amount")


@dataclass(frozen=True, slots=True)
class Eyes:
    """`path` takes the form, with what was sent to it (`kept`) and a colleague's name and PIN beside it."""

    frame: Frame
    path: str
    kept: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    why: str
    sentence: str
    what: str = field(repr=False)  # what they say yes to
    wrong: bool = False


def colleagues(desk: Desk, guest: Guest) -> list[str]:
    """Who may look along: everybody but who is signed in."""
    return [each for each in tables.names(desk.house.db.reader) if each != guest.who.name]


def ask(
    desk: Desk,
    request: Ask,
    guest: Guest,
    *,
    path: str,
    form: Mapping[str, str],
    what: str,
    why: str,
    wrong: str = "",
    status: int = 200,
) -> Response[str]:
    """The page that asks for a colleague's PIN; `wrong` is what was wrong with the last."""
    around, chosen = frame(desk, request, guest), form.get("staff", "")
    it = Eyes(
        frame=around,
        path=path,
        kept=tuple((name, form.get(name, "")) for name in SENT_ON),
        tiles=tiles(colleagues(desk, guest), chosen),
        what=what,
        why=why,
        sentence=wrong or words(desk, around).say("eyes.ask"),
        wrong=bool(wrong),
    )
    return html(desk, "eyes.html", it, language=around.language, status=status)


def tiles(names: list[str], chosen: str = "") -> tuple[Tile, ...]:
    return tuple(Tile(each, initials(each), each == chosen or len(names) == 1) for each in names)


async def looked_along(
    desk: Desk, guest: Guest, form: Mapping[str, str], say: Words
) -> tuple[bytes, str, int]:
    """The colleague whose PIN was typed; or nobody, why in words, and the status of that."""
    house, name, pin = desk.house, form.get("staff", ""), form.get("pin", "")
    colleague = tables.by_name(house.db.reader, name) if name in colleagues(desk, guest) else None
    if colleague is None:
        return b"", say.say("signin.choose"), 422
    if not is_pin(pin):
        return b"", say.say("signin.digits"), 422
    tablet_hash, now_ms = guest.who.tablet_hash, house.time.now_ms()
    taken = await house.db.apply(acts.take_try, colleague.id, tablet_hash, now_ms=now_ms)
    if not isinstance(taken, Locked):
        if await asyncio.to_thread(pin_fits, house.keys.pin_pepper, pin, colleague.pin_hash):
            await house.db.apply(acts.right_pin, colleague.id, tablet_hash)
            came_in(house, tablet_hash, way="looked_along", role=colleague.role)
            return colleague.id, "", 200
        if taken.tries < FREE_TRIES:
            kept_out(house, tablet_hash, way="looked_along", locked=False)
            return b"", say.count("signin.wrong", taken.left), 422
    kept_out(house, tablet_hash, way="looked_along", locked=True)
    return b"", say.say("signin.locked", wait=say.wait(taken.until_ms - now_ms)), 429
