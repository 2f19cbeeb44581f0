"""Two hubs on one PostgreSQL, for the tests."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from sync.hub import devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from tests.sync.centre import KEYS, SHOP_KEY, Said, device

PATIENT_S: Final = 45


@asynccontextmanager
async def two_hubs(tmp_path: Path, url: str) -> AsyncGenerator[tuple[Hub, Hub, Said], None]:
    said = Said()
    config = Config(tmp_path / "hub", KEYS, url)
    async with open_hub(config, log=said) as one, open_hub(config, log=said) as other:
        await one.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        yield one, other, said


def client(hub: Hub, **more: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=hub.app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test", timeout=PATIENT_S, **more)
