"""What a finger does on a page, and waiting for what follows."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page


def turn(tablet: Page, by: Locator) -> None:
    """Touch what leads to another page and wait for that: a form goes only once the line was found open."""
    with tablet.expect_navigation():
        by.click()


def press(page: Page, at: Locator) -> None:
    """Put the mouse down on it and leave it there; from then on the page's own clock stands still."""
    page.clock.install(time=0)
    page.clock.pause_at(10)
    at.hover()
    page.mouse.down()


@contextmanager
def fetched(page: Page, path: str) -> Iterator[None]:
    """What is done within makes the page fetch `path` by itself; when this is left it has taken what came."""
    with page.expect_response(lambda answer: answer.url.endswith(path)) as answer:
        yield
    answer.value.finished()
    page.evaluate("fetch(location.href).then((answer) => answer.text())")
