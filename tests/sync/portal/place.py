"""A hub with two customers that serves its pages on a real socket; a shop that sends it facts; phones."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Any, TypeVar

import httpx
import msgspec

from edge.kit.chain import link
from edge.kit.clock import SystemClock
from edge.kit.seal import key_place, seal, trait_place, unseal
from edge.kit.serve import listen, serve
from sync import wire
from sync.hub import devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from tests.fresh import lay_hub
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, SHOP_KEY, device
from tests.threads import beside

T = TypeVar("T")
DAY_MS = 86_400_000
CARD: dict[str, Any] = {
    "name": {"call": "mevrouw De Vries", "short": "Mevrouw De Vries", "initials": "MV"},
    "points": {"balance": 1400},
    "stamps": {"have": 7, "of": 8, "reward": "gratis impregneren"},
    "since": {"year": 2019},
}
CONSENTS = ("saving", "recognition", "profiling")


class MovedClock(SystemClock):
    """The machine's clock, moved to noon of tomorrow here, and on by what a test asks for."""

    def __init__(self) -> None:
        self.by_ms = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.by_ms


@dataclass(slots=True)
class Place:
    """An open hub on a loop in another thread, and what tests do with it."""

    hub: Hub
    clock: MovedClock
    loop: asyncio.AbstractEventLoop
    url: str
    said: list[tuple[str, dict[str, Any]]]
    clients: list[httpx.Client] = field(default_factory=list)
    seq: int = 0
    hash: bytes = bytes(32)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENT_S)

    def add(
        self,
        customer_id: bytes = ANNA,
        *,
        number: str = "1",
        purposes: tuple[str, ...] = CONSENTS,
        until_ms: int | None = None,
        **traits: Any,
    ) -> bytes:
        """A customer with the card of the sketch, unless other traits are named."""
        consents = [
            NewConsent(purpose, HERE, until_ms if purpose == "recognition" else None) for purpose in purposes
        ]
        new = NewCustomer(customer_id, traits or CARD, [("number", number)], consents)
        self.run(self.hub.add_customers(["s1"], [new]))
        return customer_id

    def holds(self, name: str, value: Any, customer_id: bytes = ANNA, *, sealed: bytes | None = None) -> None:
        """The hub has this trait, whether or not this version of the program declares it."""
        plain = value if isinstance(value, bytes) else msgspec.json.encode(value)

        def put(conn: Connection) -> None:
            sql = "SELECT wrapped FROM customer_key WHERE customer_id=?"
            (wrapped,) = conn.execute(sql, (customer_id,)).fetchone()
            key = unseal(KEYS.hub_kek, wrapped, key_place(customer_id))
            lies = sealed or seal(key, plain, trait_place(customer_id, name, 9))
            row = (customer_id, name, lies, 9, self.hub.now_ms(), None)
            conn.execute("INSERT OR REPLACE INTO trait VALUES (?, ?, ?, ?, ?, ?)", row)

        self.run(self.hub.db.apply(put))

    def sends(self, kind: str, body: Any, *, at_ms: int | None = None) -> None:
        """The shop's box reports one fact."""
        self.seq += 1
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        event = wire.Event(self.seq, self.hub.now_ms() if at_ms is None else at_ms, kind, msgspec.Raw(raw))
        envelope = wire.Envelope("box-1", 1, self.seq, wire.SCHEMA, self.hash.hex())
        self.hash = link(self.hash, seq=self.seq, at_ms=event.at_ms, kind=kind, body=raw)
        self.run(self.hub.take(envelope, [event]))

    def shows(
        self,
        customer_id: bytes = ANNA,
        *,
        role: str = "staff",
        purpose: str = "recognition",
        reason: str = "",
        at_ms: int | None = None,
    ) -> None:
        """The shop's tablets show the customer's card."""
        body = {"visit_id": "07" * 16, "customer_id": customer_id.hex(), "role": role, "purpose": purpose}
        body |= {"reason": reason} if reason else {}
        self.sends("card_shown", body, at_ms=at_ms)

    def code(self, customer_id: bytes = ANNA) -> str:
        return self.run(self.hub.portal_code(customer_id))

    def phone(self) -> httpx.Client:
        """A browser that is not in; closed with the place."""
        client = httpx.Client(base_url=self.url, headers={"accept": "text/html"}, timeout=PATIENT_S)
        self.clients.append(client)
        return client

    def inside(self, customer_id: bytes = ANNA) -> httpx.Client:
        """A customer's phone."""
        client = self.phone()
        assert client.get(f"/portal/enter/{self.code(customer_id)}").status_code == 303
        return client

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        async def ask() -> list[tuple[Any, ...]]:
            return self.hub.db.reader.execute(sql, values).fetchall()

        return self.run(ask())

    def state(self, purpose: str = "recognition", customer_id: bytes = ANNA) -> tuple[int, str]:
        """The register of a consent at the hub."""
        sql = "SELECT gen, state FROM consent WHERE purpose=? AND customer_id=?"
        ((gen, state),) = self.rows(sql, purpose, customer_id)
        return gen, state


def own_token(page: str) -> str:
    return page.split('name="own" value="', 1)[1].split('"', 1)[0]


def press(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form of the page as it stands now."""
    return client.post(path, data={"own": own_token(client.get("/portal").text), **fields})


@contextmanager
def open_place(state: Path, *, public: bool = False, **settings: Any) -> Iterator[Place]:
    """Open a hub with one shop and one box, and serve it until left; `public`: letters may lead to it."""
    ready = threading.Event()
    said: list[tuple[str, dict[str, Any]]] = []
    opened: list[tuple[Hub, asyncio.AbstractEventLoop, asyncio.Event]] = []
    clock = MovedClock()

    def log(event: str, /, **fields: Any) -> None:
        said.append((event, fields))

    async def main() -> None:
        stop = asyncio.Event()
        async with open_hub(config, clock=clock, log=log) as hub:
            await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
            opened.append((hub, asyncio.get_running_loop(), stop))
            serving = asyncio.ensure_future(serve(hub.app, sock, goodbye=hub.bell.close, ready=ready.set))
            await stop.wait()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        settings = {
            "names": {"s1": "Amersfoort"},
            "page": f"http://localhost:{port}" if public else "",
        } | settings
        config = Config(lay_hub(state), KEYS, secure_cookies=False, **settings)
        clients: list[httpx.Client] = []

        def end() -> None:
            for client in clients:
                client.close()
            _, loop, stop = opened[0]
            loop.call_soon_threadsafe(stop.set)

        with beside(lambda: asyncio.run(main()), name="hub", ready=ready, stop=end):
            hub, loop, _ = opened[0]
            yield Place(hub, clock, loop, f"http://127.0.0.1:{port}", said, clients)


__all__ = ["ANNA", "BRAM", "HERE", "Place", "open_place", "own_token", "press"]
