"""A day in an invented shop: visits that flap and rotate, a crowd of strangers, and what is left of it all."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Final

from drivers.codecs.radio.advert import find_eid
from drivers.codecs.radio.eid import KEY, eid
from edge.kit.ids import uuid7_source
from edge.nearby import Nearby
from edge.presence.belief import Belief
from edge.presence.devices import Device
from edge.presence.radio_map import build
from edge.presence.resolver import Here
from edge.presence.tracker import Reading
from edge.visits.rules import QUIET_MS
from tests.kit.clocks import START_MS, HandClock
from tests.presence.invented import Invented, Plan
from tests.stories.strangers import find, left_behind
from tests.tables.floor import RECIPIENT, checkpoint, open_floor

PLAN: Final = Plan(3, 2, 4.0, 6)
RATE_HZ: Final = 1.0
EXPONENT: Final = 8  # a new identifier every 256 s: several in each visit
GONE_S: Final = 120.0  # after the last advert nobody is here any more
APART_S: Final = QUIET_MS / 1000 + 1200  # between two visits of one customer
CONSENTS: Final = dict.fromkeys(("recognition", "location", "saving"))
EID_FRAME: Final = bytes.fromhex("0201060303aafe0d16aafe30ee")
IBEACON: Final = bytes.fromhex("0201061aff4c000215")


@dataclass(frozen=True, slots=True)
class Heard:
    """One advertisement as one scanner heard it, seconds since the shop opened."""

    at_s: float
    scanner: str
    raw: bytes
    dbm: float


@dataclass(slots=True)
class Day:
    """What became of a day; every figure but the first two ought to be nought, or the number of visits."""

    visits: int
    strangers: int
    adverts: int = 0
    resolved: int = 0
    stays: int = 0  # visits by the rules of presence alone
    told: int = 0  # what the visits were told: who came in, came back after minutes, is still here
    greetings: int = 0
    visits_written: int = 0
    still_here: int = 0
    traces: list[tuple[str, str]] = field(default_factory=list)


async def play(folder: Path, *, customers: int, visits: int, strangers_a_visit: int, seed: int) -> Day:
    """Play it on the real files, rules and acts of an appliance; only the air is invented."""
    random = Random(seed)
    air = Invented(PLAN, seed=seed)
    radio_map = build(air.floor, air.tour(seconds_a_room=60, rate_hz=2.0))
    assert radio_map is not None
    day = Day(visits, visits * strangers_a_visit)
    clock = HandClock()
    needles: list[bytes] = []
    stays: set[str] = set()
    with logged(folder / "everything.log"):
        async with open_floor(folder / "shop", clock=clock) as shop:
            people = [await shop.resident(f"29{n:011d}", consents=CONSENTS) for n in range(customers)]
            devices = [
                Device(f"{what}-{n}", random.randbytes(KEY), EXPONENT, START_MS // 1000 - 10**6)
                for n in range(customers)
                for what in ("phone", "fob")[: 1 + n % 2]
            ]
            owner = {each.name: people[int(each.name.split("-")[1])].customer_id.hex() for each in devices}
            resolve = Here(devices)
            nearby = Nearby(
                air.floor,
                shop.db,
                shop.live,
                shop.time,
                uuid7_source(clock),
                locate=lambda: Belief(radio_map),
                customer_of=owner.__getitem__,
                recipient=RECIPIENT,
                quiet_ms=QUIET_MS,
            )
            for at_s, moment in groupby(
                _adverts(random, air, devices, day, strangers_a_visit, needles), key=lambda each: each.at_s
            ):
                now_s = START_MS / 1000 + at_s
                clock.pass_ms(max(0, round(1000 * now_s) - clock.wall))
                readings = []
                for each in moment:
                    day.adverts += 1
                    said = find_eid(each.raw)
                    device = None if said is None else resolve(said, now_s)
                    if device is not None:
                        readings.append(Reading(now_s, each.scanner, device, each.dbm))
                day.resolved += len(readings)
                await nearby.hear(now_s, readings)
                stays |= {stay.visit for stay in nearby.tracker.stays().values()}
            await nearby.pass_time(now_s + GONE_S)
            day.stays = len(stays)
            day.still_here = len(nearby.tracker.stays())
            day.greetings = shop.one("SELECT count(*) FROM visit WHERE greeted_ms IS NOT NULL")
            day.visits_written = shop.one("SELECT count(*) FROM visit")
            day.told = shop.one("SELECT count(*) FROM outbox WHERE kind IN ('visit_started', 'seen_again')")
            day.traces = find(left_behind(folder), needles)
        checkpoint(folder / "shop")
        day.traces += find(left_behind(folder), needles)
    return day


def _adverts(
    random: Random,
    air: Invented,
    devices: list[Device],
    day: Day,
    strangers_a_visit: int,
    needles: list[bytes],
) -> list[Heard]:
    """Everything that was in the air, in order of time: each visit, and the strangers around it."""
    customers = sorted({each.name.split("-")[1] for each in devices}, key=int)
    free_s = dict.fromkeys(customers, 0.0)
    found: list[Heard] = []
    for n in range(day.visits):
        customer = customers[n % len(customers)]
        start_s = free_s[customer] + random.uniform(0, 600)
        stay_s = random.uniform(150, 480)
        mine = [each for each in devices if each.name.split("-")[1] == customer]
        silences = list(_silences(random, stay_s))
        for number, each in enumerate(air.walk(seconds=stay_s, rate_hz=RATE_HZ, start_s=start_s)):
            if any(low <= each.at_s - start_s < high for low, high in silences):
                continue
            device = mine[number % len(mine)]
            raw = EID_FRAME + eid(
                device.identity_key,
                exponent=device.exponent,
                time_s=int(START_MS / 1000 + each.at_s) - device.zero_s,
            )
            found += [Heard(each.at_s, scanner, raw, dbm) for scanner, dbm in each.rssi_dbm.items()]
        end_s = start_s + stay_s
        free_s[customer] = end_s + APART_S
        for _ in range(strangers_a_visit):
            found += _stranger(random, air, start_s, end_s, needles)
    return sorted(found, key=lambda each: each.at_s)


def _silences(random: Random, stay_s: float) -> Iterator[tuple[float, float]]:
    """Lost for seconds now and then, and in one visit of two for minutes: long enough to be gone and come back."""
    for _ in range(int(stay_s // 90)):
        low = random.uniform(10, stay_s)
        yield low, low + random.choice((3.0, 8.0, 30.0))
    if random.random() < 0.5:
        low = random.uniform(30, stay_s / 3)
        yield low, low + random.uniform(50, stay_s / 2)


def _stranger(
    random: Random, air: Invented, start_s: float, end_s: float, needles: list[bytes]
) -> Iterator[Heard]:
    """Somebody else's phone or beacon, that says the same frame as ours or another, and rotates as well."""
    at_s = random.uniform(start_s, end_s)
    scanners = [each.id for each in air.floor.scanners]
    for _ in range(random.randint(1, 3)):
        identifier = random.randbytes(8 if random.random() < 0.7 else 16)
        needles.append(identifier)
        raw = EID_FRAME + identifier if len(identifier) == 8 else IBEACON + identifier + bytes(5)
        for scanner in random.sample(scanners, 3):
            yield Heard(round(at_s, 3), scanner, raw, random.uniform(-95, -40))
        at_s += random.uniform(0.2, 5)


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Everything that anything logs at any level goes into this file."""
    root, handler = logging.getLogger(), logging.FileHandler(path)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
