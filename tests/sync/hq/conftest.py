from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.sync.hq.desk import Desk, open_desk


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk, None]:
    async with open_desk(tmp_path) as found:
        yield found
