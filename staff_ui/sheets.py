"""Templates: one Jinja environment a language, and the frame that every page stands in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

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


def _environment(words: Words, assets: dict[str, Asset]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    spoken: dict[str, Any] = {"say": words.say, "asset": lambda path: assets[path].address}
    environment.globals.update(spoken)
    return environment
