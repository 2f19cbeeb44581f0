"""What every room of the suite shares: Chromium, and hypothesis without a clock."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.patience import PATIENT_MS

CHROMIUM: Final = "/usr/bin/chromium"
# Without these Chromium looks up its maker's hosts at every start.
ARGUMENTS: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Behaviour is asserted, never the clock: two shared cores make any deadline a lottery.
settings.register_profile("welkom", deadline=None)
settings.load_profile("welkom")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives a browser or whole processes is tried again: on two shared cores one of hundreds loses its time.

    What is wrong stays wrong three times; the report names whatever needed another try. The browser tests of a file
    stay on one worker, or each would start a browser for its half of them.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
        if (
            item.get_closest_marker("browser")
            or "/stories/" in str(item.path)
            or "chromium" in getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a file: Playwright's loop must not be running when other files test theirs."""
    if not Path(CHROMIUM).exists() and os.environ.get("STRICT") != "1":
        pytest.skip("Debian's chromium is not installed")
    expect.set_options(timeout=PATIENT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()
