"""From the threshold to the card: customers who walk in from the street, past three scanners at the door."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from edge.presence.belief import Belief
from edge.presence.estimate import Locator
from edge.presence.fingerprints import Fingerprint
from edge.presence.floor import Floor, parse_floor
from edge.presence.radio_map import build
from edge.presence.rules import Happened
from edge.presence.strongest import Strongest
from edge.presence.tracker import Reading, Tracker

ADVERTS_S: Final = 0.25
JITTER_S: Final = 0.01  # Core specification: 0 to 10 ms on top of the interval
LOSS: Final = 0.26  # of adverts at a scanner among a hundred other devices (ALOHA on three channels)
BODY_DB: Final = (10.0, 20.0)  # of whoever has the device in a pocket
FRONT_DB: Final = 8.0
AT_1_M_DBM: Final = -52.0
EXPONENT: Final = 2.2
FADING_DB: Final = 5.0
FAINT_DBM: Final = -94.0
# A gateway's batch, the shop's network to the house, the house to the tablet.
ON_THE_WAY_S: Final = 0.1 + 0.05 + 0.05
SCANNERS: Final = ((0.3, -1.5), (0.3, 1.5), (3.5, 0.0))  # metres behind the threshold, and beside it
DOOR_M, SHOP_M = 4.0, 12.0


def floor() -> Floor:
    return parse_floor(
        {
            "zones": [
                {"id": "door", "next_to": ["shop"], "entrance": True},
                {"id": "shop", "next_to": []},
            ],
            "scanners": [
                {"id": f"s{n}", "zone": "door", "x": x, "y": y} for n, (x, y) in enumerate(SCANNERS)
            ],
        }
    )


def heard(random: Random, x: float, y: float, body_db: float) -> dict[str, float]:
    """What the three scanners hear of one advert from this place; x below nought is the street."""
    found = {}
    for n, (sx, sy) in enumerate(SCANNERS):
        metres = max(0.5, math.hypot(sx - x, sy - y))
        dbm = AT_1_M_DBM - 10 * EXPONENT * math.log10(metres) - body_db * random.uniform(0, 1)
        dbm += random.gauss(0, FADING_DB) - (FRONT_DB if x < 0 else 0)
        if dbm > FAINT_DBM and random.random() > LOSS:
            found[f"s{n}"] = float(round(dbm))
    return found


def calibration(random: Random) -> list[Fingerprint]:
    """Somebody with a tag in the hand walks the door and the shop, half a minute to each side."""
    rows = []
    for n in range(600):
        low, high = (0.3, DOOR_M) if n < 300 else (DOOR_M, SHOP_M)
        x, y = random.uniform(low, high), random.uniform(-2.5, 2.5)
        zone = "door" if x < DOOR_M else "shop"
        rows.append(Fingerprint(n * 0.3, zone, heard(random, x, y, 8.0), (round(x, 2), round(y, 2))))
    return rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds from the threshold to the card of each who came in; how many passers-by were taken for visitors."""

    cards_s: tuple[float, ...]
    missed: int
    passers_by: int
    mistaken: int

    def percentile(self, share: float) -> float:
        ordered = sorted(self.cards_s)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def measure(*, people: int, seed: int, calibrated: bool) -> Outcome:
    random = Random(seed)
    shop = floor()
    radio_map = build(shop, calibration(random)) if calibrated else None
    visits = count()

    def locate() -> Locator:
        return Strongest(shop) if radio_map is None else Belief(radio_map)

    cards: list[float] = []
    missed = mistaken = 0
    for n in range(people):
        engine = Tracker(shop, locate=locate, new_visit=lambda: str(next(visits)))
        entered_s = _first_seen(engine, random, _walk_in(random))
        if entered_s is None:
            missed += 1
        else:
            cards.append(entered_s + ON_THE_WAY_S)
        if n % 4 == 0:
            engine = Tracker(shop, locate=locate, new_visit=lambda: str(next(visits)))
            mistaken += _first_seen(engine, random, _pass_by(random)) is not None
    return Outcome(tuple(cards), missed, (people + 3) // 4, mistaken)


def _walk_in(random: Random) -> list[tuple[float, float, float]]:
    """(seconds from the threshold, x, y) at each advert of somebody who comes straight in, then looks about."""
    speed, y = random.uniform(0.7, 1.4), random.uniform(-1, 1)
    at_s = -random.uniform(8, 14)
    path = []
    while at_s < 40:
        x = speed * at_s if speed * at_s < 5 else 5 + 2 * math.sin(at_s / 4)
        path.append((at_s, x, y))
        at_s += ADVERTS_S + random.uniform(0, JITTER_S)
    return path


def _pass_by(random: Random) -> list[tuple[float, float, float]]:
    """Somebody on the pavement, some metres from the front."""
    speed, x = random.uniform(1.0, 1.5), -random.uniform(2, 5)
    return [(n * ADVERTS_S, x, speed * n * ADVERTS_S - 25) for n in range(int(50 / speed / ADVERTS_S))]


def _first_seen(engine: Tracker, random: Random, path: Sequence[tuple[float, float, float]]) -> float | None:
    body_db = random.uniform(*BODY_DB)
    for at_s, x, y in path:
        readings = [
            Reading(at_s, scanner, "fob", dbm) for scanner, dbm in heard(random, x, y, body_db).items()
        ]
        if readings:
            for each in engine.hear(at_s, readings):
                if isinstance(each, Happened) and each.kind == "entered":
                    return at_s
    return None
