"""The unit files and what lies beside them, as the tests read them, and systemd's own programs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lacking import left_out

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = sorted(SYSTEMD.glob("*.service"))
UNIT = pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)


def tool(name: str) -> str:
    """The path of one of systemd's programs."""
    path = shutil.which(name)
    if path is None:
        left_out(f"{name} is not installed: apt install systemd")
    return path


def run(*words: str, stdin: str | None = None) -> tuple[int, str]:
    """Exit status, and everything printed on either stream."""
    done = subprocess.run(
        words,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        env=os.environ | {"LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""},
    )
    return done.returncode, done.stdout


def settings(unit: Path) -> Iterator[tuple[str, str]]:
    """Every `Key=value` line, in order."""
    for line in unit.read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            yield key, value


def values(unit: Path, key: str) -> list[str]:
    return [value for k, value in settings(unit) if k == key]


def words(unit: Path, key: str) -> list[str]:
    return [word for value in values(unit, key) for word in value.split()]


def readme() -> str:
    return (SYSTEMD / "README.md").read_text()
