"""What there is of an open visit, a tab each. A page that adds one adds its line here, its key to the catalogues."""

from dataclasses import dataclass
from typing import Final

from staff_ui.words import Words, key


@dataclass(frozen=True, slots=True)
class Tab:
    """`name` marks the open one; `path` follows `/visits/{visit}`; `busy`: also in the busy mode."""

    name: str
    label: str
    path: str
    busy: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    address: str
    here: bool


TABS: Final = (
    Tab("card", key("tab.card"), ""),
    Tab("wallet", key("tab.wallet"), "/wallet"),
    Tab("advice", key("tab.advice"), "/advice", busy=False),
)


def tabs(visit: str, here: str, words: Words, *, busy: bool = False) -> tuple[Link, ...]:
    """The tabs of a visit; none when there would be only one."""
    shown = [each for each in TABS if each.busy or not busy]
    if len(shown) < 2:
        return ()
    return tuple(
        Link(words.say(each.label), f"/visits/{visit}{each.path}", each.name == here) for each in shown
    )
