"""Templates: one Jinja environment a language, and the frame that every page stands in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import escape

from edge.config import Language
from staff_ui.assets import Asset
from staff_ui.words import LANGUAGES, Words

TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page: whose shop, how it looks on this tablet, who is signed in."""

    language: Language
    shop: str
    theme: str
    hand: str
    own: str
    staff: str = ""
    initials: str = ""
    here: str = ""
    bound: bool = False
    manager: bool = False
    practising: bool = False  # everybody on this page is invented
    products: bool = False  # whether this house has the page Product
    plan: bool = False  # and a floor
    idle_ms: int = 0  # how long this page may stand untouched before it locks; 0: nobody is signed in


class Sheets:
    """Renders a template with its one dataclass, as `it`."""

    def __init__(self, assets: dict[str, Asset], *, timezone: str) -> None:
        self.words: dict[Language, Words] = {each: Words(each, timezone) for each in LANGUAGES}
        addresses = tuple((path, each.address) for path, each in sorted(assets.items()))
        self._environments = {each: _environment(each, timezone, addresses) for each in LANGUAGES}
        self._found: dict[tuple[str, Language], Found] = {}

    def render(self, template: str, it: object, language: Language) -> str:
        found = self._found.get((template, language)) or self._find(template, language)
        # What `Template.render(it=it)` does, without looking it up and gathering the same globals each time.
        context = found.template.new_context({**found.globals, "it": it}, shared=True)
        return "".join(found.template.root_render_func(context))

    def _find(self, template: str, language: Language) -> "Found":
        environment = self._environments[language]
        found = Found(environment.get_template(template), dict(environment.globals))
        return self._found.setdefault((template, language), found)


@dataclass(frozen=True, slots=True)
class Found:
    """A template, and what it may say beside `it`."""

    template: Template
    globals: Mapping[str, Any]


Spoken = Mapping[str, Callable[..., str]]


@lru_cache
def _environment(language: Language, timezone: str, addresses: tuple[tuple[str, str], ...]) -> Environment:
    spoken: dict[str, Callable[..., str]] = {
        "say": Words(language, timezone).say,
        "asset": dict(addresses).__getitem__,
    }
    environment = _Spoken(
        spoken,
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(spoken)
    return environment


_SPECIAL: Final = re.compile("[&<>\"']")


def escaped(value: object) -> str:
    """As markupsafe's `escape`, which makes an object of every text, also of those that have nothing to escape."""
    return value if type(value) is str and not _SPECIAL.search(value) else escape(value)


class _Page(Template):
    """A template that escapes what it puts in with `escaped`."""

    @classmethod
    def from_code(cls, *made_of: Any, **options: Any) -> Template:
        made = super().from_code(*made_of, **options)
        made.root_render_func.__globals__["escape"] = escaped  # where compiled templates look it up
        return made


class _Spoken(Environment):
    """Says what a template always says when it is compiled: half of a card is words that never differ."""

    # A page hands its template dataclasses: of `it.name` nothing else is tried, and a slip fails at once.
    getattr = staticmethod(getattr)  # type: ignore[assignment]

    template_class = _Page

    def __init__(self, spoken: Spoken, **options: Any) -> None:
        super().__init__(**options)
        self._spoken = spoken

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(_Saying(self._spoken).visit(source), *args, **options)


class _Saying(NodeTransformer):
    """Puts what `say("…")` gives in its place; with a value in it, it waits for the value."""

    template_class = _Page

    def __init__(self, spoken: Spoken) -> None:
        self._spoken = spoken

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        match node:
            case nodes.Call(node=nodes.Name(name=name), args=[nodes.Const(value=str(said))], kwargs=[]) if (
                name in self._spoken
            ):
                return nodes.Const(self._spoken[name](said), lineno=node.lineno)
        return node
