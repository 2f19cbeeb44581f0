"""A plain seeded mutator over real frames: fast enough that a hundred thousand inputs fit into the suite.

A codec may raise its own error and nothing else, take 50 ms of processor time at most, and 16 MiB. What it accepted
joins what is mutated, so that inputs grow deep. Time is the thread's own, measured again where it seems too long.
Memory is how far the process' peak rose over a slice of inputs (Linux lets a process reset its peak): no input of the
slice can have needed more. What the allocator keeps free is given back first, or a codec could fill that unseen. All
that costs nothing an input, where tracing each allocation would cost tenfold; only a slice that rose too far, or one
whose peak cannot be reset, is fed again under a tracer, which tells whose it was.
"""

import ctypes
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

MOST_MS: Final = 50.0
MOST_MIB: Final = 16.0
SLICE: Final = 1000  # inputs between two looks at the peak
POOL: Final = 64  # accepted mutants that are mutated further
MOST_BYTES: Final = 8192
INTERESTING: Final = (
    0x00,
    0x01,
    0x0F,
    0x10,
    0x1D,
    0x20,
    0x30,
    0x7F,
    0x80,
    0x81,
    0x82,
    0x84,
    0x9F,
    0xD1,
    0xFE,
    0xFF,
)
AGAIN: Final = 5  # times that a slow input is measured anew before it counts as slow


@dataclass(frozen=True, slots=True)
class Target:
    """One codec: how bytes are fed to it, its own errors, real inputs, and its share of all inputs."""

    name: str
    feed: Callable[[bytes], object]
    own: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    share: int


@dataclass(slots=True)
class Report:
    """What a run over one codec saw. `broken` names each input that broke a rule, in hex."""

    inputs: int = 0
    accepted: int = 0
    slowest_ms: float = 0.0
    most_mib: float = 0.0
    broken: list[str] | None = None

    def fail(self, said: str) -> None:
        self.broken = [*(self.broken or []), said]


def fuzz(target: Target, count: int, *, seed: int) -> Report:
    """Feed `count` inputs, the seeds among them; the same seed makes the same inputs."""
    dice, report = Random(f"{target.name}/{seed}"), Report()
    grown: list[bytes] = []
    for start in range(0, count, SLICE):
        before, fed = _reset_peak(), list[bytes]()
        for at in range(start, min(start + SLICE, count)):
            is_seed = at < len(target.seeds)
            data = target.seeds[at] if is_seed else mutated(dice, target.seeds, grown)
            fed.append(data)
            if one(target, data, report) and not is_seed:
                if len(grown) < POOL:
                    grown.append(data)
                else:
                    grown[int(dice.random() * POOL)] = data
        risen = MOST_MIB if before is None else _peak() - before
        if risen >= MOST_MIB:
            risen = _traced(target, fed, report)
        report.most_mib = max(report.most_mib, risen)
    return report


def one(target: Target, data: bytes, report: Report) -> bool:
    """Feed one input; whether the codec took it."""
    report.inputs += 1
    began = time.thread_time()
    try:
        target.feed(data)
        accepted = True
    except target.own:
        accepted = False
    except Exception as error:
        report.fail(f"{target.name}: {type(error).__name__} on {data.hex()}")
        return False
    took_ms = (time.thread_time() - began) * 1000
    if took_ms > MOST_MS:
        took_ms = min(_measured(target, data) for _ in range(AGAIN))
        if took_ms > MOST_MS:
            report.fail(f"{target.name}: {took_ms:.0f} ms on {data.hex()}")
    report.slowest_ms = max(report.slowest_ms, took_ms)
    report.accepted += accepted
    return accepted


def _measured(target: Target, data: bytes) -> float:
    began = time.thread_time()
    with suppress(*target.own):
        target.feed(data)
    return (time.thread_time() - began) * 1000


def _traced(target: Target, fed: list[bytes], report: Report) -> float:
    """The most that one of these inputs takes, MiB; what takes too much is named."""
    most = 0.0
    tracemalloc.start()
    try:
        for data in fed:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with suppress(Exception):
                target.feed(data)
            took = (tracemalloc.get_traced_memory()[1] - before) / (1 << 20)
            if took > MOST_MIB:
                report.fail(f"{target.name}: {took:.1f} MiB on {data.hex()[:200]}")
            most = max(most, took)
    finally:
        tracemalloc.stop()
    return most


def mutated(dice: Random, seeds: Sequence[bytes], grown: Sequence[bytes]) -> bytes:
    """A seed, or at times what grew out of one, with one to four changes; now and then two of them spliced."""
    chosen = dice.choice(grown if grown and dice.random() < 0.4 else seeds)
    if dice.random() < 0.1:
        other = dice.choice(seeds)
        chosen = chosen[: dice.randrange(len(chosen) + 1)] + other[dice.randrange(len(other) + 1) :]
    data = bytearray(chosen)
    for _ in range(1 + int(dice.random() * 4) if dice.random() < 0.5 else 1):
        CHANGES[int(dice.random() * len(CHANGES))](dice, data)
    return bytes(data[:MOST_BYTES])


def _at(dice: Random, data: bytearray) -> int:
    return int(dice.random() * len(data))


def _flip(dice: Random, data: bytearray) -> None:
    if data:
        data[_at(dice, data)] ^= 1 << int(dice.random() * 8)


def _set(dice: Random, data: bytearray) -> None:
    if data:
        data[_at(dice, data)] = dice.choice(INTERESTING)


def _any(dice: Random, data: bytearray) -> None:
    if data:
        data[_at(dice, data)] = int(dice.random() * 256)


def _step(dice: Random, data: bytearray) -> None:
    """One more or less: lengths and counters."""
    if data:
        at = _at(dice, data)
        data[at] = (data[at] + dice.choice((-1, 1))) & 0xFF


def _insert(dice: Random, data: bytearray) -> None:
    at = int(dice.random() * (len(data) + 1))
    data[at:at] = dice.randbytes(1 + int(dice.random() * 4))


def _cut(dice: Random, data: bytearray) -> None:
    at = int(dice.random() * (len(data) + 1))
    del data[at : at + 1 + int(dice.random() * 8)]


def _end(dice: Random, data: bytearray) -> None:
    del data[int(dice.random() * (len(data) + 1)) :]


def _repeat(dice: Random, data: bytearray) -> None:
    at = int(dice.random() * (len(data) + 1))
    piece = data[at : at + 1 + int(dice.random() * 32)]
    data[at:at] = piece * (1 + int(dice.random() ** 4 * 60))


def _move(dice: Random, data: bytearray) -> None:
    start, to = int(dice.random() * (len(data) + 1)), int(dice.random() * (len(data) + 1))
    piece = data[start : start + 1 + int(dice.random() * 16)]
    data[to : to + len(piece)] = piece


CHANGES: Final = (_flip, _flip, _set, _any, _step, _insert, _cut, _end, _repeat, _move)


def _reset_peak() -> float | None:
    """Memory in use now, MiB; the peak counts anew from here. None where a process may not reset its peak."""
    ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status("VmRSS")


def _peak() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    text = Path("/proc/self/status").read_text()
    return int(text.split(f"{name}:", 1)[1].split(None, 1)[0]) / 1024
