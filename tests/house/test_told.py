"""SIGINT and SIGTERM end a lasting command with 0 and in silence, at whatever instant of its start they come."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli import LASTING
from tests.house.programs import configured
from tests.house.repo import ROOT
from tests.patience import PATIENT_S

TERM_BIT = 1 << (signal.SIGTERM - 1)


def words_for(command: str, folder: Path) -> list[str]:
    match command:
        case "watch":
            return ["watch", "sim", "--state", str(folder / "seen")]
        case "demo":
            return ["demo", "--state", str(folder / "demo")]
        case "gallery":
            return ["gallery"]
    return [command, "--config", str(configured(folder))]


def told(words: list[str], sign: signal.Signals, *, after_s: float) -> tuple[int, str]:
    """Exit status and stderr of `welkom words…` that is told `after_s` after it listens to anything at all."""
    with subprocess.Popen(
        [sys.executable, "-m", "edge.cli", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until_s = time.monotonic() + PATIENT_S
        while time.monotonic() < until_s and not catches_term(process.pid):
            time.sleep(0.001)
        time.sleep(after_s)
        process.send_signal(sign)
        _, said = process.communicate(timeout=PATIENT_S)
        return process.returncode, said


def catches_term(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) & TERM_BIT)


def wait_at_rest(pid: int) -> None:
    """Return once the process sleeps, five looks in a row."""
    until_s, looks = time.monotonic() + PATIENT_S, 0
    while looks < 5:
        assert time.monotonic() < until_s, "it never waits"
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        looks = looks + 1 if state == "S" else 0
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("sign", "after_s"),
    [
        (signal.SIGINT, 0.0),
        (signal.SIGTERM, 0.1),
        (signal.SIGINT, 0.25),
        (signal.SIGTERM, 0.5),
        (signal.SIGINT, 1.0),
    ],
)
def test_watch_that_is_told_while_it_starts_ends_well(
    tmp_path: Path, sign: signal.Signals, after_s: float
) -> None:
    status, said = told(words_for("watch", tmp_path), sign, after_s=after_s)
    assert (status, "Traceback" in said) == (0, False), said


@pytest.mark.parametrize("command", LASTING)
def test_every_lasting_command_that_is_told_at_once_ends_well(tmp_path: Path, command: str) -> None:
    assert told(words_for(command, tmp_path), signal.SIGTERM, after_s=0) == (0, "")


def test_nothing_that_takes_time_is_imported_before_a_command_can_be_told() -> None:
    code = "import sys, edge.cli; print(*sorted({each.partition('.')[0] for each in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"asyncio", "cryptography", "drivers", "email", "json", "logging"} & set(ran.stdout.split())


@pytest.fixture
def heard() -> Iterator[None]:
    """Whoever runs the suite in the background ignores SIGINT, and its children would too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_a_command_that_was_to_end_by_itself_and_is_told_to_has_failed(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    os.mkfifo(file)
    words = ["import", "catalogue", str(file), "--config", str(configured(tmp_path))]
    with (
        subprocess.Popen(
            [sys.executable, "-m", "edge.cli", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as process,
        open(file, "w"),
    ):
        wait_at_rest(
            process.pid
        )  # for the first line: a signal between its last look and the read wakes nobody
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENT_S)
    assert (process.returncode, "Traceback" in said) == (1, False), said
