"""Templates: one Jinja environment a language, and the frame that every page stands in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from edge.config import Language
from staff_ui.assets import Asset
from staff_ui.compiling import Spoken, SpokenEnvironment
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


@lru_cache
def _environment(language: Language, timezone: str, addresses: tuple[tuple[str, str], ...]) -> Environment:
    spoken: Spoken = {
        "say": Words(language, timezone).say,
        "asset": dict(addresses).__getitem__,
    }
    environment = SpokenEnvironment(
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
