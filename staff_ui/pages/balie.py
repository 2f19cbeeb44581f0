"""The display at the counter: two lines for whoever holds a card to the reader, and nothing about anybody.

Whoever is not to be recognised, or whose card is blocked, reads "Gelezen. Welkom." in the looks of "Herkend.
Welkom.": it is true, it is friendly, and from beside them nobody sees a difference worth a second look. "Niet
bekend" would be untrue, and would make them hold their card there again.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal

from litestar import Response
from litestar.response import Stream

from edge.config import Language
from edge.display import Said
from edge.health import Health
from staff_ui.desk import Desk, Guest, html, look
from staff_ui.security import Ask
from staff_ui.words import LANGUAGES, Words, key

Kind = Said | Literal["ready", "out"]
WORDS: Final[dict[Kind, tuple[str, str]]] = {
    "ready": (key("balie.ready"), key("balie.ready.second")),
    "recognised": (key("balie.recognised"), key("balie.recognised.second")),
    "withheld": (key("balie.withheld"), key("balie.withheld.second")),
    "stranger": (key("balie.stranger"), key("balie.stranger.second")),
    "locked": (key("balie.locked"), key("balie.locked.second")),
    "no_pass": (key("balie.no_pass"), key("balie.no_pass.second")),
    "choose_pass": (key("balie.choose_pass"), key("balie.choose_pass.second")),
    "unknown_merchant": (key("balie.unknown_merchant"), key("balie.unknown_merchant.second")),
    "forged": (key("balie.forged"), key("balie.forged.second")),
    "replayed": (key("balie.replayed"), key("balie.replayed.second")),
    "unreadable": (key("balie.unreadable"), key("balie.unreadable.second")),
    "refused": (key("balie.refused"), key("balie.refused.second")),
    "out": (key("balie.out"), key("balie.out.second")),
}
# How each looks; two of them must not be told apart.
LOOKS: Final[dict[Kind, str]] = {
    "ready": "ready",
    "recognised": "read",
    "withheld": "read",
    "stranger": "quiet",
    "locked": "again",
    "no_pass": "again",
    "choose_pass": "again",
    "unknown_merchant": "again",
    "forged": "again",
    "replayed": "again",
    "unreadable": "again",
    "refused": "again",
    "out": "again",
}


@dataclass(frozen=True, slots=True)
class Balie:
    """Two lines, and for how long they are true (0: until something happens)."""

    language: Language
    shop: str
    look: str
    first: str
    second: str
    fresh_ms: int


async def balie(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /balie`; `?reader=` is the one it stands beside, `?language=` another than the shop's."""
    house, asked = desk.house, request.query_params.get("language", "")
    language = next((each for each in LANGUAGES if each == asked), look(desk, request).language)
    reader, now_ms = request.query_params.get("reader", ""), house.time.now_ms()
    shown = house.counter.display.shown(reader, now_ms=now_ms)
    kind: Kind = shown.said if shown else "out" if _is_out(house.health, reader) else "ready"
    fresh_ms = shown.until_ms - now_ms if shown else 0
    it = page(kind, desk.sheets.words[language], shop=house.config.shop.name, fresh_ms=fresh_ms)
    return html(desk, "balie.html", it, language=language)


def page(kind: Kind, words: Words, *, shop: str, fresh_ms: int = 0) -> Balie:
    first, second = WORDS[kind]
    return Balie(words.language, shop, LOOKS[kind], words.say(first), words.say(second), fresh_ms)


def _is_out(health: Health, reader: str) -> bool:
    """Whether the reader (without a name: every reader) has said why it does not answer."""
    asked = [state for name, state in health.readers.items() if reader in ("", name)]
    return bool(asked) and all(not state.up and state.code for state in asked)


async def live(desk: Desk, request: Ask, guest: Guest) -> Stream:
    """`GET /balie/live`: server-sent events that say only that something changed."""
    return Stream(
        _pokes(desk),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


async def _pokes(desk: Desk) -> AsyncGenerator[bytes, None]:
    async with aclosing(desk.house.counter.display.live.stream("display")) as stream:
        async for message in stream:
            yield message
