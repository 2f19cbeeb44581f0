"""A box over HTTPS, and Debian's Chromium with the box's authority in its own list, as on an enrolled tablet."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.conftest import ARGUMENTS, CHROMIUM
from tests.lacking import left_out
from tests.tls.rig import HOST, Box, open_box


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One box a file: each of its tests pairs browsers of its own."""
    with open_box(tmp_path_factory.mktemp("state")) as opened:
        opened.staff("Anna Kok")
        opened.staff("Bram de Wit", role="manager")
        yield opened
        assert not [event for event in opened.events if event[0] == "page_failed"]


def trust(home: Path, authority: Path) -> None:
    """Put the authority into the list that Chromium on Linux reads: the user's NSS database."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    words: list[list[str]] = [
        ["-N", "--empty-password"],
        ["-A", "-n", "welkom", "-t", "C,,", "-i", str(authority)],
    ]
    for each in words:
        subprocess.run(["certutil", "-d", f"sql:{store}", *each], check=True, timeout=60)


def launch(playwright: Playwright, home: Path) -> Browser:
    """Chromium with that home; `.local` names lead to this machine, nothing else is changed."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        headless=True,
        args=[*ARGUMENTS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
        env={**os.environ, "HOME": str(home)},
    )


@pytest.fixture(scope="module")
def player() -> Iterator[Playwright]:
    missing = [each for each in ("certutil", CHROMIUM) if shutil.which(each) is None]
    if missing:
        left_out(f"not installed: {missing} (libnss3-tools, chromium)")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def enrolled(player: Playwright, box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that trusts the box."""
    home = tmp_path_factory.mktemp("home")
    trust(home, box.own.folder / "ca.crt")
    browser = launch(player, home)
    yield browser
    browser.close()


@pytest.fixture
def stranger(player: Playwright, tmp_path: Path) -> Iterator[Browser]:
    """A browser that was never enrolled."""
    browser = launch(player, tmp_path)
    yield browser
    browser.close()
