"""The hub under the matrix: the same people, what headquarters' programs may read of them, and their own pages."""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.catalogue.rules import Product
from edge.consent.rules import MINOR, PURPOSES, TRAITS
from edge.exporting import write_csv
from edge.kit.sql import Connection
from sync.hub import catalogue, consents, devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.consents import NewConsent
from sync.hub.hq import export, news, shapes, tokens, webhooks
from sync.hub.hq.channels import take_order
from sync.hub.hq.put import put_traits
from sync.hub.people import NewCustomer
from tests.consent.browser import Browser
from tests.consent.canaries import canary, shown
from tests.consent.pages import Found, Wrong
from tests.consent.vectors import Phase, Vector, may_be_shown
from tests.sync.centre import HERE, KEYS, SHOP_KEY, device
from tests.sync.portal.place import MovedClock

HOOK: Final = "http://127.0.0.1:9"
SOON_MS: Final = 2_000
DAY_MS: Final = 86_400_000
OWN: Final = "/portal"  # the one page on which a person sees everything of themselves, whatever they stopped


@dataclass(slots=True)
class Centre:
    hub: Hub
    clock: MovedClock
    now_ms: int
    vectors: Sequence[Vector]
    program: Browser
    token: str

    def id_of(self, n: int) -> bytes:
        return (n + 1).to_bytes(16)

    async def ask(self, path: str) -> str:
        """What a program of headquarters with every right is answered."""
        page = await self.program.get(path, authorization=f"Bearer {self.token}", accept="application/json")
        if page.status == 429:  # a token asks so often and no oftener: there are more
            self.token = await self.hub.db.apply(token, now_ms=self.hub.now_ms())
            return await self.ask(path)
        assert page.status == 200, (path, page.status)
        return page.text


def token(conn: Connection, *, now_ms: int) -> str:
    return tokens.make(conn, "matrix", scopes=tokens.SCOPES, now_ms=now_ms)


@asynccontextmanager
async def open_centre(state: Path, vectors: Sequence[Vector]) -> AsyncIterator[Centre]:
    """A hub with a customer for each vector, who said yes to everything and ordered something."""
    clock, said = MovedClock(), []

    def log(event: str, /, **fields: Any) -> None:
        said.append((event, fields))

    config = Config(state / "hub", KEYS, secure_cookies=False)
    async with open_hub(config, clock=clock, log=log) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        now_ms = hub.now_ms()
        goods = [
            Product(f"{kind}{n:03d}", f"{kind}{n:03d}", 100)
            for n in range(len(vectors))
            for kind in ("kmand", "kwens")
        ]
        await hub.change(catalogue.put_products, goods)
        made = await hub.db.apply(token, now_ms=now_ms)
        centre = Centre(hub, clock, now_ms, vectors, Browser(hub.app, "hub.test"), made)
        people = [
            NewCustomer(
                centre.id_of(n),
                {name: canary(name, n, now_ms).value for name in TRAITS if name != MINOR},
                [("number", f"LOYALTY-{n:04d}")],
                [NewConsent(purpose, HERE) for purpose in PURPOSES],
            )
            for n in range(len(vectors))
        ]
        await hub.add_customers(["s1"], people)
        for n in range(len(vectors)):
            young = {
                MINOR: canary(MINOR, n, now_ms).value
            }  # after their yes: a child could not give all of them
            await hub.db.apply(put_traits, KEYS, centre.id_of(n), young, now_ms=now_ms)
            order = shapes.Order("web", canary("order", n, now_ms).value, "placed", now_ms)
            await hub.change(take_order, KEYS, centre.id_of(n), data=order, now_ms=now_ms)
        await hub.db.apply(
            webhooks.make, KEYS, url=f"{HOOK}/told", kinds=frozenset(news.KINDS), allowed=(HOOK,)
        )
        yield centre
        assert [event for event, _ in said if event == "request_died"] == []


async def take_away(centre: Centre) -> None:
    """Bring everybody into the states of their vector; what ends by itself ends with the clock alone."""
    hub, now_ms = centre.hub, centre.hub.now_ms()
    for n, vector in enumerate(centre.vectors):
        for purpose, state in vector.items():
            if state == "withdrawn" and PURPOSES[purpose] == "consent":
                whose = centre.id_of(n)
                await hub.change(consents.withdraw, whose, purpose=purpose, recipient=HERE, now_ms=now_ms)
    await hub.db.apply(_take_away, centre, now_ms)
    centre.clock.by_ms += SOON_MS + 1_000
    centre.hub.now_ms()  # the hub was asked something in the meantime


def _take_away(conn: Connection, centre: Centre, now_ms: int) -> None:
    for n, vector in enumerate(centre.vectors):
        for purpose, state in vector.items():
            place = {"id": centre.id_of(n), "purpose": purpose}
            if state == "none":
                conn.execute("DELETE FROM consent WHERE customer_id=:id AND purpose=:purpose", place)
            elif state == "withdrawn":
                conn.execute(
                    "UPDATE consent SET state='withdrawn' WHERE customer_id=:id AND purpose=:purpose", place
                )
            elif state == "expired":
                conn.execute(
                    "UPDATE consent SET until_ms=:end WHERE customer_id=:id AND purpose=:purpose",
                    {**place, "end": now_ms + SOON_MS},
                )


async def turn(centre: Centre, phase: Phase) -> None:
    if phase == "clock_back":
        centre.clock.by_ms -= 30 * DAY_MS


async def look(centre: Centre) -> Found:
    """What programs read, what goes out, and what headquarters' own pages show."""
    found: Found = {}

    def note(page: str, text: str) -> None:
        for n, fields in shown(text, centre.now_ms).items():
            found[page, n] = found.get((page, n), set()) | fields

    for path in ("/hq", "/hq/fleet", "/hq/cards"):
        note(path, (await Browser(centre.hub.app, "127.0.0.1:8770").get(path)).text)
    for path in ("/api/v1/customers", "/api/v1/fleet", "/schema/openapi.json"):
        note(path, await centre.ask(path))
    for n in range(len(centre.vectors)):
        who = f"/api/v1/customers/{centre.id_of(n).hex()}"
        note("/api/v1/customers/{id}", await centre.ask(who))
        note("/api/v1/customers/{id}/timeline", await centre.ask(f"{who}/timeline"))
    for purpose in PURPOSES:
        note(
            f"export customers --for {purpose}",
            await centre.hub.db.view(_sheet, centre, "customers", purpose),
        )
    for what in ("facts", "ledger"):
        note(f"export {what}", await centre.hub.db.view(_sheet, centre, what, "saving"))
    rows = centre.hub.db.reader.execute("SELECT body FROM webhook_message").fetchall()
    note("webhooks", " ".join(bytes(body).decode() for (body,) in rows))
    return found


def _sheet(conn: Connection, centre: Centre, what: str, purpose: str) -> str:
    asked = export.Asked(KEYS, purpose, centre.hub.basis_ms(), centre.hub.log)
    sheet = export.checked(what, purpose)
    # A line that names nobody is nobody's, also where its amount is all that somebody came with.
    rows = (row for row in sheet.rows(conn, asked) if what == "customers" or row[-1])
    out = io.StringIO()
    write_csv(out, sheet.columns, rows)
    return out.getvalue().replace('""', '"')


async def own_pages(centre: Centre, people: Sequence[int]) -> Found:
    """Everybody's own page, on their own phone."""
    found: Found = {}
    for n in people:
        phone = Browser(centre.hub.app, "hub.test")
        assert (
            await phone.get(f"/portal/enter/{await centre.hub.portal_code(centre.id_of(n))}")
        ).status == 303
        for whose, fields in shown((await phone.get(OWN)).text, centre.now_ms).items():
            found[f"{OWN} of {n}", whose] = fields
    return found


def judged(centre: Centre, found: Found, usual: dict[str, set[str]], phase: Phase) -> list[Wrong]:
    """Every field that went out without a basis, and every one that did not though it has one."""
    wrong: list[Wrong] = []
    for n, vector in enumerate(centre.vectors):
        for page in {page for page, each in found if each == n} | set(usual):
            fields = found.get((page, n), set())
            allowed = {name for name in usual.get(page, set()) if may_be_shown(vector, name, phase)}
            wrong += [
                Wrong(page, phase, n, name, "shown without a basis", vector)
                for name in sorted(fields - allowed)
            ]
            wrong += [Wrong(page, phase, n, name, "missing", vector) for name in sorted(allowed - fields)]
    return wrong
