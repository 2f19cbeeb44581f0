"""`welkom` as people and systemd run it: a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edge.keys import write_keys
from tests.house.repo import ROOT
from tests.patience import PATIENT_S


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str


def welkom(*words: str, stdin: str = "", within_s: float = PATIENT_S, **environment: str) -> Ran:
    """Run `welkom words…` to its end, with nothing of this process's own settings in the environment."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("WELKOM_", "CREDENTIALS_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "edge.cli", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=within_s,
        cwd=ROOT,
        env={**kept, "NO_COLOR": "1", **environment},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def configured(folder: Path, text: str = "") -> Path:
    """A configuration with its secrets in `folder`."""
    write_keys(folder / "credentials")
    path = folder / "welkom.toml"
    path.write_text(text, encoding="utf-8")
    return path
