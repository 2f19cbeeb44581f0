"""What may know what: the contracts hold, and a planted violation is named with its chain."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.repo import PACKAGES, ROOT, files, name

LINT = Path(sys.executable).parent / "lint-imports"
# Where a line is planted, what it says, and the contract that must break.
PLANTED = [
    ("drivers/serial.py", "import edge.app", "Drivers know nobody"),
    ("drivers/codecs/tags/ndef.py", "import socket", "Codecs do no I/O"),
    ("drivers/codecs/radio/eid.py", "import drivers.codecs.ntag424.sun", "A room of codecs knows no other"),
    ("drivers/talks.py", "import drivers.nfc", "The talks and the settings know no reader"),
    ("edge/decoding.py", "import edge.kit.log", "Decoding is pure"),
    ("edge/consent/rules.py", "import edge.visits.rules", "A topic knows only topics below it"),
    ("edge/visits/rules.py", "import time", "Rules are pure"),
    ("edge/visits/acts.py", "import edge.record", "Acts never write facts themselves"),
    ("sync/agent.py", "import sync.hub.feed", "Agent and hub never know each other"),
    ("sync/wire.py", "import edge.kit.errors", "The agent knows only the wire"),
    ("sync/hub/people.py", "import edge.visits.tables", "The hub knows the rules and the kit"),
    ("edge/jobs.py", "import edge.simulate.disk", "Only its command knows the simulator"),
    ("edge/simulate/box.py", "import edge.simulate.planted", "Planted bugs are of the simulator alone"),
    ("edge/jobs.py", "import edge.papers.maker", "Only its command writes the papers"),
    ("staff_ui/desk.py", "import drivers.reader", "Pages know neither hardware nor the hub"),
]


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run([str(LINT), "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_every_contract_holds() -> None:
    status, said = lint(ROOT)
    assert status == 0, said
    assert " 0 broken" in said


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the contracts, to plant something in."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "static", "*.html"),
        )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED, ids=[file for file, _, _ in PLANTED])
def test_a_planted_violation_breaks_its_contract_and_is_named(
    copy: Path, file: str, line: str, contract: str
) -> None:
    path = copy / file
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    status, said = lint(copy)
    assert status != 0
    assert re.search(rf"{re.escape(contract)}.* BROKEN", said), said
    importer = file.removesuffix(".py").replace("/", ".")
    assert re.search(rf"{importer} -> {line.removeprefix('import ')}", said), said


def test_every_rules_room_is_under_the_contract_of_purity() -> None:
    contracts = (ROOT / ".importlinter").read_text(encoding="utf-8")
    for path in ROOT.glob("edge/*/rules.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        assert re.search(rf"^ +{module}$", contracts, re.MULTILINE), f"{module} is under no contract"


def test_sealed_values_and_keys_are_fetched_in_the_rooms_that_have_the_gate() -> None:
    """House, sentence 8: the gate is in the SQL that fetches, so nobody else may write such SQL."""
    reads = re.compile(r"(FROM|JOIN)\s+(replica\.)?(trait|customer_key)\b")
    rooms = {
        "edge/presence/beacons.py",
        "edge/recognition/tables.py",
        "edge/recognition/profile.py",
        "edge/wallet/tables.py",
    }
    found = {
        name(path)
        for path in files()
        if path.suffix == ".py"
        and name(path).startswith(("edge/", "staff_ui/"))
        and reads.search(path.read_text())
    }
    assert found == rooms


def test_a_shop_without_a_hub_and_without_https_of_its_own_loads_neither() -> None:
    """A start has 1.5 s, and each of these takes a twentieth of it."""
    spare = "httpx", "sync.agent", "zeroconf", "cryptography.x509", "staff_ui.enrol"
    asked = f"import sys, edge.app; print(*[each for each in {spare} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
