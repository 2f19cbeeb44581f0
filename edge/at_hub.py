"""The hub's store for one command that a person types, beside a hub that may be running."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from edge.hub_file import HubFile, introduced, load_hub
from edge.kit.clock import SystemClock
from edge.kit.errors import WordsError
from edge.kit.log import log_beside_words
from edge.kit.sql import Connection
from sync.hub.app import Hub, open_hub

P = ParamSpec("P")
T = TypeVar("T")


class _Tried(Exception):
    """How an act that is only tried leaves its transaction; `result` is what it came to."""

    def __init__(self, result: Any) -> None:
        self.result = result


async def tried(
    hub: Hub, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What an act comes to, rolled back: it refuses here what it would refuse in earnest, and changes nothing."""

    def whole(conn: Connection) -> None:
        raise _Tried(act(conn, *args, **kwargs))

    try:
        await hub.db.apply(whole)
    except _Tried as end:
        result: T = end.result
        return result
    raise AssertionError("an act that is tried always leaves by its result")


@asynccontextmanager
async def at_hub(file: Path, *, only_reads: bool = False) -> AsyncGenerator[Hub, None]:
    """The open hub of this hub.toml; raises ConfigError and StoreError.

    `only_reads`: what the command asks changes nothing, so it waits for no import.
    """
    async with _opened(load_hub(file, environment=os.environ), only_reads=only_reads) as hub:
        yield hub


@asynccontextmanager
async def knowing_shops(settings: HubFile) -> AsyncGenerator[Hub, None]:
    """As `at_hub`, with the shops of its file, for what goes out to them."""
    async with _opened(settings) as hub:
        await introduced(hub, settings)
        yield hub


def customer_id(text: str) -> bytes:
    """16 bytes: a customer's id as somebody typed it; raises WordsError (W02)."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise WordsError("--id is no id", code="W02", hint="32 hex digits, as `welkom customer find` prints")
    return found


@asynccontextmanager
async def _opened(settings: HubFile, *, only_reads: bool = False) -> AsyncGenerator[Hub, None]:
    log = log_beside_words(now_ms=SystemClock().wall_ms)
    async with open_hub(settings.hub, log=log, only_reads=only_reads) as hub:
        yield hub
