"""A hub with one shop and one customer, and a program of headquarters that asks it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from edge.catalogue.rules import Product
from sync.hub import catalogue, people
from sync.hub.app import Hub
from sync.hub.consents import NewConsent
from sync.hub.hq import tokens
from sync.hub.people import NewCustomer
from tests.described import Described
from tests.sync.centre import ANNA, HERE, KEYS, Centre, open_centre

WHO = f"/api/v1/customers/{ANNA.hex()}"
TRAITS: dict[str, Any] = {
    "name": {"call": "mevrouw De Vries"},
    "points": {"balance": 120},
    "stamps": {"have": 3, "of": 8, "reward": "koffie"},
    "since": {"year": 2019},
}
_DESCRIBED: list[Described] = []


@dataclass
class Desk:
    """The hub, its shop and a client whose token may do everything; every answer is held to the document."""

    centre: Centre
    client: httpx.AsyncClient

    @property
    def hub(self) -> Hub:
        return self.centre.hub

    async def token(self, *scopes: str) -> dict[str, str]:
        made = await self.hub.db.apply(tokens.make, "test", scopes=scopes, now_ms=self.hub.now_ms())
        return {"authorization": f"Bearer {made}"}

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.client.request(method, path, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None


def described(hub: Hub) -> Described:
    """What every answer of a hub is held to; all hubs have one document, and making it takes a while."""
    if not _DESCRIBED:
        _DESCRIBED.append(Described(hub.inside.openapi_schema.to_schema()))
    return _DESCRIBED[0]


@asynccontextmanager
async def open_desk(state: Path) -> AsyncGenerator[Desk, None]:
    async with open_centre(state) as centre:
        anna = NewCustomer(
            ANNA,
            TRAITS,
            [("number", "LOYALTY-0001")],
            [NewConsent("saving", HERE), NewConsent("recognition", HERE)],
        )
        await centre.hub.change(
            people.add_customer, KEYS, shop_ids=["s1"], customer=anna, now_ms=centre.hub.now_ms()
        )
        await centre.hub.change(catalogue.put_products, [Product("jas-1", "Regenjas", 8_995)])
        transport = httpx.ASGITransport(app=centre.hub.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            desk = Desk(centre, client)
            client.headers.update(await desk.token(*tokens.SCOPES))
            client.event_hooks["response"].append(described(centre.hub).hear)
            yield desk
