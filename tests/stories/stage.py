"""`welkom demo` in a process of its own, and the four panes of its stage in a browser."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

PATIENT_MS = 15_000
# What a Dutch page would say if a text were left in English; names and what both languages share are not here.
ENGLISH = re.compile(
    r"\b(the|and|with|your|you|customer|customers|card|known|stop being|stamps|points|loading|sign in|search|"
    r"allow|visit|visits|nothing|waiting|sent|until|since|today|headquarters|phone|counter)\b",
    re.IGNORECASE,
)


@contextmanager
def demo(folder: Path) -> Iterator[dict[str, Any]]:
    """The demo on free ports with fresh state; what `--json` says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", "demo", "--json", "--state", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(folder)},
    )
    try:
        assert process.stdout
        about: dict[str, Any] = json.loads(process.stdout.readline())
        yield about
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass(frozen=True, slots=True)
class Stage:
    page: Page

    def pane(self, name: str) -> FrameLocator:
        return self.page.frame_locator(f"#{name} iframe")

    @property
    def tablet(self) -> FrameLocator:
        return self.pane("tablet")

    @property
    def phone(self) -> FrameLocator:
        return self.pane("phone")

    @property
    def office(self) -> FrameLocator:
        return self.pane("office")

    @property
    def display(self) -> FrameLocator:
        return self.pane("balie")

    def tap(self, name: str) -> None:
        self.page.locator("#balie button", has_text=name).click()

    def switch(self, *, on: bool) -> None:
        toggle = self.page.locator("#switch")
        toggle.click()
        expect(toggle).to_have_attribute("aria-checked", "true" if on else "false")

    def texts(self) -> str:
        """Everything a person reads now, in all panes."""
        return "\n".join(frame.locator("body").inner_text() for frame in self.page.frames)


def open_stage(context: BrowserContext, address: str) -> Stage:
    context.set_default_timeout(PATIENT_MS)
    expect.set_options(timeout=PATIENT_MS)
    page = context.new_page()
    page.goto(address)
    stage = Stage(page)
    expect(stage.tablet.locator("#rij")).to_be_visible()
    return stage
