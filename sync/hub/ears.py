"""Hears what other processes commit: a second hub on the same database, or `welkom import` beside the file.

A look at one number several times a second, on any store: no notifications that one engine has and another has not.
"""

from contextlib import suppress
from dataclasses import dataclass
from sqlite3 import Error
from typing import Final

from edge.kit.errors import StoreError
from edge.kit.log import Log
from sync.hub.feed import Bell
from sync.hub.rounds import keep_on
from sync.hub.store import Store
from sync.hub.tables import feed as tables
from sync.hub.tables import portal as portals

LISTEN_S: Final = 0.25


@dataclass(slots=True)
class Heard:
    """What stands committed, as far as it was heard."""

    version: object
    heads: dict[str, int]


async def now(db: Store) -> Heard:
    return Heard(await db.version(), await db.read(tables.heads))


async def listen(db: Store, bell: Bell, heard: Heard, *, log: Log) -> None:
    """Ring and poke for what others committed after `heard`, within LISTEN_S, until cancelled."""
    looks: dict[bytes, int] = {}

    async def look() -> None:
        nonlocal heard, looks
        with suppress(Error, StoreError):  # a poll that cannot read says so itself
            if (version := await db.version()) != heard.version:
                before, heard = heard.heads, Heard(version, await db.read(tables.heads))
                grown = [part for part, last in heard.heads.items() if before.get(part) != last]
                bell.ring(grown)
                if grown and bell.is_listened():
                    bell.poke(await db.read(tables.spoken_of, {part: before.get(part, 0) for part in grown}))
            if db.shared:
                # A look at somebody's card sends out no row; only who has a page open waits to hear of it.
                then, looks = looks, await db.read(portals.looks, bell.customers())
                if poked := [each for each, count in looks.items() if then.get(each) != count]:
                    bell.poke(poked)

    await keep_on(look, rest=lambda: LISTEN_S, log=log, failed="listening_failed")
