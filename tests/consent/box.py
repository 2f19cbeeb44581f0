"""The appliance under the matrix: customers with canaries, and the states of their consents.

Everybody arrives while everything is allowed, and their visits stay open whatever is taken away after: the hardest
case, a page that is asked for before the clockwork ended the visit, with every cache still warm.
"""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from drivers.reader import Sighting, Token
from edge.advice.advisor import Advice
from edge.advice.reasons import Often, Suggestion
from edge.advice.rules import Item
from edge.config import Config, Presence, Store
from edge.consent import acts as consents
from edge.consent import tables as consent
from edge.consent.rules import PURPOSES, TRAITS
from edge.consent.tables import FOREVER_MS
from edge.house import House
from edge.kit.seal import key_place, new_key, seal, trait_place
from edge.presence import beacons
from edge.presence.devices import Device
from edge.presence.tracker import Reading
from edge.recognition import tables
from edge.recognition.rules import credential
from edge.staff import acts as staff
from staff_ui.app import make_app
from tests.advice.shop import put_items
from tests.consent.browser import Browser
from tests.consent.canaries import canary
from tests.consent.vectors import Phase, Vector
from tests.staff_ui.house import cheap_hash
from tests.staff_ui.opened import MovedClock, open_house

SOON_MS: Final = 2_000
DAY_MS: Final = 86_400_000
STAFF: Final = {"Anna Kok": ("staff", "nl"), "Bram de Wit": ("manager", "en")}


@dataclass(frozen=True, slots=True)
class Person:
    """Customer `n` of the matrix, and what they said."""

    n: int
    id: bytes
    card: str
    vector: Vector
    visit: str


@dataclass(slots=True)
class Box:
    """An open shop with its people."""

    house: House
    clock: MovedClock
    app: Any
    now_ms: int
    people: list[Person] = field(default_factory=list)

    async def browser(self, name: str) -> Browser:
        """A paired tablet on which somebody is signed in."""
        found = Browser(self.app)
        code = await self.house.db.apply(
            staff.pair_code, f"tablet of {name}", now_ms=self.house.time.now_ms()
        )
        assert (await found.get(f"/pair/{code}")).status == 303
        await found.get("/signin")
        assert (await found.post("/signin", staff=name, pin="2580")).status == 303
        await found.get("/")
        return found


@asynccontextmanager
async def open_box(state: Path, vectors: Sequence[Vector]) -> AsyncIterator[Box]:
    """A shop in which a customer for each vector arrived while everything was allowed."""
    floor = "".join(
        f'[[zones]]\nid = "kzone{n:03d}"\nentrance = true\n[[scanners]]\nid = "g{n:03d}"\nzone = "kzone{n:03d}"\n'
        for n in range(len(vectors))
    )
    (state / "floor.toml").write_text(floor)
    clock = MovedClock()
    clock.at_hour(10)
    config = replace(
        Config(),
        store=Store(state=state),
        presence=Presence(floor=state / "floor.toml", finding=True),
    )
    said: list[tuple[str, dict[str, Any]]] = []

    def log(event: str, /, **fields: Any) -> None:
        said.append((event, fields))

    async with open_house(state, config=config, clock=clock, log=log) as house:
        for name, (role, language) in STAFF.items():
            hashed = cheap_hash(house.keys.pin_pepper)
            new: dict[str, Any] = {"role": role, "language": language, "pin_hash": hashed}
            await house.db.apply(staff.add_staff, name, staff_id=house.new_id(), **new)
        box = Box(house, clock, make_app(house), house.time.now_ms())
        await house.db.apply(_goods, len(vectors))
        for n, vector in enumerate(vectors):
            await _arrive(box, n, vector)
        yield box
        assert [event for event in said if event[0] in ("page_failed", "card_unreadable")] == []


def _goods(conn: Connection, count: int) -> None:
    made = []
    for n in range(count):
        made.append(Item(f"kmand{n:03d}", f"kanariemand{n:03d}", "iets", False, False, 3, "kassa"))
        made.append(Item(f"kwens{n:03d}", f"kanariewens{n:03d}", "iets", False, False, 3, "kassa"))
    put_items(conn, made, counted_ms=1)


async def _arrive(box: Box, n: int, vector: Vector) -> None:
    house, id_, card = box.house, os.urandom(16), f"29{n:011d}"
    own = new_key()

    def put(conn: Connection) -> None:
        tables.put_key(conn, id_, seal(house.keys.kek, own, key_place(id_)))
        rows: list[dict[str, object]] = [
            {
                "customer_id": id_,
                "name": name,
                "sealed": seal(
                    own, json.dumps(canary(name, n, box.now_ms).value).encode(), trait_place(id_, name, 1)
                ),
                "ver": 1,
                "as_of_ms": box.now_ms - 60_000,
                "until_ms": None,
            }
            for name in TRAITS
        ]
        tables.put_customer(conn, id_, ver=1, traits=rows)
        hashed = credential(house.keys.chain_key, house.keys.shop_key, "barcode", card)
        tables.put_credential(
            conn,
            {
                "hash": hashed,
                "customer_id": id_,
                "state": "active",
                "ver": 1,
                "kind": "barcode",
                "bound_ms": 0,
            },
        )
        for purpose in PURPOSES:
            _register(conn, house, id_, purpose, state="given", ver=1)
        wrapped = beacons.wrapped_key(conn, id_)
        assert wrapped
        device = Device(n.to_bytes(16).hex(), bytes([n]) * 16, 10, 1_700_000_000)
        beacons.give(conn, device, customer_id=id_, wrapped=wrapped, kek=house.keys.kek, now_ms=box.now_ms)

    await house.db.apply(put)
    house.search.add(id_, canary("name", n, box.now_ms).value["call"])
    house.health.search_ready = True
    await tap(box, card)
    (visit,) = house.db.reader.execute("SELECT id FROM visit WHERE customer_id=?", (id_,)).fetchone()
    box.people.append(Person(n, id_, card, vector, visit.hex()))
    await warm(box, box.people[-1])


def _register(
    conn: Connection,
    house: House,
    id_: bytes,
    purpose: str,
    *,
    state: str,
    ver: int,
    until_ms: int | None = None,
) -> None:
    row: dict[str, object] = {
        "customer_id": id_,
        "purpose": purpose,
        "recipient": house.config.shop.recipient,
        "basis": PURPOSES[purpose],
        "gen": 1,
        "state": state,
        "from_ms": 0,
        "until_ms": until_ms,
        "ver": ver,
    }
    consent.put(conn, row)


async def tap(box: Box, card: str, reader: str = "counter-1") -> None:
    sighting = Sighting(reader, datetime.now(UTC), "tap", Token("barcode", card, "weak"))
    await box.house.counter.on_sighting(sighting)


async def warm(box: Box, person: Person, *, fob: bool = True) -> None:
    """What other processes know of them by now: suggestions made of their purchases, and where their fob is heard."""
    house, n = box.house, person.n
    made = Suggestion(f"kmand{n:03d}", f"kanariemand{n:03d}", Often(2, 2))
    house.advisor._held[bytes.fromhex(person.visit)] = Advice(person.id, (made,), True, FOREVER_MS)
    radio = house.radio
    assert radio is not None
    if not fob:
        return
    at_s = house.time.now_ms() / 1000
    device = Device(n.to_bytes(16).hex(), b"", 10, 0).name
    token = Token("eid", device, "strong", {"scanner": f"g{n:03d}", "rssi_dbm": -50})
    await radio.on_sighting(Sighting("gateways", datetime.now(UTC), "near", token))
    for step in range(4):
        await radio.nearby.hear(at_s + step, [Reading(at_s + step, f"g{n:03d}", device, -50.0)])


async def take_away(box: Box) -> None:
    """Bring everybody into the states of their vector, as it happens: here, by the feed, or by the clock alone."""
    house = box.house
    now_ms = house.time.now_ms()
    for person in box.people:
        for purpose, state in person.vector.items():
            if state == "withdrawn" and PURPOSES[purpose] == "consent" and person.n % 2:
                await house.db.write(
                    consents.withdraw,
                    person.id,
                    purpose=purpose,
                    recipient=house.config.shop.recipient,
                    now_ms=now_ms,
                )
    await house.db.apply(_take_away, box, now_ms)
    house.live.tell("visits")
    # What ends by itself tells nobody: the clock goes on, and that is all.
    box.clock.both_by_ms += SOON_MS + 1_000


def _take_away(conn: Connection, box: Box, now_ms: int) -> None:
    for person in box.people:
        for purpose, state in person.vector.items():
            if state == "none":
                conn.execute(
                    "DELETE FROM replica.consent WHERE customer_id=? AND purpose=?", (person.id, purpose)
                )
            elif state == "withdrawn" and not (PURPOSES[purpose] == "consent" and person.n % 2):
                _register(conn, box.house, person.id, purpose, state="withdrawn", ver=2)
            elif state == "expired":
                _register(
                    conn, box.house, person.id, purpose, state="given", ver=2, until_ms=now_ms + SOON_MS
                )


async def turn(box: Box, phase: Phase) -> None:
    """What happens to the whole box."""
    if phase == "clock_back":
        box.clock.wall_by_ms -= 30 * DAY_MS
    elif phase == "lease_over":
        over_ms = box.house.time.now_ms() - 1
        await box.house.db.apply(
            lambda conn: conn.execute("UPDATE main.hub SET lease_until_ms=?", (over_ms,))
        )
    box.house.live.tell("visits")
