"""What every room of the suite shares: one loop, Chromium, files in memory, hypothesis without a clock."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.patience import PATIENT_MS
from tests.place import move_in

# Every worker of the suite has a core; numpy's own threads would fight over it. Before anything imports numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

CHROMIUM: Final = "/usr/bin/chromium"
# The same engine of the same package without windows, tabs and a profile around it: a third less work.
SHELL: Final = "/usr/bin/chromium-headless-shell"
# Without these Chromium looks up its maker's hosts at every start.
ARGUMENTS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Fixtures that start one.
BROWSERS: Final = frozenset({"chromium", "player"})

# The folders that were met in another.
FOLDERS: Final = pytest.StashKey[dict[Path, pytest.Collector | None]]()

# Behaviour is asserted, never the clock: two shared cores make any deadline a lottery. The check tries the same
# examples each time, for it is about what was changed; whoever runs a test by hand tries others each time.
settings.register_profile("welkom", deadline=None, database=None, derandomize=os.environ.get("STRICT") == "1")
settings.load_profile("welkom")


def pytest_configure() -> None:
    """Under pytest alone: `make prove` takes what it needs from here, and measures on the real disk."""
    move_in()


@pytest.hookimpl(wrapper=True)
def pytest_collect_directory(
    path: Path, parent: pytest.Collector
) -> Generator[None, pytest.Collector | None, pytest.Collector | None]:
    """A folder is one node, in whatever order its files are named.

    pytest 9.1 makes another node of it after a file of the folder above was named, and its conftest belongs to the
    first one alone: "fixture 'desk' not found".
    """
    made = yield
    return parent.stash.setdefault(FOLDERS, {}).setdefault(path, made)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test is tried once more, and twice what drives a browser or whole processes.

    On two shared cores one of thousands loses its time now and then. What is wrong stays wrong, and the report names
    whatever needed another try, with why: that is work for somebody. The browser tests of a file stay on one worker,
    or each would start a browser for its half of them.
    """
    for item in items:
        browser = not BROWSERS.isdisjoint(getattr(item, "fixturenames", ()))
        if browser and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
        large = browser or item.get_closest_marker("browser") or "/stories/" in str(item.path)
        item.add_marker(pytest.mark.flaky(reruns=2 if large else 1, reruns_delay=1))


def pytest_collection_finish() -> None:
    """What was imported stays: looking through all of it for garbage, again and again, took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a file: Playwright's loop must not be running when other files test theirs."""
    if not Path(SHELL).exists() and os.environ.get("STRICT") != "1":
        pytest.skip("Debian's chromium-headless-shell is not installed")
    expect.set_options(timeout=PATIENT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=SHELL, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()
