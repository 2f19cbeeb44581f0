"""What a finger does on a page, and waiting for what follows."""

from playwright.sync_api import Locator, Page


def turn(tablet: Page, by: Locator) -> None:
    """Touch what leads to another page and wait for that: a form goes only once the line was found open."""
    with tablet.expect_navigation():
        by.click()
