"""Invented shops for `bench hub`: their keys, their customers, and what they send after a busy hour.

Every upload is packed and signed before the clock starts, so that what is measured is the hub and not the shops.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.kit.chain import GENESIS, link
from sync import wire
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.signing import DeviceAuth

RECIPIENT: Final = "van-dam"
START: Final = 100  # points of everybody
# One visit as the appliance writes it down; a wallet line is the one that moves a balance.
VISIT: Final = ("visit_started", "greeted", "card_shown", "wallet_moved", "visit_ended")


@dataclass(slots=True)
class Shop:
    """One shop, the end of its history, and what its customers' points have to be when all has arrived."""

    number: int
    customers: int
    seq: int = 0
    hash: bytes = GENESIS
    points: Counter[bytes] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        return f"shop-{self.number:04d}"

    @property
    def device(self) -> str:
        return f"box-{self.number:04d}"

    @property
    def shop_key(self) -> bytes:
        return sha256(b"bench hub shop %d" % self.number).digest()

    @property
    def device_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(b"bench hub device %d" % self.number).digest())

    def customer(self, number: int) -> bytes:
        return sha256(b"bench hub customer %d %d" % (self.number, number)).digest()[:16]

    def people(self) -> list[NewCustomer]:
        consents = [NewConsent("saving", RECIPIENT), NewConsent("recognition", RECIPIENT)]
        return [
            NewCustomer(
                self.customer(number),
                {"name": f"Customer {number}", "points": {"balance": START}},
                [("number", f"BENCH-{self.number:04d}-{number:06d}")],
                consents,
            )
            for number in range(self.customers)
        ]

    def batch(self, facts: int, *, seed: random.Random, at_ms: int) -> wire.Batch:
        """The next facts of this shop: visit after visit of its own customers."""
        first, before = self.seq + 1, self.hash
        events: list[wire.Event] = []
        while len(events) < facts:
            customer = self.customer(seed.randrange(self.customers))
            visit = seed.randbytes(16)
            for kind in VISIT[: facts - len(events)]:
                self.seq += 1
                body = msgspec.json.encode(self._body(kind, customer, visit, seed))
                self.hash = link(self.hash, seq=self.seq, at_ms=at_ms, kind=kind, body=body)
                events.append(wire.Event(self.seq, at_ms, kind, msgspec.Raw(body)))
        return wire.Batch(1, first, before, events)

    def _body(self, kind: str, customer: bytes, visit: bytes, seed: random.Random) -> dict[str, Any]:
        body: dict[str, Any] = {"visit_id": visit.hex(), "customer_id": customer.hex()}
        match kind:
            case "visit_started":
                return body | {"zone": "counter", "how": "tap", "reader": "counter-1"}
            case "card_shown":
                return body | {"role": "staff", "purpose": "recognition", "reason": ""}
            case "wallet_moved":
                delta = seed.randrange(1, 90)
                self.points[customer] += delta
                line = {"line_id": seed.randbytes(16).hex(), "instrument": "points", "delta": delta}
                return body | line | {"why": "purchase"}
            case "visit_ended":
                return body | {"why": "quiet"}
        return body


def request(shop: Shop, method: str, url: str, body: bytes = b"") -> bytes:
    """A signed request as the bytes that go over the line."""
    auth = DeviceAuth(shop.device, shop.device_key, wall_ms=lambda: time.time_ns() // 1_000_000)
    asked = httpx.Request(method, url, content=body)
    next(auth.auth_flow(asked))
    head = f"{method} {asked.url.raw_path.decode()} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    return head.encode() + b"\r\n" + body


class Line:
    """A kept-alive connection of one shop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=wire.PAGE_BYTES))

    async def ask(self, asked: bytes) -> bytes:
        """The body of the answer; raises RuntimeError for any but 200."""
        self._writer.write(asked)
        head = await self._reader.readuntil(b"\r\n\r\n")
        fields = dict(part.lower().split(b": ", 1) for part in head.split(b"\r\n")[1:] if b": " in part)
        body = await self._reader.readexactly(int(fields[b"content-length"]))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"a shop was answered {head[:40]!r} {body[:200]!r}")
        return body

    def close(self) -> None:
        self._writer.close()


async def send(uploads: Sequence[tuple[int, Sequence[bytes]]], *, at_once: int) -> tuple[float, list[float]]:
    """Each shop sends its uploads, one after the other's answer; seconds in all, and of each answer.

    `at_once` shops have one on its way at a time: the others are on the line and wait.
    """
    turn = asyncio.Semaphore(at_once)
    lines = [await Line.open(port) for port, _ in uploads]
    took: list[float] = []

    async def one(line: Line, its: Sequence[bytes]) -> None:
        for asked in its:
            async with turn:
                began_s = time.perf_counter()
                wire.decode_answer(await line.ask(asked))
                took.append(time.perf_counter() - began_s)

    began_s = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for line, (_, its) in zip(lines, uploads, strict=True):
                group.create_task(one(line, its))
        return time.perf_counter() - began_s, took
    finally:
        for line in lines:
            line.close()


async def pages(shop: Shop, port: int, part: str) -> list[wire.Page]:
    """A whole partition as the shop reads it, each page dense after the last and true to its digest."""
    line, found, after = await Line.open(port), [], 0
    try:
        while True:
            url = f"http://127.0.0.1:{port}{wire.FEED_PATH}?part={part}&after={after}&limit={wire.PAGE_ROWS}"
            page = wire.decode_page(await line.ask(request(shop, "GET", url)))
            wire.follows(page, part, after=after)
            found.append(page)
            after = page.checkpoint.cursor
            if page.checkpoint.up_to_date:
                return found
    finally:
        line.close()


def shops(count: int, customers: int) -> Iterator[Shop]:
    return (Shop(number, customers) for number in range(count))
