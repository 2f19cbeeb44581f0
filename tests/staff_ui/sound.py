"""Whether everybody can use a page: axe on it once, colours in every theme, and a measure at every size."""

from collections.abc import Sequence
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT, AxeResults  # type: ignore[import-untyped]
from playwright.sync_api import Page

from staff_ui.gallery import SIZES

LANDSCAPE: Final[Any] = dict(zip(("width", "height"), SIZES["landscape"], strict=True))
PORTRAIT: Final[Any] = dict(zip(("width", "height"), SIZES["portrait"], strict=True))
# A function, or its value would be sent over as well.
_AXE: Final = f"() => {{ {AXE_SCRIPT} }}"
_ASK: Final = """async ([theme, asked]) => {
    const root = document.documentElement, before = root.dataset.theme;
    if (theme) root.dataset.theme = theme;
    try { return await axe.run(asked); }
    finally { if (theme) root.dataset.theme = before; }
}"""
_EVERYTHING: Final[dict[str, Any]] = {"resultTypes": ["violations"]}
# Only colours differ between themes: every rule is asked in the first, these in all of them.
_COLOURS: Final = _EVERYTHING | {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
}
_SMALL: Final = """[...document.querySelectorAll("a, button, input:not([type=hidden])")]
    .filter((each) => each.offsetParent !== null)
    .map((each) => [each.outerHTML.slice(0, 80), (each.closest("label") ?? each).getBoundingClientRect()])
    .filter(([, box]) => box.width < 48 || box.height < 48)
    .map(([html]) => html)"""


def accessible(page: Page, name: object = "", *, themes: Sequence[str] = ("",)) -> None:
    """Every rule of axe in the first theme, its rules of colour in the others; "" is the theme that it has."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    for theme in themes:
        asked = _EVERYTHING if theme == themes[0] else _COLOURS
        found = AxeResults(page.evaluate(_ASK, [theme, asked]))
        assert found.violations_count == 0, (name, theme, found.generate_report())


def small_targets(page: Page) -> list[str]:
    """Everything touchable that is under 48 px in either direction; what lies in a label is touched by all of it."""
    found = page.evaluate(_SMALL)
    assert isinstance(found, list)
    return found


def fits(page: Page, name: object = "") -> None:
    """Nothing to touch is too small, nothing lies beside the screen."""
    assert small_targets(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name


def sound(page: Page, name: str, *, themes: Sequence[str] = ("",)) -> None:
    """Accessible in every theme; of the right size held either way."""
    accessible(page, name, themes=themes)
    for size in (PORTRAIT, LANDSCAPE):
        page.set_viewport_size(size)
        fits(page, (name, size))
