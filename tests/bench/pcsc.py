"""Phones and cards pulled away from a PC/SC reader at every command, and its real daemon killed there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.catalogue import build
from drivers.reader import ReaderGone
from drivers.settings import parse_reader
from tests.drivers.listening import Events, first_idle, next_sighting
from tests.drivers.pcscd import Pcscd
from tests.drivers.pn532 import Type2Card, uri
from tests.drivers.pulling import DIALOGUES, LINK, RULE, TWO, Make
from tests.drivers.wallets import table

ANSWERS_S = 10.0


def pulled() -> tuple[bool, dict[str, Any]]:
    """Every command of every dialogue: an outcome, and the next card is read; a killed daemon is a lost reader."""

    async def all_of_it() -> tuple[int, dict[str, list[int]]]:
        places, stuck = 0, {}
        with Pcscd() as daemon:
            for name, make in DIALOGUES.items():
                commands = range(1, await length(daemon, make) + 1)
                places += 2 * len(commands)
                found = [*await taken_away(daemon, make, commands), *await killed(daemon, make, commands)]
                if found:
                    stuck[name] = found
        return places, stuck

    places, stuck = asyncio.run(all_of_it())
    return not stuck, {"places": places, "stuck": stuck}


@asynccontextmanager
async def opened() -> AsyncIterator[Events]:
    whole = table("Virtual PCD", vas=TWO, ndef=[RULE]) | {"kind": "pcsc"}
    async with aclosing(build(parse_reader(whole, where="readers[0]", base=Path())).events()) as events:
        await first_idle(events)
        yield events


async def length(daemon: Pcscd, make: Make) -> int:
    """How many commands this dialogue has when nobody disturbs it."""
    async with opened() as events:
        card = make()
        daemon.present(card)
        assert (await next_sighting(events)).token is not None
        daemon.remove()
        return len(card.frames)


async def taken_away(daemon: Pcscd, make: Make, commands: range) -> list[int]:
    """The places at which leaving was not one outcome, and the next card not read right after."""
    stuck = []
    async with opened() as events:
        for at in commands:
            daemon.present(make(lives=at, uid=bytes([0x04, at, 6, 5, 4, 3, 2])))
            told = await next_sighting(events, within_s=ANSWERS_S)
            daemon.present(Type2Card(ndef=uri(LINK), uid=bytes([0x04, at, 1, 2, 3, 4, 5])))
            after = await next_sighting(events, within_s=ANSWERS_S)
            if told.outcome != "unreadable" or after.token is None or after.token.value != "AFTER":
                stuck.append(at)
            daemon.remove()
    return stuck


async def killed(daemon: Pcscd, make: Make, commands: range) -> list[int]:
    """The places at which a daemon that died was not a lost reader."""
    stuck = []
    for at in commands:
        async with opened() as events:
            daemon.present(make(), meanwhile=lambda asked, at=at: daemon.kill() if asked == at else None)
            try:
                await next_sighting(events, within_s=ANSWERS_S)
                stuck.append(at)
            except ReaderGone:
                pass
        daemon.stop()
        daemon.start()
    return stuck
