"""Templates, styles and scripts of the hub's pages: one Jinja environment a language."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sync.hub.portal.words import LANGUAGES, NAMES, Language, Words

FOLDER: Final = Path(__file__).parent
STATIC: Final = "/portal/static"
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".json": "application/schema+json"}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes = field(repr=False)
    kind: str
    version: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page; `own` is what its forms carry, empty where nobody is in."""

    language: Language
    here: str = "/portal"
    own: str = field(default="", repr=False)
    sure: bool = True  # whether they showed more than a card (sessions.SURE)


class Sheets:
    """Renders a template with its one dataclass, as `it`."""

    def __init__(self, *, timezone: str) -> None:
        self.words: dict[Language, Words] = {each: Words(each, timezone) for each in LANGUAGES}
        self.assets = read_assets(FOLDER / "static")
        self._environments = {each: self._environment(self.words[each]) for each in LANGUAGES}

    def render(self, template: str, it: object, language: Language) -> str:
        return self._environments[language].get_template(template).render(it=it)

    def _environment(self, words: Words) -> Environment:
        made = environment(FOLDER / "templates")
        spoken: dict[str, Any] = {"say": words.say, "asset": self._address, "languages": NAMES}
        made.globals.update(spoken)
        return made

    def _address(self, name: str) -> str:
        return f"{STATIC}/{name}?v={self.assets[name].version}"


def environment(*templates: Path) -> Environment:
    """As every page of the hub is rendered: escaped, and a name that is not there is an error.

    Of folders that have the same template the first counts.
    """
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def read_assets(folder: Path) -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    for file in sorted(folder.iterdir()):
        body = file.read_bytes()
        found[file.name] = Asset(body, KINDS[file.suffix], sha256(body).hexdigest()[:16])
    return found
