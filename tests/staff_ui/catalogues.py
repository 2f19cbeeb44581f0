"""The message catalogues as a developer handles them: extract, read, compile. Run it to compile every .po file."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import staff_ui
from edge import papers
from edge.kit import words
from staff_ui.words import LANGUAGES
from sync.hub import passes, portal
from sync.hub.passes.words import LANGUAGES as ON_PASSES
from sync.hub.portal.words import LANGUAGES as TONGUES

FOLDER: Final = Path(staff_ui.__file__).parent
PORTAL: Final = Path(portal.__file__).parent
PASSES: Final = Path(passes.__file__).parent
PAPERS: Final = Path(papers.__file__).parent
# Each has its templates and its locales, in the languages of those who read it.
FOLDERS: Final = {FOLDER: LANGUAGES, PORTAL: TONGUES, PASSES: ON_PASSES, PAPERS: LANGUAGES}
# Our own names for gettext, N_ and ngettext; `count` has one key for all its forms, `says` a key an argument.
EACH: Final = {many: tuple(range(1, many + 1)) for many in range(1, 13)}
KEYWORDS: Final = {"say": None, "key": None, "count": None, "says": EACH}
MADE: Final = datetime(2026, 1, 1, tzinfo=UTC)
METHODS: Final = [("templates/**.html", "jinja2"), ("**.py", "python")]


def shared() -> set[str]:
    """Keys of the kit, which every catalogue has to say."""
    found = extract_from_file("python", words.__file__, keywords=KEYWORDS)
    return {key for _, message, _, _ in found for key in _keys(message)}


def extracted(folder: Path = FOLDER) -> set[str]:
    """Every key that code and templates say."""
    found = extract_from_dir(str(folder), METHODS, keywords=KEYWORDS)
    return shared() | {key for _, _, message, _, _ in found for key in _keys(message)}


def _keys(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else message


def po_file(language: str, folder: Path = FOLDER) -> Path:
    return folder / "locales" / language / "LC_MESSAGES" / "messages.po"


def read(language: str, folder: Path = FOLDER) -> Catalog:
    with po_file(language, folder).open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str, folder: Path = FOLDER) -> bytes:
    """The bytes of the .mo file of a catalogue: the same wherever and whenever they are made."""
    catalog, made = read(language, folder), io.BytesIO()
    catalog.creation_date = MADE  # Babel would write the time of the clock
    write_mo(made, catalog)
    return made.getvalue()


if __name__ == "__main__":
    for its, languages in FOLDERS.items():
        for each in languages:
            po_file(each, its).with_suffix(".mo").write_bytes(compiled(each, its))
