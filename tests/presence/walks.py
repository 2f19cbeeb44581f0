"""A walk with its truth, how it is fed to the engine as lines, and how right the answers are."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from statistics import median
from typing import Any, Final

from edge.presence.belief import Belief
from edge.presence.estimate import Locator
from edge.presence.fingerprints import Fingerprint
from edge.presence.floor import Floor
from edge.presence.radio_map import build
from edge.presence.stream import Stream
from edge.presence.strongest import Strongest
from edge.presence.tracker import Tracker

PAUSE_S: Final = 5.0  # a longer gap in the truth is another walk: what changes across it is nobody's change


@dataclass(frozen=True, slots=True)
class Score:
    """Of one or more walks: rows and how many were right, changes said and true, lags of true changes (s)."""

    rows: int
    right: int
    changes: int
    true_changes: int
    lags_s: tuple[float, ...]  # infinite where the zone was left again before it was said

    @property
    def accuracy(self) -> float:
        """In per cent."""
        return 100 * self.right / self.rows

    @property
    def lag_s(self) -> float:
        return median(self.lags_s) if self.lags_s else 0.0

    def figures(self) -> dict[str, Any]:
        return {
            "accuracy_percent": round(self.accuracy, 2),
            "changes": self.changes,
            "true_changes": self.true_changes,
            "median_lag_s": round(self.lag_s, 2),
        }

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.rows + other.rows,
            self.right + other.right,
            self.changes + other.changes,
            self.true_changes + other.true_changes,
            self.lags_s + other.lags_s,
        )


def score(walk: Sequence[Fingerprint], said: Sequence[str | None]) -> Score:
    """`said` for each moment of the walk; a true change counts as missed when the zone is left before it is said."""
    starts = [0] + [i for i in range(1, len(walk)) if walk[i].at_s - walk[i - 1].at_s > PAUSE_S]
    total = Score(0, 0, 0, 0, ())
    for begin, end in zip(starts, [*starts[1:], len(walk)], strict=True):
        truth, answer = [each.zone for each in walk[begin:end]], said[begin:end]
        changed = [i for i in range(1, len(truth)) if truth[i] != truth[i - 1]]
        lags = []
        for i, until in zip(changed, [*changed[1:], len(truth)], strict=False):
            hits = (
                walk[begin + j].at_s - walk[begin + i].at_s for j in range(i, until) if answer[j] == truth[i]
            )
            lags.append(next(hits, float("inf")))
        total += Score(
            len(truth),
            sum(a == b for a, b in zip(truth, answer, strict=True)),
            sum(a != b for a, b in pairwise(answer)),
            len(changed),
            tuple(lags),
        )
    return total


def lines(walk: Iterable[Fingerprint], *, device: str = "tag", without: str = "") -> Iterable[str]:
    """The walk as the command reads it, but for what the scanner `without` heard."""
    for each in walk:
        for scanner, dbm in each.rssi_dbm.items():
            if scanner != without:
                yield json.dumps({"at": each.at_s, "scanner": scanner, "device": device, "rssi": dbm})


def stream(floor: Floor, calibration: Sequence[Fingerprint]) -> Stream:
    """The engine as `welkom presence` puts it together."""
    radio_map, numbers = build(floor, calibration), count(1)

    def locate() -> Locator:
        return Strongest(floor) if radio_map is None else Belief(radio_map)

    return Stream(Tracker(floor, locate=locate, new_visit=lambda: f"visit-{next(numbers)}"))


def answers(engine: Stream, fed: Iterable[str]) -> list[dict[str, Any]]:
    said = [json.loads(out) for line in fed for out in engine.take(line)]
    return said + [json.loads(out) for out in engine.end()]


def zones_said(engine: Stream, walk: Sequence[Fingerprint], *, without: str = "") -> list[str | None]:
    """The zone at each moment of the walk; at a moment at which nothing was heard, the last one."""
    by_at = {
        each["at"]: each["zone"]
        for each in answers(engine, lines(walk, without=without))
        if "confidence" in each
    }
    said: list[str | None] = []
    for each in walk:
        said.append(by_at.get(each.at_s, said[-1] if said else None))
    return said
