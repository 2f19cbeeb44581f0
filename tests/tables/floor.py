"""One shop's floor: the real files, writer, counter and uplink, with a hub that is only its feed."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from drivers.reader import Sighting, Token
from edge.consent import acts as consent
from edge.counter import Counter
from edge.facts import Fact
from edge.files import high_water_ms, prepare
from edge.keys import Keys
from edge.kit.clock import ShopTime
from edge.kit.ids import uuid7_source
from edge.kit.seal import derive, key_place, new_key, seal, trait_place
from edge.kit.sqlite import Database, open_writer
from edge.live import Live
from edge.recognition.rules import CredentialKind, inner, normalise, outer
from edge.record import record
from edge.uplink import Uplink
from edge.visits.rules import QUIET_MS
from sync import wire
from tests.kit.clocks import START_MS, HandClock

RECIPIENT = "van-dam"
MAIN, URGENT = "shop:demo", "shop:demo:urgent"
CARD = "2900000012345"
KEYS = Keys(
    shop_key=b"shop key of 32 bytes............",
    chain_key=b"chain key of 32 bytes...........",
    kek=b"key encryption key of 32 bytes..",
    pin_pepper=b"pepper of 32 bytes..............",
    device_key=b"device key of 32 bytes..........",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the hub knows them."""

    customer_id: bytes
    key: bytes
    hashes: tuple[bytes, ...]

    @property
    def hash(self) -> bytes:
        return self.hashes[0]


@dataclass(slots=True)
class Feed:
    """The hub's side of the feed: dense numbers a partition, the pages sealed for this shop."""

    last: dict[str, int] = field(default_factory=dict)
    _people: int = 0

    def row(self, part: str, op: wire.Op, kind: str, id_: str, *, ver: int = 1, body: Any = None) -> wire.Row:
        self.last[part] = self.last.get(part, 0) + 1
        return wire.Row(part, self.last[part], op, kind, id_, ver, msgspec.Raw(msgspec.json.encode(body)))

    def new_person(self, *numbers: str) -> Person:
        self._people += 1
        customer_id = self._people.to_bytes(16)
        return Person(customer_id, new_key(), tuple(card_hash(number) for number in numbers))

    def key(self, person: Person, *, part: str = URGENT) -> wire.Row:
        transport = derive(KEYS.shop_key, "key-transport")
        wrapped = seal(transport, person.key, key_place(person.customer_id))
        return self.row(part, "put", "key", person.customer_id.hex(), body=wire.Key(wrapped))

    def customer(
        self,
        person: Person,
        traits: Mapping[str, Any],
        *,
        ver: int = 1,
        until: Mapping[str, int] | None = None,
    ) -> wire.Row:
        id_ = person.customer_id
        sealed = [
            wire.Trait(
                name=name,
                sealed=seal(person.key, json.dumps(value).encode(), trait_place(id_, name, ver)),
                ver=ver,
                as_of_ms=START_MS,
                until_ms=(until or {}).get(name),
            )
            for name, value in traits.items()
        ]
        return self.row(MAIN, "put", "customer", id_.hex(), ver=ver, body=wire.Customer(sealed))

    def credential(
        self, person: Person, number: int = 0, *, state: Any = "active", ver: int = 1, part: str = MAIN
    ) -> wire.Row:
        body = wire.Credential(person.customer_id.hex(), state)
        return self.row(part, "put", "credential", person.hashes[number].hex(), ver=ver, body=body)

    def consent(
        self,
        person: Person,
        purpose: str = "recognition",
        *,
        gen: int = 1,
        ver: int = 1,
        state: Any = "given",
        from_ms: int = START_MS,
        until_ms: int | None = None,
        part: str = MAIN,
        recipient: str = RECIPIENT,
    ) -> wire.Row:
        body = wire.Consent(
            customer=person.customer_id.hex(),
            purpose=purpose,
            recipient=recipient,
            basis="agreement" if purpose == "saving" else "consent",
            gen=gen,
            state=state,
            from_ms=from_ms,
            until_ms=until_ms,
        )
        id_ = f"{person.customer_id.hex()}/{purpose}/{recipient}"
        return self.row(part, "put", "consent", id_, ver=ver, body=body)

    def erasure(self, person: Person) -> wire.Row:
        return self.row(URGENT, "erase", "customer", person.customer_id.hex())


def page(*rows: wire.Row) -> wire.Page:
    """Rows of one partition as they come off the wire, checkpoint and digest included."""
    closing_line = {"part": rows[0].p, "cursor": rows[-1].seq, "up_to_date": True, "hub_time_ms": START_MS}
    return wire.decode_page(wire.encode_page(map(wire.encode_row, rows), **closing_line))


def card_hash(number: str) -> bytes:
    """This shop's hash of a card number, of a chip's UID (`uid:04a1…`) or of a web pass (`pass:…`)."""
    prefixes: tuple[CredentialKind, ...] = ("uid", "pass")
    kind = next((each for each in prefixes if number.startswith(f"{each}:")), "number")
    value = normalise(kind, number.removeprefix(f"{kind}:"))
    return outer(KEYS.shop_key, inner(KEYS.chain_key, kind, value or b""))


TRAITS: dict[str, Any] = {
    "name": {"call": "mevrouw De Vries", "full": "Femke de Vries", "initials": "FV"},
    "since": {"year": 2014},
    "points": {"balance": 340},
    "stamps": {"have": 3, "of": 8, "reward": "gratis impregneren"},
    "last": {"what": "de wandelschoenen Korenmarkt"},
}
ALL_PURPOSES = ("recognition", "saving", "profiling")


@dataclass(slots=True)
class Floor:
    """What stands in one shop."""

    folder: Path
    clock: HandClock
    time: ShopTime
    db: Database[Fact]
    live: Live
    counter: Counter
    uplink: Uplink
    feed: Feed
    heard: list[Sequence[wire.Row]]

    async def apply(self, *rows: wire.Row) -> None:
        """Bring rows down, each partition as a page of its own, in the order given."""
        for part in dict.fromkeys(row.p for row in rows):
            await self.uplink.apply(page(*(row for row in rows if row.p == part)))

    async def resident(
        self,
        *numbers: str,
        traits: Mapping[str, Any] | None = None,
        consents: Mapping[str, int | None] | None = None,
        until: Mapping[str, int] | None = None,
    ) -> Person:
        """A customer with cards and consents (purpose -> end); all of TRAITS and all purposes when not said."""
        person = self.feed.new_person(*(numbers or (CARD,)))
        given = dict.fromkeys(ALL_PURPOSES) if consents is None else consents
        await self.apply(
            self.feed.key(person),
            self.feed.customer(person, TRAITS if traits is None else traits, until=until),
            *(self.feed.credential(person, at) for at in range(len(person.hashes))),
            *(self.feed.consent(person, purpose, until_ms=until_ms) for purpose, until_ms in given.items()),
        )
        return person

    async def tap(
        self,
        value: str = CARD,
        *,
        reader: str = "counter-1",
        how: Any = "tap",
        kind: Any = "qr",
        evidence: Any = "weak",
        about: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Any:
        token = Token(kind, value, evidence, about or {})
        return await self.counter.on_sighting(Sighting(reader, at or datetime.now(UTC), how, token))

    async def withdraw(self, customer_id: bytes, purpose: str = "recognition") -> int:
        """A consent is taken back here; how many facts that made."""
        words: Any = {"purpose": purpose, "recipient": RECIPIENT, "now_ms": self.now_ms}
        return len((await self.db.write(consent.withdraw, customer_id, **words)).facts)

    @property
    def now_ms(self) -> int:
        return self.time.now_ms()

    def one(self, sql: str) -> Any:
        """The first column of the first row that a reader sees."""
        return self.db.reader.execute(sql).fetchone()[0]


@asynccontextmanager
async def open_floor(
    folder: Path,
    *,
    clock: HandClock | None = None,
    feed: Feed | None = None,
    unlocking: frozenset[str] = frozenset(),
) -> AsyncIterator[Floor]:
    """Open (or open again) the shop in `folder`, as edge.app does it."""
    clock = clock or HandClock()
    files = prepare(folder, log=lambda event, **fields: None)
    db: Database[Fact] = await Database.open(files.journal, attach={"replica": files.replica}, record=record)
    heard: list[Sequence[wire.Row]] = []

    async def applied(rows: Sequence[wire.Row]) -> None:
        heard.append(rows)

    try:
        time = ShopTime(clock, high_water_ms=high_water_ms(db.reader))
        live = Live()
        counter = Counter(
            db,
            live,
            time,
            uuid7_source(clock),
            KEYS,
            recipient=RECIPIENT,
            quiet_ms=QUIET_MS,
            unlocking=unlocking,
        )
        uplink = Uplink(db, KEYS, time, on_applied=applied)
        yield Floor(folder, clock, time, db, live, counter, uplink, feed or Feed(), heard)
    finally:
        await db.close()


def checkpoint(folder: Path) -> None:
    """Empty the write-ahead logs into their files."""
    for name in ("journal.db", "replica.db"):
        with closing(open_writer(folder / name)) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
