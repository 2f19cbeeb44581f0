"""Proofs of the codecs: every vector and worked answer, and a million inputs that nobody would send."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.drivers.fuzz.harness import MOST_MIB, MOST_MS, fuzz
from tests.drivers.fuzz.targets import TARGETS, shares
from tests.drivers.vectors import BLE, DATA, NFC

BIN: Final = Path(sys.executable).parent
ROOT: Final = Path(__file__).parents[2]
HELD_TO: Final = ("sun", "vas", "smarttap", "ev2", "eid_and_advert", "vectors")
INPUTS: Final = 1_000_000
DICE: Final = 2  # `make test` throws others


def vectors() -> tuple[bool, dict[str, Any]]:
    """All vectors through their tests; the worked answers through the command itself."""
    files = [f"tests/drivers/test_{name}.py" for name in HELD_TO]
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(tests, cwd=ROOT, capture_output=True, text=True, check=False)
    counts = dict(re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout.splitlines()[-1]))
    worked = [json.loads(line) for line in (DATA / "decode.jsonl").read_text(encoding="utf-8").splitlines()]
    said = subprocess.run(
        [BIN / "welkom", "decode"],
        input="".join(json.dumps(each["request"]) + "\n" for each in worked),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    right = sum(each["answer"].items() <= found.items() for each, found in zip(worked, answers, strict=False))
    figures: dict[str, Any] = {
        "nfc_vectors": len(NFC),
        "ble_eid_vectors": len(BLE["eddystone_eid"]["cases"]),
        "tests": {word: int(number) for number, word in counts.items()},
        "worked_answers_right": right,
        "worked_answers": len(worked),
    }
    whole = done.returncode == 0 and said.returncode == 0 and len(answers) == len(worked)
    return whole and right == len(worked), figures


def inputs_1000000() -> tuple[bool, dict[str, Any]]:
    """Every codec on its share of a million inputs."""
    reports = {target.name: fuzz(target, shares(INPUTS)[target.name], seed=DICE) for target in TARGETS}
    broken = [said for report in reports.values() for said in report.broken or []]
    slowest = max(reports, key=lambda name: reports[name].slowest_ms)
    hungriest = max(reports, key=lambda name: reports[name].most_mib)
    figures = {
        "inputs": sum(report.inputs for report in reports.values()),
        "taken": sum(report.accepted for report in reports.values()),
        "codecs": len(reports),
        "slowest_ms": round(reports[slowest].slowest_ms, 1),
        "slowest": slowest,
        "most_mib": round(reports[hungriest].most_mib, 1),
        "hungriest": hungriest,
        "limits": {"ms": MOST_MS, "mib": MOST_MIB},
        "broken": broken[:20],
    }
    return not broken and figures["inputs"] >= INPUTS, figures
