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
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.ranker import Ask, trained_on
from edge.bench.worlds import WORLDS, grocer

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT.parent / "shared/data/advice"
NAME: Final = "completejourney"
PEERS: Final = ("popularity", "gp_topfreq", "recency_freq", "tifu_knn", "up_cf")
AHEAD_T: Final = 2.0
WORLD_RATIO: Final = 1.05
BASKETS: Final = 116_000
LIMITS: Final = {"train_s": 60.0, "peak_mb": 600, "p99_ms": 10.0}
ASKED: Final = 1_000
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
    """Training on 116,000 baskets of an invented grocer, and 1,000 queries, in this process and on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    world = grocer(1_900, weeks=78)
    known: dict[str, list[Visit]] = {}
    left = BASKETS
    for customer, visits in world.items():
        known[customer] = visits[:left]
        left -= len(known[customer])
    asked = [Ask(tuple(visits), None, "s1", (), who) for who, visits in list(known.items())[:ASKED] if visits]
    held = numbered(known.items())
    del world, known
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark starts anew
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    ranker = trained_on(held)
    train_s, train_cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    took_ms = []
    for each in asked:
        began_s = time.perf_counter()
        ranker.rank(each, 10)
        took_ms.append((time.perf_counter() - began_s) * 1000)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return {
        "baskets": held.log.baskets,
        "purchases": len(held.log.items),
        "train_s": round(train_s, 1),
        "train_cpu_s": round(train_cpu_s, 1),
        "peak_mb": int(peak) // 1024,
        "asked": len(took_ms),
        "p50_ms": round(float(np.quantile(took_ms, 0.5)), 2),
        "p99_ms": round(float(np.quantile(took_ms, 0.99)), 2),
        "heavy": [name for name in HEAVY if name in sys.modules],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured()) + "\n")
