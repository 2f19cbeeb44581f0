"""Taps of phones and cards: our own time in a dialogue, and what the event loop feels of a reader at work."""

import asyncio
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from nfc.clf import RemoteTarget

from drivers.catalogue import build
from drivers.nfc_card import look
from drivers.nfc_open import open_frontend, release
from drivers.reader import Sighting
from tests.drivers.pn532 import Object, Phone, Pn532, payment_card
from tests.drivers.pn532.cards import IsoDepCard
from tests.drivers.pulling import DIALOGUES, OTHERS, RULE, TWO, cable_pulled, length, plain_tag, taken_away
from tests.drivers.wallets import (
    OTHER_TYPE,
    android,
    apple_pass,
    google_wallet,
    iphone,
    loyalty,
    member_app,
    settings,
    sun_card,
)

Outcome = tuple[bool, dict[str, Any]]
TAPS: Final = 50
QUIETEST_OF: Final = 10
OWN_MS: Final = 5.0
STALL_MS: Final = 10.0
STALL_S: Final = 20.0
WAITS: Final = "/proc/thread-self/schedstat"
TICK_S: Final = 0.001
EACH_S: Final = 0.2  # a customer at the reader
LEAST_READ: Final = 0.9  # of the customers; the first comes a moment after the start
ROUNDS: Final = 5
BITS: Final = 10  # of a byte on a serial line, start and stop included


# Every other one a card: a phone that follows a phone within a second cannot be told from it by its random UID.
CUSTOMERS: Final[tuple[Callable[[int], IsoDepCard], ...]] = (
    lambda n: iphone(apple_pass(f"A-{n}")),
    lambda n: sun_card(uid=_uid(n)),
    lambda n: android(google_wallet(*_eight(n), skips=False, compressed=False, piece=120)),
    lambda n: payment_card(uid=_uid(n)),
    lambda n: Phone(member_app(f"M-{n}")),
    lambda n: plain_tag(uid=_uid(n)),
    lambda n: iphone(apple_pass(f"T-{n}", pass_type=OTHER_TYPE)),
    lambda n: sun_card(uid=_uid(n)),
)


def _eight(number: int) -> list[Object]:
    return [loyalty(f"G-{number}-{each}", f"{each:016x}") for each in range(8)]


def _uid(number: int) -> bytes:
    return b"\x04" + number.to_bytes(6, "big")


def own_time() -> Outcome:
    """From the first frame to the token, less what the emulated chip and card took of it.

    `own_cpu` is what our thread worked; the rest of `own` it waited for its turn. Others on the machine only add, so
    the quietest round of each kind counts, as in `timeit`.
    """
    figures: dict[str, Any] = {"limit_ms": OWN_MS, "taps_each": TAPS, "quietest_of": QUIETEST_OF}
    holds = True
    for name, make in DIALOGUES.items():
        rounds = [_taps(make) for _ in range(QUIETEST_OF)]
        whole, own, cpu, line_bytes = min(rounds, key=lambda each: each[1][int(TAPS * 0.95)])
        figures[name] = {
            "own_p50_ms": round(statistics.median(own), 2),
            "own_p95_ms": round(own[int(TAPS * 0.95)], 2),
            "own_cpu_p50_ms": round(statistics.median(cpu), 2),
            "own_cpu_max_ms": round(cpu[-1], 2),
            "whole_p50_ms": round(statistics.median(whole), 2),
            "line_ms_at_115200": round(line_bytes * BITS / 115.2, 1),
        }
        holds = holds and cpu[-1] <= OWN_MS and own[int(TAPS * 0.95)] <= OWN_MS
    return holds, figures


def _taps(make: Callable[[], IsoDepCard]) -> tuple[list[float], list[float], list[float], float]:
    """Milliseconds of each tap, sorted: all of it, ours, our thread's work; the bytes of one over the cable."""
    whole, own, cpu, line_bytes = [], [], [], 0
    stop = threading.Event()
    with Pn532() as chip:
        wanted = settings(chip.path, vas=TWO, ndef=[RULE])
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
    """The loop's longest stall while one reader reads customer after customer, beside one without a reader.

    A tick that waited for a core, which another process had, is no work of ours: the kernel says for how long.
    """
    floor = asyncio.run(_stalls(asyncio.Event().wait))
    here, there = multiprocessing.Pipe()
    taps = multiprocessing.get_context("spawn").Process(target=_tap_all_day, args=(there,), daemon=True)
    taps.start()
    seen: list[Sighting] = []
    try:
        path = here.recv()
        with_reader = asyncio.run(_stalls(lambda: _consume(path, seen)))
    finally:
        taps.kill()
        taps.join()
    least = int(STALL_S / EACH_S * LEAST_READ)
    figures = {
        "longest_ms": round(max(each.ours_ms for each in with_reader), 2),
        "longest_with_waits_for_a_core_ms": round(max(each.whole_ms for each in with_reader), 2),
        "p99_9_with_waits_for_a_core_ms": round(
            sorted(each.whole_ms for each in with_reader)[int(len(with_reader) * 0.999)], 2
        ),
        "without_a_reader_ms": round(max(each.ours_ms for each in floor), 2),
        "without_a_reader_with_waits_ms": round(max(each.whole_ms for each in floor), 2),
        "limit_ms": STALL_MS,
        "seconds": STALL_S,
        "sightings": len(seen),
        "least_sightings": least,
    }
    return figures["longest_ms"] < STALL_MS and len(seen) >= least, figures


async def _consume(path: str, seen: list[Sighting]) -> None:
    async with aclosing(build(settings(path, vas=TWO, ndef=[RULE])).events()) as events:
        async for event in events:
            seen += [event] if isinstance(event, Sighting) else []


@dataclass(frozen=True, slots=True)
class Tick:
    """How much later than asked the loop came back, all of it and less what it waited for a core."""

    whole_ms: float
    ours_ms: float


async def _stalls(work: Callable[[], Awaitable[object]]) -> list[Tick]:
    task = asyncio.ensure_future(work())
    ticks, end_s = [], time.perf_counter() + STALL_S
    waits = os.open(WAITS, os.O_RDONLY)
    while (before_s := time.perf_counter()) < end_s:
        waited_ms = _waited_ms(waits)
        await asyncio.sleep(TICK_S)
        whole_ms = (time.perf_counter() - before_s - TICK_S) * 1000
        ticks.append(Tick(whole_ms, whole_ms - (_waited_ms(waits) - waited_ms)))
    os.close(waits)
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return ticks


def _waited_ms(schedstat: int) -> float:
    """How long this thread was ready to run and had no core (proc_pid_schedstat: the second number, in ns)."""
    return int(os.pread(schedstat, 100, 0).split()[1]) / 1e6


def _tap_all_day(told: Connection) -> None:
    """In a process of its own: one customer after the other, each for EACH_S, none twice."""
    with Pn532() as chip:
        told.send(chip.path)
        for number in range(1_000_000):
            chip.present(CUSTOMERS[number % len(CUSTOMERS)](number))
            time.sleep(EACH_S)


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
