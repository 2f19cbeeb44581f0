"""Every page and state on sample data, in Chromium: accessible in every theme, touchable, whole at every size."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Route

import staff_ui
from staff_ui.gallery import LOOKS, SIZES, Gallery, Shown
from tests.staff_ui.test_words import DUTCH, ENGLISH, visible

pytestmark = pytest.mark.browser
GALLERY = Gallery()
STATES = list(GALLERY.all())
ORIGIN = "http://gallery.test"
# The stage is its own room, and these are parts of pages.
PARTS = {"base.html", "_fragments.html", "row.html", "floor.html", "found.html", "stage.html"}
# Whose names these are does not change with the language.
PEOPLE = re.compile(
    r"Van Dam|[Vv]an der|de Vries|De Vries|gratis impregneren|de wandelschoenen|Van der|de-mier"
)
FIRST_LOAD = 150_000
# Only colours differ between the themes: every rule is asked in the first, these in all of them.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A tablet that gets every page from the gallery; a request for anything else fails its test."""
    context = chromium.new_context(reduced_motion="reduce")
    opened, foreign = context.new_page(), []

    def answer(route: Route) -> None:
        address = route.request.url.removeprefix(ORIGIN).split("?")[0]
        asset = GALLERY.assets.get(address.removeprefix("/static/"))
        if asset is not None:
            route.fulfill(body=asset.body, content_type=asset.kind)
        elif address.startswith("/manifest"):
            route.fulfill(json={"name": "Gallery"})
        else:
            foreign.append(route.request.url)
            route.fulfill(status=404)

    opened.route("**/*", answer)
    yield opened
    context.close()
    assert foreign == []


def show(page: Page, shown: Shown, *, theme: str = "light", language: Any = "nl") -> None:
    html = GALLERY.page(shown, GALLERY.frame(language, theme=theme))
    address = f"{ORIGIN}/{shown.name}"
    page.route(address, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto(address)
    page.unroute(address)


def test_every_template_has_samples() -> None:
    templates = {each.name for each in (Path(staff_ui.__file__).parent / "templates").glob("*.html")}
    assert templates - PARTS <= GALLERY.templates()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", LOOKS)
def test_no_state_has_a_barrier_in_any_theme(page: Page, theme: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    axe = Axe()
    for shown in STATES:
        show(page, shown, theme=theme)
        found = axe.run(page, options=None if theme == LOOKS[0] else COLOURS)
        assert found.violations_count == 0, (shown.name, found.generate_report())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_state_fits_both_ways_and_at_twice_the_size_with_targets_for_fingers(page: Page) -> None:
    wrong = []
    for name, (width, height) in {**SIZES, "zoomed": (640, 400)}.items():
        page.set_viewport_size({"width": width, "height": height})
        for shown in STATES:
            show(page, shown)
            wide, small, lost = page.evaluate(
                """() => {
                    const here = [...document.querySelectorAll("a, button, input:not([type=hidden]), textarea")]
                        .filter((each) => each.offsetParent !== null && !each.closest("[inert]"));
                    const boxes = here.map((each) => [each, each.getBoundingClientRect()]);
                    const goes = boxes.filter(([each]) => each.matches("#kaart .go, .menu a"));
                    return [
                        document.documentElement.scrollWidth - innerWidth,
                        boxes.filter(([, box]) => box.width < 48 || box.height < 48)
                            .map(([each]) => each.outerHTML.slice(0, 90)),
                        goes.filter(([, box]) => box.bottom > innerHeight + 1 || box.right > innerWidth + 1)
                            .map(([each]) => each.outerHTML.slice(0, 90)),
                    ];
                }"""
            )
            if wide > 0 or small or (lost and name != "zoomed"):
                wrong.append((shown.name, name, wide, small, lost))
    assert wrong == []


@pytest.mark.parametrize(
    "state", ["visits/card", "signin/signin", "search/many", "store/well", "manage/manage"]
)
def test_everything_is_reached_by_keyboard_and_seen_to_be(page: Page, state: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    show(page, Shown(*state.split("/")))
    page.evaluate("window.reached = new Set()")
    wanted = page.evaluate(
        """[...document.querySelectorAll("a, button, input:not([type=hidden]), textarea")]
            .filter((each) => each.offsetParent !== null && each.type !== "radio").length"""
    )
    for _ in range(wanted + 4):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const at = document.activeElement;
                if (at === document.body) return true;
                if (at.type !== "radio") window.reached.add(at);
                return getComputedStyle(at).outlineStyle !== "none" || at.type === "radio";
            }"""
        )
        assert seen
    assert page.evaluate("window.reached.size") == wanted


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
