"""A house for these tests: real files, real server in a thread, a clock that can be moved, and customers."""

import asyncio
import hmac
import json
import os
import socket
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeVar

import httpx
from argon2 import PasswordHasher, Type

from drivers.reader import How, Outcome, Sighting, Token
from edge.config import Choice, Config, Presence, Shop, Store, Wallet
from edge.consent import acts as consents
from edge.consent import tables as consent
from edge.house import House
from edge.kit.seal import key_place, new_key, seal, trait_place
from edge.kit.serve import listen, serve
from edge.presence import beacons
from edge.presence.devices import Device
from edge.recognition import tables
from edge.recognition.rules import credential
from edge.staff import acts
from staff_ui.app import make_app
from tests.patience import PATIENT_S
from tests.staff_ui.opened import MovedClock, open_house
from tests.threads import beside

T = TypeVar("T")
PIN = "2580"
DAY_MS = 24 * 3_600_000
DE_VRIES = {"call": "mevrouw De Vries", "short": "Mevrouw De Vries", "initials": "MV"}


@dataclass(slots=True)
class Place:
    """A shop that is open: its house on a loop in another thread, and what tests do in it."""

    house: House
    clock: MovedClock
    loop: asyncio.AbstractEventLoop
    url: str
    app: Any
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    clients: list[httpx.Client] = field(default_factory=list)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENT_S)

    def tap(self, card: str, how: How = "tap", reader: str = "counter-1") -> None:
        token = Token("barcode", card, "weak")
        self._present(Sighting(reader, datetime.now(UTC), how, token))

    def phone(self, card: str, reader: str = "counter-1", *, key_id: str = "00000001") -> None:
        """Their phone, with the shop's own app, answers the reader; key 2 asks for the phone's unlock."""
        token = Token("hce", card, "strong", {"key_id": key_id})
        self._present(Sighting(reader, datetime.now(UTC), "tap", token))

    def fail(self, outcome: Outcome, reader: str = "counter-1") -> None:
        self._present(Sighting(reader, datetime.now(UTC), "tap", None, outcome))

    def fob(self, customer_id: bytes, number: int = 1) -> str:
        """A fob of this customer's, known; the id by which it is heard."""
        device = Device(number.to_bytes(16).hex(), bytes([number]) * 16, 10, 1_700_000_000)

        def give(conn: Connection) -> None:
            wrapped = beacons.wrapped_key(conn, customer_id)
            assert wrapped
            beacons.give(
                conn,
                device,
                customer_id=customer_id,
                wrapped=wrapped,
                kek=self.house.keys.kek,
                now_ms=self.now_ms(),
            )

        self.run(self.house.db.apply(give))
        return device.name

    def near(self, device: str, **rssi_dbm: int) -> None:
        """Scanners hear a fob, each at its strength; returns when the tracker has taken it in."""
        radio = self.house.radio
        assert radio is not None

        async def hear() -> None:
            for scanner, dbm in rssi_dbm.items():
                token = Token("eid", device, "strong", {"scanner": scanner, "rssi_dbm": dbm})
                await radio.on_sighting(Sighting("gateways", datetime.now(UTC), "near", token))
            while radio._waiting.readings:  # noqa: ASYNC110  (the beat takes them)
                await asyncio.sleep(0.02)
            await self.house.db.apply(lambda conn: None)  # and what it wrote is written

        self.run(hear())

    def _present(self, sighting: Sighting) -> None:
        async def present() -> None:
            await self.house.counter.on_sighting(sighting)

        self.run(present())

    def now_ms(self) -> int:
        return self.house.time.now_ms()

    def tell(self) -> None:
        self.loop.call_soon_threadsafe(self.house.live.tell, "visits")

    def customer(
        self,
        card: str,
        *,
        name: dict[str, str] | None = None,
        purposes: Sequence[str] = ("recognition", "saving", "profiling"),
        until_ms: int | None = None,
        state: str = "active",
        **traits: Any,
    ) -> bytes:
        """Write a resident as the feed would: sealed traits, credential, consents; the customer's id."""
        house = self.house
        customer_id, own = os.urandom(16), new_key()
        if name is not None:
            traits["name"] = name
        hashed = credential(house.keys.chain_key, house.keys.shop_key, "barcode", card)

        def put(conn: Connection) -> None:
            tables.put_key(conn, customer_id, seal(house.keys.kek, own, key_place(customer_id)))
            rows: list[dict[str, object]] = [
                {
                    "customer_id": customer_id,
                    "name": trait,
                    "sealed": seal(own, json.dumps(value).encode(), trait_place(customer_id, trait, 1)),
                    "ver": 1,
                    "as_of_ms": self.now_ms() - 60_000,
                    "until_ms": None,
                }
                for trait, value in traits.items()
            ]
            tables.put_customer(conn, customer_id, ver=1, traits=rows)
            tables.put_credential(
                conn,
                {
                    "hash": hashed,
                    "customer_id": customer_id,
                    "state": state,
                    "ver": 1,
                    "kind": "barcode",
                    "bound_ms": 0,
                },
            )
            for purpose in purposes:
                row: dict[str, object] = {
                    "customer_id": customer_id,
                    "purpose": purpose,
                    "recipient": house.config.shop.recipient,
                    "basis": "agreement" if purpose == "saving" else "consent",
                    "gen": 1,
                    "state": "given",
                    "from_ms": 0,
                    "until_ms": until_ms if purpose == "recognition" else None,
                    "ver": 1,
                }
                consent.put(conn, row)

        self.run(house.db.apply(put))
        if name is not None:
            house.search.add(customer_id, name["call"])
            house.health.search_ready = True
        return customer_id

    def de_vries(self, card: str = "2900000000011", **more: Any) -> bytes:
        """The customer of the sketch."""
        return self.customer(
            card,
            name=DE_VRIES,
            since={"year": 2019},
            points={"balance": 1400},
            stamps={"have": 7, "of": 8, "reward": "gratis impregneren"},
            last={"what": "de wandelschoenen", "at_ms": self.now_ms() - 36 * DAY_MS},
            **more,
        )

    def withdraw(self, customer_id: bytes, purpose: str) -> None:
        """They take a consent back in the shop."""
        words: Any = {"recipient": self.house.config.shop.recipient, "now_ms": self.now_ms()}
        self.run(self.house.db.write(consents.withdraw, customer_id, purpose=purpose, **words))

    def staff(self, name: str = "Anna Kok", *, role: Any = "staff", language: str = "nl") -> None:
        self.run(
            self.house.db.apply(
                acts.add_staff,
                name,
                staff_id=self.house.new_id(),
                role=role,
                language=language,
                pin_hash=cheap_hash(self.house.keys.pin_pepper),
            )
        )

    def pair_code(self) -> str:
        return self.run(self.house.db.apply(acts.pair_code, "tablet 1", now_ms=self.now_ms()))

    def browser(self) -> httpx.Client:
        """A browser without a screen; closed with the place."""
        client = httpx.Client(base_url=self.url, headers={"accept": "text/html"}, timeout=PATIENT_S)
        self.clients.append(client)
        return client

    def tablet(self) -> httpx.Client:
        """One that is a tablet of the shop."""
        client = self.browser()
        assert client.get(f"/pair/{self.pair_code()}").status_code == 303
        return client

    def signed_in(self, name: str = "Anna Kok") -> httpx.Client:
        client = self.tablet()
        assert sign_in(client, name).status_code == 303
        return client

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async def ask() -> list[tuple[Any, ...]]:
            return self.house.db.reader.execute(sql).fetchall()

        return self.run(ask())


@cache
def cheap_hash(pepper: bytes) -> str:
    """As `hash_pin` keeps it, and at the least cost: hundreds of tests sign somebody in."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
    return cheap.hash(hmac.digest(pepper, PIN.encode(), sha256))


def own_token(page: str) -> str:
    return page.split('name="own" value="', 1)[1].split('"', 1)[0]


def now_of(page: str) -> str:
    """By what `stays.js` sees that a page about one customer says something else."""
    return page.split('data-now="', 1)[1].split('"', 1)[0]


def sign_in(client: httpx.Client, name: str = "Anna Kok", pin: str = PIN) -> httpx.Response:
    own = own_token(client.get("/signin").text)
    return client.post("/signin", data={"own": own, "staff": name, "pin": pin})


@contextmanager
def open_place(
    state: Path,
    *,
    port: int = 0,
    clock: MovedClock | None = None,
    shop: Shop | None = None,
    wallet: Wallet | None = None,
    presence: Presence | None = None,
    choice: Choice | None = None,
) -> Iterator[Place]:
    """Open a shop and serve its tablets on a real socket until left."""
    config = replace(
        Config(),
        store=Store(state=state),
        shop=shop or Shop(),
        wallet=wallet or Wallet(unlocking="00000002"),
        presence=presence or Presence(),
        choice=choice or Choice(state / "choices"),
    )
    physics = clock or MovedClock()
    events: list[tuple[str, dict[str, Any]]] = []
    opened: list[Place] = []
    ready, stop = threading.Event(), asyncio.Event()

    def log(event: str, /, **fields: Any) -> None:
        events.append((event, fields))

    async def main(sock: socket.socket) -> None:
        async with open_house(state, config=config, clock=physics, log=log) as house:
            app = make_app(house)
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            opened.append(
                Place(
                    house=house,
                    clock=physics,
                    loop=asyncio.get_running_loop(),
                    url=url,
                    app=app,
                    events=events,
                )
            )
            serving = asyncio.create_task(serve(app, sock, goodbye=house.live.drop, ready=ready.set))
            await stop.wait()
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    def work() -> None:
        with listen("127.0.0.1", port) as sock:
            asyncio.run(main(sock))

    def end() -> None:
        for client in opened[0].clients:
            client.close()
        opened[0].loop.call_soon_threadsafe(stop.set)

    with beside(work, name="house", ready=ready, stop=end):
        yield opened[0]
