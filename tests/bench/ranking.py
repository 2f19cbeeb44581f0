"""The ranking beside its peers: Complete Journey where it lies beside the project, invented worlds; its limits.

Complete Journey's terms are research and education: it is tested with and never kept here. The limits are measured by
`python -m tests.bench.ranking`, a process of its own, as what it takes must be the ranking's alone.
"""

import gc
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.advice.answering import Answering
from edge.advice.lines import History, Product
from edge.advice.ranking.numbering import Numbered
from edge.advice.ranking.ranker import Ask, Ranker, trained_on
from edge.bench.worlds import WORLDS, grocer

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT.parent / "shared/data/advice"
NAME: Final = "completejourney"
PEERS: Final = ("popularity", "gp_topfreq", "recency_freq", "tifu_knn", "up_cf")
AHEAD_T: Final = 2.0
WORLD_RATIO: Final = 1.05
BASKETS: Final = 116_000
LIMITS: Final = {"train_s": 60.0, "peak_mb": 600, "p99_ms": 10.0, "hand_p99_ms": 10.0}
ASKED: Final = 1_000
KINDS: Final = 60
# Nothing of these may be needed where advice is served.
HEAVY: Final = ("lightgbm", "sklearn", "pandas", "torch")
ONE_CORE: Final = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _bench(*words: str) -> dict[str, Any]:
    command = [str(Path(sys.executable).parent / "welkom"), "bench", "advise", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ONE_CORE)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr else "no words"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def catalogue(target: Path) -> Path:
    """The products of Complete Journey as lines of a catalogue."""
    with gzip.open(DATA / f"{NAME}.items.json.gz", "rt", encoding="utf-8") as packed:
        products = json.load(packed)
    lines = (json.dumps({"item": item, **product}) + "\n" for item, product in products.items())
    target.write_text("".join(lines), encoding="utf-8")
    return target


def complete_journey() -> tuple[bool, dict[str, Any]]:
    """Ahead of every tuned peer, by t of the pairs; and for the second half of a basket."""
    if not DATA.is_dir():
        return False, {"failed": f"cannot: no {DATA.name} data beside the project"}
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
        result = _bench(
            "--history", str(DATA / f"{NAME}.jsonl.gz"),
            "--catalogue", str(catalogue(Path(folder) / "items.jsonl")),
        )  # fmt: skip
    if "failed" in result:
        return False, result
    result["aim"] = {"recall_10": 0.165, "ndcg_10": 0.177, "half_recall_10": 0.170, "t": AHEAD_T}
    ahead = [min(result["next"][peer]["t_recall"], result["next"][peer]["t_ndcg"]) for peer in PEERS]
    half = result["half"]
    return min(ahead) >= AHEAD_T and all(
        half["ours"]["recall_10"] > each["recall_10"] for name, each in half.items() if name != "ours"
    ), result


def worlds() -> tuple[bool, dict[str, Any]]:
    """The same code on three invented shops of other kinds."""
    found = {name: _bench("--world", name) for name in WORLDS}
    holds = all("failed" not in each for each in found.values())
    return holds and all(
        each["next"]["tifu_knn"]["ratio_recall"] >= WORLD_RATIO for each in found.values()
    ), found


def limits() -> tuple[bool, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.ranking"],
        capture_output=True, text=True, check=False, env=ONE_CORE, cwd=ROOT,
    )  # fmt: skip
    if done.returncode:
        return False, {"failed": done.stderr.strip().splitlines()[-1] if done.stderr else "no words"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["limits"] = LIMITS
    return all(found[name] <= most for name, most in LIMITS.items()) and found["heavy"] == [], found


def measured() -> dict[str, Any]:
    """Training on 116,000 baskets of an invented grocer, and 1,000 queries, in this process and on one core.

    A query is the whole answer with its reasons, as `welkom advise` gives it, on baskets that end one before the
    history's; `bare` is the ranking alone. Half of the queries have the half of the next basket in hand.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    histories, products = [], set[str]()
    left = BASKETS
    for customer, visits in grocer(1_900, weeks=78).items():
        histories.append(History(customer, tuple(visits[:left])))
        left -= len(histories[-1].visits)
        products.update(item for visit in histories[-1].visits for item in visit.items)
    catalogue = {
        item: Product(item, f"kind {place % KINDS}", "grocery", durable=False, sensitive=False)
        for place, item in enumerate(sorted(products))
    }
    found: dict[str, Any] = {}

    def timed(known: Numbered, *, seed: int) -> Ranker:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark starts anew
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        ranker = trained_on(known, seed=seed)
        found["baskets"], found["purchases"] = known.log.baskets, len(known.log.items)
        found["train_s"] = round(time.monotonic() - began_s, 1)
        found["train_cpu_s"] = round(time.process_time() - began_cpu_s, 1)
        return ranker

    answering = Answering(histories, catalogue, seed=0, country="NL", learn=timed)
    gc.freeze()  # as the command does
    asked = [_before_last(each) for each in histories if len(each.visits) > 1][: ASKED // 2]
    for kind, halves in (("", False), ("hand_", True)):
        asks = [replace(ask, hand=last[: len(last) // 2] if halves else ()) for ask, last in asked]
        for name, answer in (("", answering.answer), ("bare_", answering.ranker.rank)):
            found |= _quantiles(f"{kind}{name}", [_took_ms(answer, each) for each in asks])
    found["asked"] = 2 * len(asked)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    found["peak_mb"] = int(peak) // 1024
    return found | {"heavy": [name for name in HEAVY if name in sys.modules]}


def _before_last(known: History) -> tuple[Ask, tuple[str, ...]]:
    """What is asked of somebody as they go to their last basket, and that basket."""
    *before, last = [replace(visit) for visit in known.visits]
    return Ask(tuple(before), last.day, last.store, (), known.customer), last.items


def _took_ms(answer: Callable[[Ask, int], object], asked: Ask) -> tuple[float, float]:
    """By the clock, and of the core: the one has also what else the machine does."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    answer(asked, 10)
    return (time.perf_counter() - began_s) * 1000, (time.process_time() - began_cpu_s) * 1000


def _quantiles(name: str, took_ms: list[tuple[float, float]]) -> dict[str, float]:
    return {
        f"{name}{place}_ms": round(float(np.quantile(column, part)), 2)
        for of, column in zip(("", "cpu_"), np.array(took_ms).T, strict=True)
        for place, part in ((f"{of}p50", 0.5), (f"{of}p99", 0.99))
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured()) + "\n")
