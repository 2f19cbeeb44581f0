"""The lines that go out to the shops, and the pages they are read in."""

import asyncio
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from edge.kit.sql import Connection
from sync import wire
from sync.hub.signer import Signer
from sync.hub.tables import devices
from sync.hub.tables import feed as tables
from sync.hub.tables.feed import Line
from sync.hub.tables.people import Consent, Credential

if TYPE_CHECKING:
    from sync.hub.store import Store

_PAGE_ROOM = 1024  # for the checkpoint
EVERYTHING: Final = b""  # the topic of whoever wants to hear of every change
SKIPS_SINCE: Final = 2  # the version of the messages that counts with `skips`


def key(shop_id: str, customer_id: bytes, *, wrapped: bytes) -> list[Line]:
    """A customer's key, on both lanes: what cannot be opened is of no use."""
    d = msgspec.json.encode(wire.Key(wrapped))
    return [
        Line(part, "put", "key", customer_id.hex(), 1, d, customer_id)
        for part in (wire.urgent_part(shop_id), wire.main_part(shop_id))
    ]


def customer(shop_id: str, customer_id: bytes, *, ver: int, traits: list[wire.Trait]) -> Line:
    d = msgspec.json.encode(wire.Customer(traits))
    return Line(wire.main_part(shop_id), "put", "customer", customer_id.hex(), ver, d, customer_id)


def guest(shop_id: str, customer_id: bytes, *, since_ms: int, stay: str) -> Line:
    """Before all else of somebody who is here for a visit, so that a shop never holds them without knowing that."""
    d = msgspec.json.encode(wire.Guest(since_ms, stay))
    return Line(wire.main_part(shop_id), "put", "guest", customer_id.hex(), since_ms, d, customer_id)


def leaving(shop_id: str, customer_id: bytes) -> Line:
    """No resident of this shop any more."""
    return Line(wire.main_part(shop_id), "del", "customer", customer_id.hex(), 1, b"{}", customer_id)


def credential(shop_id: str, held: Credential, *, outer_hash: bytes) -> list[Line]:
    """A credential under the shop's own hash; a block goes on both lanes."""
    body = wire.Credential(held.customer_id.hex(), held.state, held.kind, held.bound_ms)
    d = msgspec.json.encode(body)
    return [
        Line(part, "put", "credential", outer_hash.hex(), held.ver, d, held.customer_id)
        for part in _lanes(shop_id, urgent=held.state == "blocked")
    ]


def consent(shop_id: str, given: Consent) -> list[Line]:
    """A register of consent; a withdrawal goes on both lanes."""
    body = wire.Consent(
        customer=given.customer_id.hex(),
        purpose=given.purpose,
        recipient=given.recipient,
        basis=given.basis,
        gen=given.gen,
        state=given.state,
        from_ms=given.from_ms,
        until_ms=given.until_ms,
    )
    id_ = f"{body.customer}/{body.purpose}/{body.recipient}"
    d = msgspec.json.encode(body)
    return [
        Line(part, "put", "consent", id_, given.ver, d, given.customer_id)
        for part in _lanes(shop_id, urgent=given.state == "withdrawn")
    ]


def erasure(shop_id: str, customer_id: bytes) -> list[Line]:
    """Forget this customer; on both lanes, so that neither ends with a row about them."""
    return [
        Line(part, "erase", "customer", customer_id.hex(), 1, b"{}", customer_id)
        for part in _lanes(shop_id, urgent=True)
    ]


def no_card(shop_id: str, customer_id: bytes, *, outer_hash: bytes) -> Line:
    """A card is nobody's any more."""
    return Line(wire.main_part(shop_id), "del", "credential", outer_hash.hex(), 1, b"{}", customer_id)


def departure(shop_id: str, customer_id: bytes) -> list[Line]:
    """This customer is not of this shop any more; on both lanes, as what told of them was."""
    return [
        Line(part, "del", "customer", customer_id.hex(), 1, b"{}", customer_id)
        for part in _lanes(shop_id, urgent=True)
    ]


def page(
    conn: Connection,
    part: str,
    *,
    after: int,
    limit: int,
    signer: Signer,
    now_ms: int,
    schema: int = wire.SCHEMA,
    once: str = "",
) -> bytes:
    """The next rows of `part` after `after` as the wire's bytes, at most `limit` and a page's size, signed.

    `schema` is that of the shop: one of the version before counts without `skips`, so it is told each number.
    `once` is said again.
    """
    lines: list[bytes] = []
    size, cursor = _PAGE_ROOM, after
    newest = tables.last(conn, part)  # before the rows: an empty page is then always up to date
    for row in islice(_rows(conn, part, after=after, limit=limit, schema=schema), limit):
        line = wire.encode_row(row)
        size += len(line)
        if size > wire.PAGE_BYTES:
            break
        lines.append(line)
        cursor = row.seq
    return wire.encode_page(
        lines,
        sign=partial(signer.sign, "checkpoint"),
        part=part,
        cursor=cursor,
        up_to_date=cursor >= newest,
        hub_time_ms=now_ms,
        hub_epoch=devices.hub_epoch(conn),
        keys=signer.keys,
        **({"once": once} if once else {}),
        schema=schema,
    )


def _rows(conn: Connection, part: str, *, after: int, limit: int, schema: int) -> Iterator[wire.Row]:
    for seq, op, t, id_, ver, d, skips in tables.after(conn, part, seq=after, limit=limit):
        if skips and schema < SKIPS_SINCE:
            for number in range(max(after, seq - skips - 1) + 1, seq):
                yield wire.Row(part, number, "put", tables.OVERTAKEN, "-", 0, wire.EMPTY)
            skips = 0
        yield wire.Row(part, seq, op, t, id_, ver, msgspec.Raw(d), skips)


class Waiting(NamedTuple):
    """How many wait: long polls and streams of boxes, and open pages."""

    polls: int
    streams: int
    pages: int


class Bell:
    """Wakes whoever waits after a commit: long polls by partition, pages by customer; after `close` nobody waits."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Event] = {}
        self._listening: dict[bytes, set[asyncio.Event]] = {}
        self._following: dict[str, dict[asyncio.Event, None]] = {}  # who came first is woken first
        self._polls = 0
        self._closed = False
        self.grown_s: float | None = None  # when a partition was last heard to grow, by time.monotonic

    @property
    def closed(self) -> bool:
        return self._closed

    def poke(self, customer_ids: Iterable[bytes] = ()) -> None:
        """Something of these customers changed; headquarters looks whenever anything did."""
        for topic in (EVERYTHING, *customer_ids):
            for event in self._listening.get(topic, ()):
                event.set()

    @contextmanager
    def listening(self, topic: bytes) -> Generator[asyncio.Event, None, None]:
        """An event that is set at each poke of a customer, or of `EVERYTHING`, and when the hub closes."""
        event = asyncio.Event()
        self._listening.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            self._listening[topic].discard(event)
            if not self._listening[topic]:
                del self._listening[topic]

    def is_listened(self) -> bool:
        """Whether anybody has a page open."""
        return bool(self._listening)

    def customers(self) -> list[bytes]:
        """Who has a page open."""
        return [topic for topic in self._listening if topic != EVERYTHING]

    @contextmanager
    def following(self, parts: Sequence[str]) -> Generator[asyncio.Event, None, None]:
        """An event that is set whenever one of these partitions grew, and when the hub closes."""
        event = asyncio.Event()
        for part in parts:
            self._following.setdefault(part, {})[event] = None
        try:
            yield event
        finally:
            for part in parts:
                del self._following[part][event]
                if not self._following[part]:
                    del self._following[part]

    def waiting(self) -> Waiting:
        streams = {event for following in self._following.values() for event in following}
        return Waiting(self._polls, len(streams), sum(map(len, self._listening.values())))

    def ring(self, parts: list[str]) -> None:
        """These partitions grew."""
        if parts:
            self.grown_s = time.monotonic()
        for part in parts:
            for following in self._following.get(part, ()):
                following.set()
            if event := self._waiting.pop(part, None):
                event.set()

    async def wait(self, db: "Store", part: str, *, after: int, wait_s: float) -> None:
        """Return when `part` has a row after `after`, when `wait_s` is over, or when the hub closes."""
        self._polls += 1
        try:
            async with asyncio.timeout(wait_s):
                while not self._closed:
                    # Before the look, so that nothing is missed between the two.
                    rung = self._waiting.setdefault(part, asyncio.Event())
                    if await db.read(tables.last, part) > after:
                        return
                    await rung.wait()
        except TimeoutError:
            return
        finally:
            self._polls -= 1

    def close(self) -> None:
        self._closed = True
        self.ring(list({*self._waiting, *self._following}))
        self.poke(list(self._listening))


def _lanes(shop_id: str, *, urgent: bool) -> list[str]:
    main = wire.main_part(shop_id)
    return [wire.urgent_part(shop_id), main] if urgent else [main]
