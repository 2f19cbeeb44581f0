"""What a rendering leaves behind: nothing."""

import gc
from collections.abc import Iterator

import pytest

from staff_ui.assets import read_assets
from staff_ui.gallery import Gallery
from staff_ui.samples import modules
from staff_ui.sheets import Sheets


@pytest.fixture
def nothing_collected() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # so that a collection looks at what was rendered, not at a whole test session
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_collected")
def test_no_page_waits_for_the_collector_with_what_it_was_rendered_from() -> None:
    sheets, frame = Sheets(read_assets(), timezone="Europe/Amsterdam"), Gallery().frame("nl")
    left = {}
    for module in modules():
        for state, it in module.samples(frame, sheets.words["nl"]).items():
            sheets.render(module.TEMPLATE, it, "nl")  # once, so that what is kept for good is there
            gc.collect()
            sheets.render(module.TEMPLATE, it, "nl")
            if found := gc.collect():
                left[f"{module.TEMPLATE} {state}"] = found
    assert left == {}
