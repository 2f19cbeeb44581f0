"""What is measured of the engine on a floor: the same for the test of seconds and for the proof at full size."""

from collections.abc import Sequence

from edge.presence.fingerprints import Fingerprint
from edge.presence.floor import Floor
from tests.presence import baselines
from tests.presence.flat import flat, folds
from tests.presence.walks import Score, score, stream, zones_said

NOTHING = Score(0, 0, 0, 0, ())


def engine(
    floor: Floor, calibration: Sequence[Fingerprint], walk: Sequence[Fingerprint], *, without: str = ""
) -> Score:
    return score(walk, zones_said(stream(floor, calibration), walk, without=without))


def of_flat() -> dict[str, Score]:
    """The engine and what it has to beat, over the four folds of the flat."""
    floor, _ = flat()
    total = dict.fromkeys(("engine", "strongest", "knn11", "knn25_hmm"), NOTHING)
    for calibration, walk in folds():
        total["engine"] += engine(floor, calibration, walk)
        total["strongest"] += score(walk, baselines.strongest_with_votes(floor, walk))
        total["knn11"] += score(walk, baselines.knn(calibration, walk))
        total["knn25_hmm"] += score(walk, baselines.knn_hmm(floor, calibration, walk))
    return total


def of_flat_with_a_dead_scanner() -> dict[str, Score]:
    floor, _ = flat()
    total = dict.fromkeys((scanner.id for scanner in floor.scanners), NOTHING)
    for calibration, walk in folds():
        for scanner in total:
            total[scanner] += engine(floor, calibration, walk, without=scanner)
    return total
