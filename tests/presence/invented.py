"""Invented floors, seeded: rooms, scanners, and what they hear of somebody who walks about.

Log-distance path loss with an exponent a scanner, walls, shadowing that is fixed in space, a body between tag and
scanner, fading that lasts for a moment, a sensitivity below which nothing is heard.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.presence.fingerprints import Fingerprint
from edge.presence.floor import Floor, parse_floor

SHADOW_DB: Final = 4.5
SHADOW_M: Final = 2.0  # over which shadowing stays alike
FADING_DB: Final = 4.0
FADING_S: Final = 0.4
BODY_DB: Final = 9.0
WALL_DB: Final = 4.0
AT_1_M_DBM: Final = -52.0
FAINT_DBM: Final = -92.0
WALK_M_S: Final = 0.8
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rooms of `room_m` in `columns` x `rows`, a doorway in each wall between two of them."""

    columns: int
    rows: int
    room_m: float
    scanners: int

    @property
    def size_m(self) -> tuple[float, float]:
        return self.columns * self.room_m, self.rows * self.room_m

    def zone(self, x: float, y: float) -> str:
        return "z{}{}".format(*self.room(x, y))

    def room(self, x: float, y: float) -> tuple[int, int]:
        return (
            min(self.columns - 1, max(0, int(x // self.room_m))),
            min(self.rows - 1, max(0, int(y // self.room_m))),
        )


class Invented:
    """One floor and its air."""

    def __init__(self, plan: Plan, *, seed: int) -> None:
        self._plan = plan
        self._random = np.random.default_rng(seed)
        self._places = self._hung()
        waves = 40
        self._wave = self._random.normal(0, 1 / SHADOW_M, (plan.scanners, waves, 2))
        self._phase = self._random.uniform(0, 2 * math.pi, (plan.scanners, waves))
        self._exponent = self._random.uniform(1.8, 2.8, plan.scanners)
        self._gain = self._random.normal(0, 2.5, plan.scanners)
        self.floor = self._floor()

    def _hung(self) -> Floats:
        """As people hang scanners: spread over the floor, near walls, never quite where they were planned."""
        width, depth = self._plan.size_m
        candidates = self._random.uniform((0.3, 0.3), (width - 0.3, depth - 0.3), (200, 2))
        chosen = [candidates[0]]
        while len(chosen) < self._plan.scanners:
            apart = np.min([np.hypot(*(candidates - each).T) for each in chosen], axis=0)
            chosen.append(candidates[int(apart.argmax())])
        return np.array(chosen)

    def _floor(self) -> Floor:
        plan = self._plan
        zones = [
            {
                "id": f"z{column}{row}",
                "next_to": [
                    f"z{c}{r}"
                    for c, r in ((column + 1, row), (column, row + 1))
                    if c < plan.columns and r < plan.rows
                ],
                "entrance": (column, row) == (0, 0),
            }
            for row in range(plan.rows)
            for column in range(plan.columns)
        ]
        scanners = [
            {"id": f"s{n}", "zone": plan.zone(x, y), "x": float(x), "y": float(y)}
            for n, (x, y) in enumerate(self._places)
        ]
        return parse_floor({"zones": zones, "scanners": scanners})

    def tour(self, *, seconds_a_room: float, rate_hz: float) -> list[Fingerprint]:
        """A calibration: each room in turn, as somebody does it who was asked to cover them all."""
        plan = self._plan
        rooms = [
            (column if row % 2 == 0 else plan.columns - 1 - column, row)
            for row in range(plan.rows)
            for column in range(plan.columns)
        ]
        found: list[Fingerprint] = []
        for n, room in enumerate(rooms):
            start_s = n * seconds_a_room
            found += self.walk(seconds=seconds_a_room, rate_hz=rate_hz, start_s=start_s, only=room)
        return found

    def walk(
        self,
        *,
        seconds: float,
        rate_hz: float,
        start_s: float = 0.0,
        only: tuple[int, int] | None = None,
    ) -> list[Fingerprint]:
        """Somebody who goes from place to place through doorways and stands still now and then, heard at this rate.

        With `only` they stay in that room.
        """
        out = []
        fading = self._random.normal(0, FADING_DB, self._plan.scanners)
        fade = math.exp(-1 / rate_hz / FADING_S)
        path = self._path(only)
        for n in range(int(seconds * rate_hz)):
            x, y, heading = next(path) if n == 0 else path.send(1 / rate_hz)
            fading = fade * fading + math.sqrt(1 - fade * fade) * self._random.normal(
                0, FADING_DB, self._plan.scanners
            )
            dbm = self._dbm(x, y, heading) + fading
            heard = self._random.random(self._plan.scanners) < 1 / (1 + np.exp((FAINT_DBM - dbm) / 1.5))
            heard &= self._random.random(self._plan.scanners) < 0.9  # collisions
            out.append(
                Fingerprint(
                    at_s=round(start_s + n / rate_hz, 3),
                    zone=self._plan.zone(x, y),
                    rssi_dbm={f"s{each}": float(round(dbm[each])) for each in np.flatnonzero(heard)},
                    xy=(round(x, 2), round(y, 2)),
                )
            )
        return out

    def _path(self, only: tuple[int, int] | None) -> Generator[tuple[float, float, float], float, None]:
        plan, random = self._plan, self._random
        x, y = ((each + random.uniform(0.1, 0.9)) * plan.room_m for each in only or (0, 0))
        heading, still_s = 0.0, 0.0
        targets: list[tuple[float, float]] = []
        passed_s = yield x, y, heading
        while True:
            if still_s > 0:
                still_s -= passed_s
                heading += random.normal(0, 0.3)
            else:
                left_m = WALK_M_S * passed_s
                while left_m > 0 and still_s <= 0:
                    if not targets:
                        targets = self._targets(x, y, stay=only is not None)
                    tx, ty = targets[0]
                    away = math.hypot(tx - x, ty - y)
                    heading = math.atan2(ty - y, tx - x)
                    if away <= left_m:
                        x, y, left_m = tx, ty, left_m - away
                        targets.pop(0)
                        if not targets and random.random() < 0.5:
                            still_s = random.exponential(8.0)
                    else:
                        x += left_m * math.cos(heading)
                        y += left_m * math.sin(heading)
                        left_m = 0.0
            passed_s = yield x, y, heading

    def _targets(self, x: float, y: float, *, stay: bool) -> list[tuple[float, float]]:
        """Another place of this room, or through a doorway to one of the next."""
        plan, random = self._plan, self._random
        column, row = plan.room(x, y)
        targets = []
        if not stay and random.random() < 0.45:
            ways = [(column + dc, row + dr) for dc, dr in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            ways = [(c, r) for c, r in ways if 0 <= c < plan.columns and 0 <= r < plan.rows]
            c, r = ways[int(random.integers(len(ways)))]
            door = ((column + c + 1) / 2 * plan.room_m, (row + r + 1) / 2 * plan.room_m)
            targets.append(door)
            column, row = c, r
        low = (column * plan.room_m + 0.4, row * plan.room_m + 0.4)
        size = plan.room_m - 0.8
        targets.append((low[0] + random.uniform(0, size), low[1] + random.uniform(0, size)))
        return targets

    def _dbm(self, x: float, y: float, heading: float) -> Floats:
        apart = self._places - (x, y)
        distance = np.maximum(np.hypot(*apart.T), 0.5)
        rooms = np.array([self._plan.room(*place) for place in self._places])
        walls = np.abs(rooms - self._plan.room(x, y)).sum(1)
        shadow = SHADOW_DB * math.sqrt(2 / 40) * np.cos(self._wave @ (x, y) + self._phase).sum(1)
        behind = (1 - np.cos(np.arctan2(apart[:, 1], apart[:, 0]) - heading)) / 2
        return np.asarray(
            AT_1_M_DBM
            + self._gain
            - 10 * self._exponent * np.log10(distance)
            - WALL_DB * walls
            + shadow
            - BODY_DB * behind**2
        )
