"""What a page is made of: kinds of text and controls. A page of nothing but known kinds need not be asked again."""

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

from tests.staff_ui.keyboard import CONTROLS

# A kind is the way from the body to an element, with all that style rules go by. What is seen of it: its text, or
# that it can be acted on.
_KINDS: Final = """(controls) => {
    const styled = /^(role|type|disabled|hidden|open|checked|style|data-.*|aria-(?!label|describedby|controls).*)$/;
    const known = new Map([[document.documentElement, ""]]);
    const kind = (each) => {
        if (!known.has(each)) {
            const more = [...each.attributes].filter((one) => styled.test(one.name))
                .map((one) => one.name + (/\\d/.test(one.value) ? "" : "=" + one.value)).sort();
            const here = [each.localName, ...[...each.classList].sort(), ...more].join(" ");
            known.set(each, kind(each.parentElement) + " > " + here);
        }
        return known.get(each);
    };
    const speaks = (each) => [...each.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
    const seen = [...document.body.querySelectorAll("*")].filter((each) => each.checkVisibility());
    const acts = seen.filter((each) => each.matches(controls));
    const kinds = new Set(seen.filter((each) => speaks(each) || acts.includes(each)).map(kind));
    return [[...kinds], acts.map(kind).join("\\n")];
}"""


@dataclass(frozen=True, slots=True)
class Made:
    """What one page is made of: its kinds, and its controls in their order."""

    kinds: frozenset[str]
    walk: str


def made_of(page: Page) -> Made:
    kinds, walk = page.evaluate(_KINDS, CONTROLS)
    return Made(frozenset(kinds), walk)


class Known:
    """What was on the pages that were found good: every kind for colours, the whole row of controls for keys."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._walks: set[str] = set()

    def colours(self, made: Made) -> bool:
        return made.kinds <= self._kinds

    def keys(self, made: Made) -> bool:
        return made.walk in self._walks

    def good(self, made: Made) -> None:
        self._kinds |= made.kinds
        self._walks.add(made.walk)
