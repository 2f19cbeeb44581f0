"""An attacker at the hub, with a token, a device's key or a customer's session that is worth less than the address.

tests/sync/portal/test_strangers.py tries the customers' pages; this, whatever else the application serves.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar.handlers import HTTPRouteHandler

from edge.catalogue.rules import Product
from sync import own_page, own_request, standing, wire
from sync.hub import catalogue, devices
from sync.hub.app import Hub
from sync.hub.hq import tokens
from sync.hub.portal import security, sessions
from sync.hub.portal.routes import ROUTES as PAGES
from sync.pokes import URGENT_PATH
from sync.receipt import RECEIPT_PATH, Receipt, signed
from sync.signing import DeviceAuth
from tests.attack.dumps import dump
from tests.sync.centre import ANNA, BRAM, DEVICE_KEY, HERE, KEYS, customer, device, open_centre

pytestmark = pytest.mark.anyio
V1 = "/api/v1"
THEIRS = Ed25519PrivateKey.from_private_bytes(b"E" * 32)
ASKS = ("POST", f"{V1}/customers/find")  # reads, and keeps what it is asked out of the address
CANARIES = ("Kanarievogel", "KANARIE-0001", "987654")
# What the two kinds of programs are let in by; each address that is neither a page nor below V1 is named here.
SIGNED = frozenset(
    {
        ("POST", wire.EVENTS_PATH),
        ("GET", wire.FEED_PATH),
        ("POST", wire.GUEST_PATH),
        ("POST", wire.STATUS_PATH),
        ("POST", own_page.PATH),
        ("POST", own_request.PATH),
        ("POST", RECEIPT_PATH),
        ("GET", URGENT_PATH),
        ("GET", standing.DEVICE_PATH),
        ("GET", "/sync/v1/snapshot"),
        ("GET", "/sync/v1/snapshot/{id_:str}"),
        ("GET", "/sync/v1/snapshot/{id_:str}/manifest"),
    }
)
# A code that is used up stands before the first, nothing before the others; none says anything of anybody.
OPEN = frozenset(
    {
        ("POST", "/sync/v1/enrol"),
        ("GET", "/healthz"),
        ("GET", "/"),
        *(("GET", f"/schema{each}") for each in ("", "/openapi.json", "/{path:str}")),
    }
)
QUERY = {
    wire.FEED_PATH: "?part=shop:s1&after=0",
    standing.DEVICE_PATH: "?epoch=1&seq=0",
}


@dataclass(slots=True)
class Scene:
    """Anna is a customer of shop 1; box 2 is shop 2's, and its key is the attacker's."""

    hub: Hub
    client: httpx.AsyncClient
    routes: dict[tuple[str, str], HTTPRouteHandler]

    def dump(self) -> dict[str, list[str]]:
        def rows(sql: str) -> list[Any]:
            return self.hub.db.reader.execute(sql).fetchall()

        return dump(rows, ("main",), but=("nonce",))

    def hers(self) -> dict[str, list[str]]:
        """What is kept of Anna."""
        kept = {table: [row for row in rows if repr(ANNA) in row] for table, rows in self.dump().items()}
        return {table: rows for table, rows in kept.items() if rows}

    async def token(self, *scopes: str) -> dict[str, str]:
        made = await self.hub.db.apply(tokens.make, "attack", scopes=scopes, now_ms=self.hub.now_ms())
        return {"authorization": f"Bearer {made}"}

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        answer = await self.client.request(method, address(path), headers=headers, **more)
        assert not any(each in answer.text for each in CANARIES), (method, path)
        return answer


def address(path: str) -> str:
    path = path.replace("{customer_id:str}", ANNA.hex()).replace("{item:str}", "jas-1")
    path = path.replace("{shop:str}", "s1").replace("{number:int}", "1")
    return re.sub(r"{\w+:str}", "0" * 32, path)


def served(hub: Hub) -> dict[tuple[str, str], HTTPRouteHandler]:
    """(method, path) -> what answers, read off the application itself."""
    found = {}
    for each in hub.inside.routes:
        for handler in getattr(each, "route_handlers", ()):
            assert isinstance(handler, HTTPRouteHandler), each.path
            for method in handler.http_methods:
                found[str(method), each.path] = handler
    return {key: handler for key, handler in found.items() if key[0] not in ("OPTIONS", "HEAD")}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncGenerator[Scene, None]:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.db.apply(
            devices.register, KEYS, device=device("box-2", "s2", key=THEIRS), shop_key=b"T" * 32
        )
        await hub.add_customers(["s1"], [customer(name="mevrouw Kanarievogel", number="KANARIE-0001")])
        await hub.change(catalogue.put_products, [Product("jas-1", "Regenjas", 987_654)])
        hub.config = replace(hub.config, page="https://hub.test")  # where codes for customers lead
        transport = httpx.ASGITransport(app=hub.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            yield Scene(hub, client, served(hub))


async def test_every_address_has_a_kind_of_guard(scene: Scene) -> None:
    pages = {(each.method, each.path) for each in PAGES}
    programs = {key for key in scene.routes if key[1].startswith(f"{V1}/")}
    assert set(scene.routes) == pages | programs | SIGNED | OPEN
    for key in programs:
        assert scene.routes[key].opt["scope"] in tokens.SCOPES, key
        assert scene.routes[key].resolve_guards(), key


async def test_who_has_nothing_or_what_is_good_elsewhere_gets_nothing(scene: Scene) -> None:
    code = await scene.hub.portal_code(ANNA)
    entered = await scene.client.get(f"/portal/enter/{code}")
    own = entered.headers["set-cookie"].split(";")[0]
    scene.client.cookies.clear()
    before = scene.dump()
    for headers in ({}, {"cookie": own}, {"authorization": f"Bearer {own.split('=', 1)[1]}"}):
        for method, path in sorted(set(scene.routes) - OPEN):
            if path.startswith(f"{V1}/") or (method, path) in SIGNED:
                given = await scene.ask(method, path + QUERY.get(path, ""), headers)
                assert given.status_code in (401, 429), (method, path, given.text)
    assert scene.dump() == before


@pytest.mark.parametrize("scope", sorted(tokens.SCOPES))
async def test_a_token_opens_what_its_scope_says_and_nothing_else(scene: Scene, scope: str) -> None:
    mine = await scene.token(scope)
    before = scene.dump()
    for (method, path), handler in scene.routes.items():
        if path.startswith(f"{V1}/") and handler.opt["scope"] != scope:
            given = await scene.ask(method, path, mine, **({} if method == "GET" else {"json": {}}))
            assert (given.status_code, given.json()["code"]) == (403, "NO_SCOPE"), (method, path)
        elif (method, path) in SIGNED:
            assert (await scene.ask(method, path + QUERY.get(path, ""), mine)).status_code == 401
        elif path.startswith("/hq"):
            assert (await scene.ask(method, path, mine)).status_code == 403, path
    assert scene.dump() == before


async def test_a_token_that_reads_everything_changes_nothing_by_any_method(scene: Scene) -> None:
    reads = frozenset(each for each in tokens.SCOPES if each.endswith(":read"))
    mine = await scene.token(*reads)
    before = scene.dump()
    paths = {path for _, path in scene.routes if path.startswith(f"{V1}/")}
    for path in sorted(paths):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            handler = scene.routes.get((method, path))
            if (method, path) == ASKS:
                continue
            heads = mine | {"x-http-method-override": "GET"}
            given = await scene.client.request(method, address(path), headers=heads, json={})
            assert given.status_code == (405 if handler is None else 403), (method, path)
    assert scene.dump() == before


async def test_a_box_gets_and_changes_nothing_of_another_shop(scene: Scene) -> None:
    auth = DeviceAuth("box-2", THEIRS, wall_ms=scene.hub.now_ms)
    ticket = await scene.client.get(
        "/sync/v1/snapshot", auth=DeviceAuth("box-1", DEVICE_KEY, wall_ms=scene.hub.now_ms)
    )
    id_ = ticket.json()["id"]
    before = scene.dump()
    receipt = signed(Receipt(part="urgent:s1", cursor=1, device="box-1", epoch=1), THEIRS)
    page = own_page.OwnPageAsk(customer_id=ANNA.hex(), shown="weak")
    forget = own_request.OwnRequest(
        customer_id=ANNA.hex(), kind="forget", shown="unlocked", at_ms=scene.hub.now_ms()
    )
    fact = wire.Event(
        1, scene.hub.now_ms(), "card_shown", msgspec.Raw(b'{"customer_id":"' + ANNA.hex().encode() + b'"}')
    )
    upload = wire.encode_batch(wire.Batch(1, 1, bytes(32), (fact,)), "box-1")
    tried: dict[tuple[str, str], tuple[str, bytes]] = {
        ("GET", wire.FEED_PATH): ("?part=shop:s1&after=0", b""),
        ("POST", own_page.PATH): ("", own_page.encode(page)),
        ("POST", own_request.PATH): ("", msgspec.json.encode(forget)),
        ("POST", RECEIPT_PATH): ("", msgspec.json.encode(receipt)),
        ("GET", "/sync/v1/snapshot/{id_:str}"): ("", b""),
        ("GET", "/sync/v1/snapshot/{id_:str}/manifest"): ("", b""),
        ("POST", wire.GUEST_PATH): ("", msgspec.json.encode({"card": "00" * 60})),
        ("POST", wire.EVENTS_PATH): ("", upload),
    }
    for (method, path), (query, body) in tried.items():
        target = path.replace("{id_:str}", id_) + query
        given = await scene.client.request(method, target, content=body, auth=auth)
        assert given.status_code in (400, 403, 404), (path, given.status_code, given.text)
        assert not any(each in given.text for each in CANARIES), path
    assert scene.dump() == before


@pytest.mark.parametrize("way", ["shop", "link"])
async def test_a_customers_session_finds_and_changes_nothing_of_another(
    scene: Scene, way: sessions.Way
) -> None:
    await scene.hub.add_customers(["s1"], [customer(BRAM, name="Bram", number="2")])
    code = await scene.hub.db.apply(sessions.make_code, BRAM, now_ms=scene.hub.now_ms(), way=way)
    entered = await scene.client.get(f"/portal/enter/{code}")
    heads = {"cookie": entered.headers["set-cookie"].split(";")[0], "accept": "text/html"}
    fields = {
        "customer": ANNA.hex(), "customer_id": ANNA.hex(), "purpose": "recognition", "recipient": HERE, "gen": "1",
        "state": "given", "sure": "yes", "kind": "mail", "name": "Kwaad", "card": "KANARIE-0001", "on": "1",
        "own": security.form_token(heads["cookie"].split("=", 1)[1]),
    }  # fmt: skip
    before = scene.hers()
    # His own page ends last: by then every other address was asked with a session that is good.
    last = ("/portal/session/end", "/portal/leave", "/portal/forget")
    for method, path in sorted(scene.routes, key=lambda each: (each[1] in last, each[1], each[0])):
        if path in ("/portal/live", "/hq/live"):
            continue  # streams without content
        sends = {} if method == "GET" else {"data": fields}
        given = await scene.ask(method, path + QUERY.get(path, ""), heads, **sends)
        if path.startswith((f"{V1}/", "/hq")) or (method, path) in SIGNED:
            assert given.status_code in (401, 403, 404, 429), (method, path, given.text)
    assert scene.hers() == before
    left = any(repr(BRAM) in row for row in scene.dump()['main."customer"'])
    assert left is (way == "shop")  # who is sure forgets himself, and nobody else
