"""What goes past the framework is answered as the framework answers it: each request is asked both ways."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote

import httpx
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar

from sync import standing, wire
from sync.hub import devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.gate import Gate
from sync.hub.meter import Meter
from sync.receipt import RECEIPT_PATH
from sync.signing import DeviceAuth
from tests.fresh import lay_hub
from tests.kit.clocks import START_MS, HandClock
from tests.sync.centre import DEVICE_KEY, KEYS, SHOP_KEY, Said, customer, device
from tests.sync.shop import TestBox

Fields = Sequence[tuple[bytes, bytes]]
FEED = f"{wire.FEED_PATH}?part=shop:s1&after=0"
STANDING = f"{standing.DEVICE_PATH}?epoch=1&seq=0"
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"O" * 32)


class Asked(NamedTuple):
    """One request. Its body comes in `pieces`; 0: whoever asked is gone before. `first` and `last` are put around
    what was signed."""

    target: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})
    key: Ed25519PrivateKey | None = DEVICE_KEY
    pieces: int = 1
    first: Fields = ()
    last: Fields = ()
    without: bytes = b""  # this field


async def answer(app: Any, asked: Asked) -> tuple[int, Fields, bytes]:
    """Status, headers and body."""
    url = f"http://hub.test{asked.target}"
    request = httpx.Request(asked.method, url, content=asked.body, headers=asked.headers)
    if asked.key is not None:
        request = next(DeviceAuth("box-1", asked.key, wall_ms=lambda: START_MS).auth_flow(request))
    raw_path, _, query = request.url.raw_path.partition(b"?")
    signed = [(name.lower(), value) for name, value in request.headers.raw if name.lower() != asked.without]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "headers": [*asked.first, *signed, *asked.last],
        "scheme": "http",
        "path": unquote(raw_path.decode()),
        "raw_path": raw_path,
        "query_string": query,
        "server": ("hub.test", 80),
        "client": ("192.0.2.7", 4711),
        "root_path": "",
        "state": {},
    }
    size = -(-len(asked.body) // max(1, asked.pieces)) or 1
    parts = [asked.body[at : at + size] for at in range(0, len(asked.body), size)] or [b""]
    said: list[Any] = []

    async def receive() -> Any:
        if not asked.pieces:
            return {"type": "http.disconnect"}
        if not parts:
            await asyncio.Event().wait()
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    start, *rest = said
    return start["status"], [*start["headers"]], b"".join(each.get("body", b"") for each in rest)


@asynccontextmanager
async def two_alike(folder: Path) -> AsyncGenerator[tuple[Hub, Hub], None]:
    """Two hubs that know the same, and whose clock stands."""
    clock, said = HandClock(), Said()
    async with open_hub(Config(lay_hub(folder / "one"), KEYS), clock=clock, log=said) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer()])
    shutil.copytree(folder / "one", folder / "other")
    async with (
        open_hub(Config(folder / "one", KEYS), clock=clock, log=said) as one,
        open_hub(Config(folder / "other", KEYS), clock=clock, log=said) as other,
    ):
        yield one, other


def requests(box: TestBox) -> dict[str, Asked]:
    box.happened(6)

    def upload(first: int, last: int, name: str = "box-1") -> bytes:
        return wire.encode_batch(box.batch(first, last), name)

    def post(body: bytes, **more: Any) -> Asked:
        return Asked(wire.EVENTS_PATH, "POST", body, **more)

    guest, packed = wire.encode_ask(wire.GuestAsk(card=b"no card")), {"accept-encoding": "zstd"}
    long = b"x" * (wire.BATCH_BYTES + 1)
    return {
        "an upload": post(upload(1, 2)),
        "an upload that is packed": post(
            zstandard.compress(upload(3, 4)), headers=packed | {"content-encoding": "zstd"}
        ),
        "an upload in pieces": post(upload(5, 6), pieces=3),
        "an upload that came before": post(upload(5, 6)),
        "an upload with words behind its address": Asked(f"{wire.EVENTS_PATH}?a=b", "POST", upload(5, 6)),
        "a page": Asked(FEED),
        "a page that is packed": Asked(FEED, headers=packed),
        "a page with every word": Asked(f"{FEED}&limit=2&wait=0&schema=2&once=ab"),
        "a page with words that are empty or not ours": Asked(f"{FEED}&once=&x=1&request=2&state="),
        "a page with a word twice": Asked(f"{FEED}&limit=1&limit=2"),
        "a page with words in other letters": Asked(f"{wire.FEED_PATH}?part=shop%3As1&after=%30&once=a+b"),
        "a standing": Asked(STANDING),
        "a guest": Asked(wire.GUEST_PATH, "POST", guest),
        "a receipt": Asked(RECEIPT_PATH, "POST", b'{"part":"shop:s1"}'),
        # And what is not as it should be.
        "no signature": Asked(FEED, key=None),
        "a wrong signature": Asked(FEED, key=OTHER_KEY),
        "a wrong signature of an upload": post(upload(5, 6), key=OTHER_KEY),
        "a word that is missing": Asked(f"{wire.FEED_PATH}?part=shop:s1"),
        "no words": Asked(wire.FEED_PATH),
        "a word that is none": Asked(f"{wire.FEED_PATH}?part=shop:s1&after=x"),
        "a number that is too large": Asked(f"{standing.DEVICE_PATH}?epoch=1&seq={'9' * 30}"),
        "a limit of nought": Asked(f"{FEED}&limit=0"),
        "a word that is too long": Asked(f"{FEED}&once={'x' * 200}"),
        "another shop's page": Asked(FEED.replace("s1", "s2")),
        "a box that is too old": Asked(f"{FEED}&schema=0"),
        "a cursor ahead": Asked(FEED.replace("after=0", "after=99")),
        "another box's upload": post(upload(5, 6, "box-2")),
        "a chain that hangs on nothing": post(upload(5, 6).replace(b'"epoch":1', b'"epoch":7')),
        "noise": post(b"\xff\x00{]\n"),
        "a coding that is not known": post(upload(5, 6), headers={"content-encoding": "gzip"}),
        "no zstd": post(upload(5, 6), headers={"content-encoding": "zstd"}),
        "a field twice": post(upload(5, 6), last=[(b"content-encoding", b"gzip"), (b"accept-encoding", b"zstd")]),
        "a field before it": post(upload(5, 6), first=[(b"content-encoding", b"gzip")]),
        "a digest twice": post(upload(5, 6), last=[(b"content-digest", b"sha-256=:x:")]),
        "a signature before it": post(upload(5, 6), first=[(b"signature", b"sig1=:x:")]),
        "too long": post(long),
        "too long, as it says": post(b"x", first=[(b"content-length", b"9999999999")]),
        "too long, in pieces and without saying so": post(long, pieces=9, without=b"content-length"),
        "a length that is none": post(upload(5, 6), first=[(b"content-length", b"+5")]),
        "whoever asked is gone": post(upload(5, 6), pieces=0),
        "no host": Asked(FEED, without=b"host"),
        "a host that is none": Asked(FEED, first=[(b"host", b"hub test/")]),
        "a host in odd letters": Asked(FEED, headers={"host": "hub~(1).test"}),
        "two hosts": Asked(FEED, last=[(b"host", b"hub test/")]),
        "another method": Asked(wire.EVENTS_PATH),
        "another method of a page": Asked(FEED, "POST", b"{}"),
        "the head of a page": Asked(FEED, "HEAD"),
        "what may be asked": Asked(wire.EVENTS_PATH, "OPTIONS"),
        "an address with one stroke more": Asked(FEED.replace("?", "/?")),
        "an address with two strokes": Asked(FEED.replace("/v1", "//v1")),
        "an address in other letters": Asked(FEED.replace("feed", "%66eed")),
        "whoever looks for a page": Asked(wire.FEED_PATH, headers={"accept": "text/html"}),
    }  # fmt: skip


@pytest.mark.anyio
async def test_a_request_is_answered_as_the_framework_answers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, went, whole = TestBox(tmp_path / "box.db"), list[str](), Litestar.__call__

    async def framework(self: Litestar, scope: Any, receive: Any, send: Any) -> None:
        went.append(scope["path"])
        await whole(self, scope, receive, send)

    monkeypatch.setattr(Litestar, "__call__", framework)
    async with two_alike(tmp_path) as (one, other):
        straight, through = one.app, Meter(Gate(other.inside, other), other.tally)
        alone = []
        for name, asked in requests(box).items():
            went.clear()
            said = await answer(straight, asked)
            if not went:
                alone.append(name)
            assert said == await answer(through, asked), name
            assert went, name
        assert (one.tally.answers, one.tally.refusals) == (other.tally.answers, other.tally.refusals)
        assert (one.tally.uploads, one.tally.facts) == (other.tally.uploads, other.tally.facts) == (7, 6)
        assert {status for _, status in one.tally.answers} >= {
            200,
            204,
            400,
            401,
            403,
            405,
            409,
            413,
            415,
            426,
        }
        assert one.contacts.known() == other.contacts.known()
    box.close()
    assert {"an upload", "a page", "a standing", "a guest", "a receipt", "a wrong signature", "noise"} <= {
        *alone
    }
    assert not {"no words", "another method", "the head of a page", "a host that is none"} & {*alone}
