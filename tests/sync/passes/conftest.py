"""A hub with Anna, and a retailer with every right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.passes.rights import rights
from tests.sync.portal.place import Place, open_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub", passes=rights()) as opened:
        opened.add()
        yield opened
        assert [event for event, _ in opened.said if event == "request_died"] == []
