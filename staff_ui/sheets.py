"""Templates: one Jinja environment a language, and the frame that every page stands in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer

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
    idle_ms: int = 0  # how long this page may stand untouched before it locks; 0: nobody is signed in


class Sheets:
    """Renders a template with its one dataclass, as `it`."""

    def __init__(self, assets: dict[str, Asset], *, timezone: str) -> None:
        self.words: dict[Language, Words] = {each: Words(each, timezone) for each in LANGUAGES}
        self._environments = {each: _environment(self.words[each], assets) for each in LANGUAGES}
        self._globals = {each: dict(self._environments[each].globals) for each in LANGUAGES}

    def render(self, template: str, it: object, language: Language) -> str:
        environment = self._environments[language]
        found = environment.get_template(template)
        # What `Template.render(it=it)` does, without gathering the same globals through two mappings each time.
        context = found.new_context({**self._globals[language], "it": it}, shared=True)
        return environment.concat(found.root_render_func(context))


Spoken = Mapping[str, Callable[..., str]]


def _environment(words: Words, assets: dict[str, Asset]) -> Environment:
    spoken: dict[str, Callable[..., str]] = {"say": words.say, "asset": lambda path: assets[path].address}
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


class _Spoken(Environment):
    """Says what a template always says when it is compiled: half of a card is words that never differ."""

    def __init__(self, spoken: Spoken, **options: Any) -> None:
        super().__init__(**options)
        self._spoken = spoken

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(_Saying(self._spoken).visit(source), *args, **options)


class _Saying(NodeTransformer):
    """Puts what `say("…")` gives in its place; with a value in it, it waits for the value."""

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
