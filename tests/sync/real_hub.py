"""The hub as a process of its own, that can be killed and put back from a backup."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sync.hub.config import Config
from tests.house.repo import ROOT
from tests.sync.centre import KEYS


class RealHub:
    """`welkom hub` on `folder`; `log()` is what it said so far, a dict a line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        credentials = folder / "credentials"
        credentials.mkdir(parents=True)
        (credentials / "hub_kek").write_text(KEYS.hub_kek.hex())
        (credentials / "chain_key").write_text(KEYS.chain_key.hex())
        (folder / "hub.toml").write_text("[hub]\nport = 0\n")

    @property
    def config(self) -> Config:
        return Config(self.folder / "hub", KEYS)

    @property
    def file(self) -> Path:
        return self.config.state / "hub.db"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *words: str) -> None:
        command = [sys.executable, "-m", "edge.cli", "hub", "--config", str(self.folder / "hub.toml"), *words]
        said = self.folder / "hub.log"
        said.touch()
        before = self._ready()
        with said.open("a") as log:
            self._process = subprocess.Popen(command, stderr=log, text=True, cwd=ROOT)
        while self._process.poll() is None:
            if len(ready := self._ready()) > len(before):
                self.port = ready[-1]["port"]
                return
            time.sleep(0.02)
        raise RuntimeError(f"the hub ended with {self._process.returncode}: {said.read_text()}")

    def _ready(self) -> list[dict[str, Any]]:
        return [each for each in self.log() if each["event"] == "ready"]

    def log(self) -> list[dict[str, Any]]:
        text = (self.folder / "hub.log").read_text()
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("}\n")]

    def kill(self) -> None:
        """As a power cut: nothing is closed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def put_back(self, backup: Path) -> None:
        for path in self.config.state.glob("hub.db*"):
            path.unlink()
        self.file.write_bytes(backup.read_bytes())


@contextmanager
def real_hub(folder: Path) -> Iterator[RealHub]:
    hub = RealHub(folder)
    try:
        yield hub
    finally:
        hub.kill()
