"""The compiled catalogues: they are in the repository, so they have to be what their sources give."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.staff_ui.catalogues import FOLDERS, compiled, po_file

EACH = [(folder, language) for folder, languages in FOLDERS.items() for language in languages]


@pytest.mark.parametrize(("folder", "language"), EACH, ids=lambda each: Path(each).name)
def test_a_compiled_catalogue_is_to_the_byte_what_its_source_gives(folder: Path, language: str) -> None:
    assert po_file(language, folder).with_suffix(".mo").read_bytes() == compiled(language, folder), (
        "the .po file was changed after the .mo file; python -m tests.staff_ui.catalogues writes it anew"
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_key_has_one_meaning(folder: Path) -> None:
    """Two branches that each add a key of that name give a source that holds both, and one of them says nothing."""
    for language in FOLDERS[folder]:
        source = po_file(language, folder).read_text(encoding="utf-8")
        keys = re.findall(r'^msgid "(.+)"$', source, flags=re.MULTILINE)
        assert [key for key, times in Counter(keys).items() if times > 1] == [], language


def test_no_catalogue_stands_outside_the_folders_that_are_compiled() -> None:
    house = Path(__file__).parents[2]
    rooms = ("drivers", "edge", "staff_ui", "sync")
    there = {file for room in rooms for file in (house / room).rglob("*.[mp]o")}
    ours = {po_file(language, folder) for folder, language in EACH}
    assert there == ours | {file.with_suffix(".mo") for file in ours}
