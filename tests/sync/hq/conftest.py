from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from tests.sync.hq.desk import Desk, open_desk
from tests.sync.portal.place import Place, open_place


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk, None]:
    async with open_desk(tmp_path) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub") as opened:
        yield opened
