"""Every page and state on sample data, in Chromium: accessible in every theme, touchable, whole at every size."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Route

import staff_ui
from staff_ui.gallery import LOOKS, SIZES, Gallery, Shown
from tests.staff_ui.keyboard import CONTROLS, barriers
from tests.staff_ui.kinds import Known, made_of
from tests.staff_ui.sound import LANDSCAPE, accessible
from tests.staff_ui.test_words import DUTCH, ENGLISH, visible

pytestmark = pytest.mark.browser
GALLERY = Gallery()
STATES = list(GALLERY.all())
ORIGIN = "http://gallery.test"
# Parts of pages.
PARTS = {
    "base.html",
    "_fragments.html",
    "row.html",
    "floor.html",
    "found.html",
    "plan_now.html",
    "store_now.html",
    "_plan.html",
    "_tags.html",
    "_sign.html",
}
# Whose names these are does not change with the language.
PEOPLE = re.compile(
    r"Van Dam|van den Berg|[Vv]an (?=[A-Z])|[Vv]an der|de Vries|De Vries|gratis impregneren|de wandelschoenen|de-mier"
)
FIRST_LOAD = 150_000
# How far the page is wider than its screen, what is smaller than a finger, and which action one has to scroll for.
MEASURE = """(controls) => {
    const here = [...document.querySelectorAll(controls)]
        .filter((each) => each.offsetParent !== null && each.checkVisibility() && !each.closest("[inert]"));
    const boxes = here.map((each) => [each, each.getBoundingClientRect()]);
    const goes = boxes.filter(([each]) => each.matches("#kaart .go, .menu a"));
    const called = ([each]) => each.outerHTML.slice(0, 90);
    return [
        document.documentElement.scrollWidth - innerWidth,
        boxes.filter(([, box]) => box.width < 48 || box.height < 48).map(called),
        goes.filter(([, box]) => box.bottom > innerHeight + 1 || box.right > innerWidth + 1).map(called),
    ];
}"""


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A tablet that gets every page from the gallery; a request for anything else fails its test."""
    context = chromium.new_context(reduced_motion="reduce")
    # Chromium keeps it compiled. What a stage frames is looked at by itself.
    context.add_init_script(f"if (window === top) {{ {AXE_SCRIPT} }}")
    opened, foreign = context.new_page(), []

    def answer(route: Route) -> None:
        address = route.request.url.removeprefix(ORIGIN).split("?")[0]
        asset = GALLERY.assets.get(address.removeprefix("/static/"))
        if asset is not None:
            route.fulfill(body=asset.body, content_type=asset.kind)
        elif address.startswith("/show/"):
            asked = Shown(*unquote(address).removeprefix("/show/").split("/"))
            html = GALLERY.page(asked, GALLERY.frame("nl"))
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif address == "/signin/badge":
            route.fulfill(json={"staff": None})
        elif address.startswith("/manifest"):
            route.fulfill(json={"name": "Gallery"})
        else:
            foreign.append(route.request.url)
            route.fulfill(status=404)

    opened.route("**/*", answer)
    yield opened
    context.close()
    assert foreign == []


def test_every_template_has_samples() -> None:
    templates = {each.name for each in (Path(staff_ui.__file__).parent / "templates").glob("*.html")}
    assert templates - PARTS <= GALLERY.templates()


@pytest.mark.slow
@pytest.mark.parametrize("shown", STATES, ids=lambda shown: shown.name)
def test_everybody_can_use_it(page: Page, known: Known, shown: Shown) -> None:
    """One load a state: every rule of axe and every size; the other themes' colours and the keyboard alone where it
    has what no state before it had.
    """
    page.set_viewport_size(LANDSCAPE)
    page.goto(f"{ORIGIN}/show/{shown.page}/{shown.state}")
    made = made_of(page)
    accessible(page, themes=LOOKS[:1] if known.colours(made) else LOOKS)
    for name, (width, height) in {**SIZES, "zoomed": (640, 400)}.items():
        page.set_viewport_size({"width": width, "height": height})
        wide, small, lost = page.evaluate(MEASURE, CONTROLS)
        assert wide <= 0, (name, "wider than the screen by", wide)
        assert small == [], (name, "too small for a finger")
        assert lost == [] or name == "zoomed", (name, "the action is out of sight")
    if not known.keys(made):
        page.set_viewport_size(LANDSCAPE)
        assert barriers(page) == []
    known.good(made)


@pytest.mark.parametrize(("language", "foreign"), [("nl", ENGLISH), ("en", DUTCH)])
def test_no_state_mixes_languages(language: Any, foreign: set[str]) -> None:
    for shown in STATES:
        html = GALLERY.page(shown, GALLERY.frame(language))
        said = {word.lower() for word in visible(PEOPLE.sub("", html))}
        assert said & foreign == set(), shown.name


def test_the_first_load_is_small_and_asks_nobody_else() -> None:
    page = (Path(staff_ui.__file__).parent / "templates/floor.html").read_text(encoding="utf-8")
    page += (Path(staff_ui.__file__).parent / "templates/base.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'asset\("([^"]+)"\)', page))
    html = GALLERY.page(Shown("visits", "card"), GALLERY.frame("nl"))
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', html) == []
    sizes = {path: len(gzip.compress(GALLERY.assets[path].body)) for path in asked}
    assert sum(sizes.values()) + len(gzip.compress(html.encode())) <= FIRST_LOAD, sizes
