"""The message catalogues as a developer handles them: extract, read, compile. Run it to compile every .po file."""

from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import staff_ui
from staff_ui.words import LANGUAGES, LOCALES

FOLDER: Final = Path(staff_ui.__file__).parent
# Our own names for gettext, N_ and ngettext; `count` has one key for all its forms.
KEYWORDS: Final = {"say": None, "key": None, "count": None}
METHODS: Final = [("templates/**.html", "jinja2"), ("**.py", "python")]


def extracted() -> set[str]:
    """Every key that code and templates say."""
    return {
        str(message)
        for _, _, message, _, _ in extract_from_dir(str(FOLDER), METHODS, keywords=KEYWORDS)
        if isinstance(message, str)
    }


def po_file(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


if __name__ == "__main__":
    for each in LANGUAGES:
        with po_file(each).with_suffix(".mo").open("wb") as target:
            write_mo(target, read(each))
