"""Every page and state on sample data, in each theme, language and hand: to look at, and for tests to look at.

Pages are the real templates with the real styles. Scripts are left out, except the PIN pad and what fits screens to
panes: there is no house behind this.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from markupsafe import Markup

from edge.config import Language
from staff_ui.assets import read_assets
from staff_ui.desk import HANDS, THEMES
from staff_ui.pages.floor import Floor
from staff_ui.samples import modules
from staff_ui.security import YEAR_S, adds, stage_headers
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import LANGUAGES

SIZES: Final = {"landscape": (1280, 800), "portrait": (800, 1280)}
LOOKS: Final = ("light", "dark", "glare")
_SCRIPT: Final = re.compile(r'<script src="/static/(?!pin\.js|panes\.js)[^"]*" defer></script>\n?')


@dataclass(frozen=True, slots=True)
class Shown:
    """A state of a page: where its sample is, and what it is called."""

    page: str
    state: str

    @property
    def name(self) -> str:
        return f"{self.page}-{self.state}"


class Gallery:
    """Renders samples. One instance a server or a test."""

    def __init__(self) -> None:
        self.assets = read_assets()
        self._sheets = Sheets(self.assets, timezone="Europe/Amsterdam")
        self._made: dict[tuple[str, Frame], Mapping[str, object]] = {}
        self._pages = {each.__name__.rsplit(".", 1)[1]: each for each in modules()}

    def frame(self, language: Language, *, theme: str = "light", hand: str = "right") -> Frame:
        return Frame(
            language=language,
            shop="Van Dam, Amersfoort",
            theme=theme,
            hand=hand,
            own="0" * 64,
            staff="Anna",
            initials="A",
            here="floor",
            manager=True,
            idle_ms=300_000,
        )

    def all(self) -> Iterator[Shown]:
        """Every page and state, in the order of the index."""
        frame, words = self.frame("nl"), self._sheets.words["nl"]
        for page, module in self._pages.items():
            for state in module.samples(frame, words):
                yield Shown(page, state)

    def templates(self) -> set[str]:
        """Templates that have samples."""
        return {str(each.TEMPLATE) for each in self._pages.values()}

    def page(self, shown: Shown, frame: Frame) -> str:
        """One state as a whole page; raises KeyError when there is none of that name."""
        module = self._pages[shown.page]
        template, it = module.TEMPLATE, self._samples(shown.page, frame)[shown.state]
        if template == "visits.html":
            fragment = Markup(self._sheets.render(template, it, frame.language))
            template, it = "floor.html", Floor(frame=frame, visits=fragment, fresh_ms=60_000)
        return _SCRIPT.sub("", self._sheets.render(template, it, frame.language))

    def _samples(self, page: str, frame: Frame) -> Mapping[str, object]:
        """Made once for all states of a page."""
        if (page, frame) not in self._made:
            self._made[page, frame] = self._pages[page].samples(frame, self._sheets.words[frame.language])
        return self._made[page, frame]

    def index(self) -> str:
        """Links to everything; for developers, so in English and without a look of its own."""
        lines = [
            "<!doctype html><html lang=en><meta charset=utf-8><title>Gallery</title><h1>Gallery</h1><table>"
        ]
        for shown in self.all():
            cells = "".join(
                f'<td><a href="/show/{shown.page}/{shown.state}?language={language}&theme={theme}">'
                f"{language} {theme}</a>"
                for language in LANGUAGES
                for theme in LOOKS
            )
            lines.append(f"<tr><th scope=row>{shown.page} {shown.state}{cells}")
        return "\n".join([*lines, "</table>"])


def make_app() -> Litestar:
    """The gallery as an ASGI application."""
    gallery = Gallery()

    @get("/", media_type="text/html", sync_to_thread=False)
    def index() -> str:
        return gallery.index()

    @get("/show/{page:str}/{named:str}", media_type="text/html", sync_to_thread=False)
    def show(page: str, named: str, language: str = "nl", theme: str = "light", hand: str = "right") -> str:
        if language not in LANGUAGES or theme not in THEMES or hand not in HANDS:
            raise NotFoundException
        try:
            return gallery.page(Shown(page, named), gallery.frame(language, theme=theme, hand=hand))
        except KeyError:
            raise NotFoundException from None

    @get("/static/{path:path}", sync_to_thread=False)
    def static(path: str) -> Response[bytes]:
        asset = gallery.assets.get(path.lstrip("/"))
        if asset is None:
            raise NotFoundException
        keep = {"cache-control": f"public, max-age={YEAR_S}"}
        return Response(asset.body, media_type=asset.kind, headers=keep)

    @get("/manifest.webmanifest", sync_to_thread=False)
    def manifest() -> dict[str, Any]:
        return {"name": "Gallery"}

    handlers: list[Any] = [index, show, static, manifest]
    # As a demo sends them: its stage frames other pages of the gallery.
    return Litestar(handlers, openapi_config=None, logging_config=None, before_send=[adds(stage_headers(""))])
