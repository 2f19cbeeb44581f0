"""How pages look on this tablet: language, light, hand. Kept in its cookie; the language also with its person."""

from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.kit.errors import NotAllowed
from edge.staff import acts
from staff_ui.desk import HANDS, THEMES, Desk, Guest, frame, html, words
from staff_ui.security import YEAR_S, Ask, cookie, own_form
from staff_ui.sheets import Frame
from staff_ui.words import LANGUAGES, key

CHOICES: Final = {
    "language": {"nl": key("language.nl"), "en": key("language.en")},
    "theme": {
        "auto": key("look.auto"),
        "light": key("look.light"),
        "dark": key("look.dark"),
        "glare": key("look.glare"),
    },
    "hand": {"right": key("look.right"), "left": key("look.left")},
}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class LookPage:
    frame: Frame
    languages: tuple[Option, ...]
    themes: tuple[Option, ...]
    hands: tuple[Option, ...]


async def look(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /look`."""
    around = frame(desk, request, guest, here="look")
    say = words(desk, around).say

    def options(name: str, chosen: str) -> tuple[Option, ...]:
        named = CHOICES[name].items()
        return tuple(Option(each, say(text), each == chosen) for each, text in named)

    it = LookPage(
        frame=around,
        languages=options("language", around.language),
        themes=options("theme", around.theme),
        hands=options("hand", around.hand),
    )
    return html(desk, "look.html", it, language=around.language)


async def look_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /look`: fields `language`, `theme`, `hand`; what is left out stays as it was."""
    form = await own_form(request, guest.tablet)
    around = frame(desk, request, guest)
    language = form.get("language", around.language)
    theme, hand = form.get("theme", around.theme), form.get("hand", around.hand)
    if language not in LANGUAGES or theme not in THEMES or hand not in HANDS:
        raise NotAllowed("a look that does not exist", code="U07", hint="choose one of the page's own")
    if guest.session is not None and language != guest.session.language:
        guest.session.language = language
        await desk.house.db.apply(acts.set_language, guest.session.staff_id, language)
    secure = desk.house.config.server.secure_cookies
    return Redirect(
        "/look" if guest.session else "/signin",
        status_code=303,
        cookies=[cookie("look", f"{language}.{theme}.{hand}", secure=secure, max_age_s=YEAR_S)],
        headers={"cache-control": "no-store"},
    )
