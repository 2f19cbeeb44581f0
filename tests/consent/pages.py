"""Every page of the tablet there is, asked for; and what stood on it of whom, where it may not or is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from staff_ui.routes import ROUTES, Route
from tests.consent.box import Box, Person, tap
from tests.consent.browser import Browser, Page
from tests.consent.canaries import shown
from tests.consent.vectors import Phase, holds, may_be_shown

# Why a page of the table is not asked for; every other one is. A test holds this and the table together.
REDIRECTS: Final = "answers a form with the address of a page that is asked for here"
NOBODYS: Final = "shows the shop, its machines or invented people, and reads no customer"
LEFT_OUT: Final[dict[tuple[str, str], str]] = {
    **{
        (each.method, each.path): REDIRECTS
        for each in ROUTES
        if each.method == "POST" and each.path not in ("/search", "/search/open", "/visits/{visit:str}/fobs")
    },
    ("GET", "/pair/{code:str}"): NOBODYS,
    ("GET", "/device/challenge"): NOBODYS,
    ("GET", "/static/{path:path}"): NOBODYS,
    ("GET", "/practice/{visit:str}"): NOBODYS,
    ("GET", "/practice/{visit:str}/{page:str}"): NOBODYS,
    ("GET", "/products/{item:str}"): NOBODYS,
    ("GET", "/choose/{helper:str}"): NOBODYS,
    ("GET", "/choose/{helper:str}/{answers:str}"): NOBODYS,
    ("GET", "/shelfcard/{helper:str}"): NOBODYS,
    ("GET", "/balie/live"): "says only that something is said there",
    ("GET", "/join"): "asked for with a tablet that was handed over",
    ("GET", "/balie"): "asked for with a display",
}
LISTS: Final = ("/", "/visits", "/plan", "/plan/now", "/?visit=")
OF_A_CARD: Final = ("/saving/{note}", "/elsewhere/{note}", "/cards/new/{note}")
# Pages that draw the floor: they name every zone whoever stands there, and a year may be a point of a line.
FLOOR_PLANS: Final = ("/plan", "/plan/now", "/manage/walk", "/manage")
Found = dict[tuple[str, int], set[str]]  # page and customer -> the fields that stood there


def of_somebody(route: Route) -> bool:
    return "{visit:" in route.path and (route.method, route.path) not in LEFT_OUT


def of_the_shop() -> list[str]:
    """Pages without anybody in their address."""
    return [
        each.path
        for each in ROUTES
        if each.method == "GET" and "{" not in each.path and (each.method, each.path) not in LEFT_OUT
    ]


def name_of(path: str) -> str:
    return path.replace(":str}", "}")


async def look(box: Box, browser: Browser, people: Iterable[Person]) -> Found:
    """Ask for every page; which fields of whom stood on which."""
    found: Found = {}

    def note(page: str, text: str) -> None:
        for n, fields in shown(text, box.now_ms).items():
            if page in FLOOR_PLANS:
                fields -= {"zone", "since"}
            if fields:
                found[page, n] = found.get((page, n), set()) | fields

    for path in of_the_shop():
        note(path, (await browser.get(path)).text)
    for person in people:
        query = f"Zoek{person.n:03d}"
        note("POST /search", (await browser.post("/search", q=query)).text)
        opened = await browser.post("/search/open", customer=person.id.hex())
        note("POST /search/open", opened.text)
        note("POST /visits/{visit}/fobs", (await browser.post(f"/visits/{person.visit}/fobs", look="1")).text)
        await browser.post(f"/visits/{person.visit}/profile", why="help")
        for route in ROUTES:
            if route.method == "GET" and of_somebody(route):
                page: Page = await browser.get(route.path.replace("{visit:str}", person.visit))
                note(name_of(route.path), page.text)
        note("/?visit=", (await browser.get(f"/?visit={person.visit}")).text)
    return found


async def taps(box: Box, browser: Browser, people: Iterable[Person], *, reader: str) -> Found:
    """Everybody holds their card to another reader, and the pages that follow from that."""
    found: Found = {}
    for person in people:
        await tap(box, person.card, reader)
        asked = {"/visits after a tap": "/visits"}
        for note in box.house.counter.notes.now():
            asked |= {path: path.replace("{note}", note.key) for path in OF_A_CARD}
        for page, path in asked.items():
            its = shown((await browser.get(path)).text, box.now_ms)
            if fields := its.get(person.n):
                found[page, person.n] = fields
        for note in box.house.counter.notes.now():
            box.house.counter.notes.drop(note)
    return found


@dataclass(frozen=True, slots=True)
class Wrong:
    """One cell of the matrix that is not as it should be."""

    page: str
    phase: Phase
    person: int
    field: str
    what: str  # `shown without a basis`, or `missing`
    vector: Mapping[str, str]


def judged(
    box: Box, found: Found, usual: Mapping[str, set[str]], phase: Phase, people: Sequence[Person]
) -> list[Wrong]:
    """Every field that stood where it may not, and every one that did not stand where it usually does and may.

    `usual` is what each page shows of whom everything is allowed. All pages but that of a card alone are about
    somebody who is recognised; that one is about somebody who is not.
    """
    wrong: list[Wrong] = []
    for (page, n), fields in found.items():
        vector = box.people[n].vector
        known = page in OF_A_CARD or holds(vector, "recognition", phase)
        wrong += [
            Wrong(page, phase, n, name, "shown without a basis", vector)
            for name in sorted(fields)
            if not (known and may_be_shown(vector, name, phase, page))
        ]
    for page, fields in usual.items():
        for person in people:
            nameless = page in OF_A_CARD
            if nameless == holds(person.vector, "recognition", phase):
                continue
            missing = {name for name in fields if may_be_shown(person.vector, name, phase, page)}
            missing -= found.get((page, person.n), set())
            wrong += [
                Wrong(page, phase, person.n, name, "missing", person.vector) for name in sorted(missing)
            ]
    return wrong


def usual_of(found: Found, n: int) -> dict[str, set[str]]:
    """What each page that is about one customer shows of customer `n`; a list shows the newest few."""
    return {page: fields for (page, each), fields in found.items() if each == n and page not in LISTS}
