"""The measured flat: four folds, each with every fourth minute held out and five seconds beside it left out."""

import gzip
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from edge.presence.fingerprints import Fingerprint, read_fingerprints
from edge.presence.floor import Floor, parse_floor

DATA: Final = Path(__file__).parent / "data"
BLOCK_S: Final = 60.0
BESIDE_S: Final = 5.0
FOLDS: Final = 4


@cache
def flat() -> tuple[Floor, tuple[Fingerprint, ...]]:
    floor = parse_floor(tomllib.loads((DATA / "floor.toml").read_text(encoding="utf-8")))
    with gzip.open(DATA / "calibration.jsonl.gz", "rt", encoding="utf-8") as lines:
        return floor, read_fingerprints(lines, floor, file="calibration.jsonl.gz")


def folds() -> Iterator[tuple[list[Fingerprint], list[Fingerprint]]]:
    """(calibration, held out) of each fold, both in order of time."""
    _, rows = flat()
    first_s = rows[0].at_s
    block = [int((row.at_s - first_s) // BLOCK_S) for row in rows]
    for fold in range(FOLDS):
        out = sorted({each for each in block if each % FOLDS == fold})
        edges = [(first_s + BLOCK_S * each, first_s + BLOCK_S * (each + 1)) for each in out]
        yield (
            [row for row in rows if not any(lo - BESIDE_S <= row.at_s < hi + BESIDE_S for lo, hi in edges)],
            [row for row, each in zip(rows, block, strict=True) if each % FOLDS == fold],
        )
