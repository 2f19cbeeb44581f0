"""The hub's store for one command that a person types, beside a hub that may be running."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.hub_file import HubFile, introduced, load_hub
from edge.kit.clock import SystemClock
from edge.kit.log import log_beside_words
from sync.hub.app import Hub, open_hub


@asynccontextmanager
async def at_hub(file: Path) -> AsyncGenerator[Hub, None]:
    """The open hub of this hub.toml; raises ConfigError and StoreError."""
    async with _opened(load_hub(file, environment=os.environ)) as hub:
        yield hub


@asynccontextmanager
async def knowing_shops(settings: HubFile) -> AsyncGenerator[Hub, None]:
    """As `at_hub`, with the shops of its file, for what goes out to them."""
    async with _opened(settings) as hub:
        await introduced(hub, settings)
        yield hub


@asynccontextmanager
async def _opened(settings: HubFile) -> AsyncGenerator[Hub, None]:
    async with open_hub(settings.hub, log=log_beside_words(now_ms=SystemClock().wall_ms)) as hub:
        yield hub
