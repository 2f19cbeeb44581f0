"""Taps of phones and cards: our own time in a dialogue, and what the event loop feels of a reader at work."""

import asyncio
import multiprocessing
import statistics
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from multiprocessing.connection import Connection
from typing import Any, Final

from nfc.clf import RemoteTarget

from drivers.catalogue import build
from drivers.nfc_card import look
from drivers.nfc_open import open_frontend, release
from drivers.reader import Sighting
from tests.drivers.pn532 import Pn532
from tests.drivers.pn532.cards import IsoDepCard
from tests.drivers.pulling import DIALOGUES, OTHERS, TWO, cable_pulled, length, taken_away
from tests.drivers.wallets import settings

Outcome = tuple[bool, dict[str, Any]]
TAPS: Final = 300
OWN_MS: Final = 5.0
STALL_MS: Final = 10.0
STALL_S: Final = 20.0
TICK_S: Final = 0.001
ROUNDS: Final = 5
BITS: Final = 10  # of a byte on a serial line, start and stop included


def own_time() -> Outcome:
    """From the first frame to the token, less what the emulated chip and card took of it.

    `own_cpu` is what our thread worked; the rest of `own` it waited for its turn on a busy machine.
    """
    figures: dict[str, Any] = {"limit_ms": OWN_MS, "taps_each": TAPS}
    holds = True
    for name, make in DIALOGUES.items():
        if name == "a plain tag":
            continue
        whole, own, cpu, line_bytes = _taps(make)
        figures[name] = {
            "own_p50_ms": round(statistics.median(own), 2),
            "own_p95_ms": round(own[int(len(own) * 0.95)], 2),
            "own_cpu_p50_ms": round(statistics.median(cpu), 2),
            "own_cpu_max_ms": round(cpu[-1], 2),
            "whole_p50_ms": round(statistics.median(whole), 2),
            "line_ms_at_115200": round(line_bytes * BITS / 115.2, 1),
        }
        holds = holds and cpu[-1] <= OWN_MS and statistics.median(own) <= OWN_MS
    return holds, figures


def _taps(make: Callable[[], IsoDepCard]) -> tuple[list[float], list[float], list[float], float]:
    """Milliseconds of each tap, sorted: all of it, ours, our thread's work; the bytes of one over the cable."""
    whole, own, cpu, line_bytes = [], [], [], 0
    stop = threading.Event()
    with Pn532() as chip:
        wanted = settings(chip.path, vas=TWO)
        frontend = open_frontend("bench", chip.path, stop=stop)
        for _ in range(TAPS):
            chip.present(make())
            target = frontend.device.sense_tta(RemoteTarget("106A"))
            before = chip.line_bytes
            busy_s, worked_s, started_s = chip.busy_s, time.thread_time(), time.perf_counter()
            seen = look(frontend.device, target, wanted, stop=stop)
            took_s = time.perf_counter() - started_s
            cpu.append((time.thread_time() - worked_s) * 1000)
            assert seen.tokens, seen
            whole.append(took_s * 1000)
            own.append((took_s - (chip.busy_s - busy_s)) * 1000)
            line_bytes += chip.line_bytes - before
            frontend.device.mute()
        release(frontend)
    return sorted(whole), sorted(own), sorted(cpu), line_bytes / TAPS


def stall() -> Outcome:
    """The loop's longest stall while one reader reads phone after phone, beside one without a reader."""
    floor_ms = asyncio.run(_longest_stall(asyncio.Event().wait))
    here, there = multiprocessing.Pipe()
    taps = multiprocessing.get_context("spawn").Process(target=_tap_all_day, args=(there,), daemon=True)
    taps.start()
    seen: list[Sighting] = []
    try:
        path = here.recv()
        worst_ms = asyncio.run(_longest_stall(lambda: _consume(path, seen)))
    finally:
        taps.kill()
        taps.join()
    figures = {
        "longest_ms": round(worst_ms, 2),
        "without_a_reader_ms": round(floor_ms, 2),
        "limit_ms": STALL_MS,
        "seconds": STALL_S,
        "sightings": len(seen),
    }
    return worst_ms < STALL_MS and len(seen) > STALL_S, figures


async def _consume(path: str, seen: list[Sighting]) -> None:
    async with aclosing(build(settings(path, vas=TWO)).events()) as events:
        async for event in events:
            seen += [event] if isinstance(event, Sighting) else []


async def _longest_stall(work: Callable[[], Awaitable[object]]) -> float:
    task = asyncio.ensure_future(work())
    worst_s, end_s = 0.0, time.perf_counter() + STALL_S
    while (before_s := time.perf_counter()) < end_s:
        await asyncio.sleep(TICK_S)
        worst_s = max(worst_s, time.perf_counter() - before_s - TICK_S)
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return worst_s * 1000


def _tap_all_day(told: Connection) -> None:
    """In a process of its own: one phone or card after the other, each for 0.2 s."""
    makes = list(DIALOGUES.values())
    with Pn532() as chip:
        told.send(chip.path)
        for number in range(1_000_000):
            card = makes[number % len(makes)]()
            card.uid = bytes(
                [4, *number.to_bytes(6, "big")]
            )  # a new one each time, so that it counts at once
            chip.present(card)
            time.sleep(0.2)


def pulled() -> Outcome:
    """Every frame and every command of every dialogue, many times over."""

    async def all_of_it() -> tuple[int, dict[str, list[str]]]:
        places, stuck = 0, {}
        for name, make in {**DIALOGUES, **OTHERS}.items():
            size = await length(make)
            for _ in range(ROUNDS):
                away = await taken_away(make, range(size.first, size.frames + 1), size.ends)
                cable = await cable_pulled(make, range(1, size.apdus + 1), size.ends)
                places += size.frames + 1 - size.first + size.apdus
                if away or cable:
                    stuck[name] = [*away, *cable]
        return places, stuck

    places, stuck = asyncio.run(all_of_it())
    return not stuck, {"places": places, "stuck": stuck}
