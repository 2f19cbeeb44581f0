"""The walk by keyboard says what is wrong with a page, or no gallery would be proof of anything."""

import pytest
from playwright.sync_api import Browser

from tests.staff_ui.keyboard import barriers

pytestmark = pytest.mark.browser
PAGES = {
    "": '<a href="#a">a</a><form><label><input type="radio" name="r">1</label>'
    '<label><input type="radio" name="r">2</label><input name="t"></form>'
    "<details><summary>more</summary><button>b</button></details>",
    "out of its turn": '<a href="#a">a</a><button tabindex="2">b</button>',
    "not made for keys": '<a href="#a">a</a><div role="button">b</div>',
    "focused and not seen": '<a href="#a">a</a><button style="opacity: 0">b</button>',
    "under something else": '<button>b</button><p style="position: fixed; inset: 0; margin: 0"></p>',
    "no ring": '<button style="outline: none">b</button>',
    "goes back up": '<form><button style="position: absolute; top: 300px; left: 200px">a</button>'
    '<button style="position: absolute; top: 0; left: 0">b</button></form>',
    "does not hear keys": '<button onkeydown="event.key === `Enter` && event.preventDefault()">b</button>',
    "not reached": '<a href="#a">a</a><button tabindex="-1">b</button>',
    "no way out": '<button>a</button><button onkeydown="event.key === `Tab` && event.preventDefault()">b</button>',
}


@pytest.mark.parametrize("wrong", PAGES)
def test_the_walk_finds_what_a_keyboard_meets(chromium: Browser, wrong: str) -> None:
    page = chromium.new_page()
    page.set_content(f"<style>:focus-visible {{ outline: 3px solid green }}</style>{PAGES[wrong]}")
    found = barriers(page)
    page.close()
    assert [each.split(":")[0] for each in found if wrong in each] == ([wrong] if wrong else [])
    assert bool(found) == bool(wrong), found
