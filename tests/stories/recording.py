"""A short day of the real appliance and the real hub under a tracer, until both lose their power."""

import asyncio
import random
import re
import signal
import sqlite3
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from staff_ui.security import FORM_FIELD, form_token
from sync import wire
from sync.hub import config as hub_config
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.consents import NewConsent
from sync.hub.hq import tokens
from sync.hub.people import NewCustomer
from sync.hub.tables.devices import Device
from tests.patience import PATIENT_S
from tests.stories.kills import Acknowledged
from tests.stories.shop import RECIPIENT, Shop, quiet, until
from tests.stories.taps import Pipe
from tests.stories.trace import STRACE, Op, held, read

GUEST: Final = ("2912345678904", b"\x9a" * 16)  # a member of another shop, and their card
NEW_CARD: Final = ("2912345678911", "2912345678928")  # of somebody who joins, and of one who was known
PARTS: Final = (wire.main_part("story"), wire.urgent_part("story"))
FeedRow = tuple[str, int, str, str, str, int, bytes]  # part, seq, op, t, id, ver, d


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run did to a folder, beginning with `base`."""

    base: Mapping[str, bytes]
    ops: Sequence[Op]


@dataclass(frozen=True, slots=True)
class Day:
    """Both recordings, and what a disk is held to: the lines of the ledger, what the hub said, and who went."""

    edge: Recording
    hub: Recording
    lines: Sequence[tuple[Any, ...]]  # but those of whom was erased
    feed: Sequence[FeedRow]
    erased: bytes  # a customer
    gone_at: Mapping[str, int]  # by partition: the row that says so
    residents: frozenset[str]  # ids of those whom the feed alone speaks of
    keys: hub_config.Keys


@dataclass(frozen=True, slots=True)
class _Seen:
    """Rows as they first stood: an erasure writes over every row of theirs."""

    feed: dict[tuple[str, int], FeedRow] = field(default_factory=dict)
    lines: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)

    def look(self, shop: Shop) -> None:
        with closing(sqlite3.connect(shop.folder / "hub" / "hub.db", timeout=PATIENT_S)) as conn:
            sql = "SELECT part, seq, op, t, id, ver, d FROM feed WHERE part IN (?, ?)"
            for row in conn.execute(sql, PARTS):
                self.feed.setdefault((row[0], row[1]), row)
        for row in _lines(shop):
            self.lines.setdefault(row[0], row)

    def rows(self) -> list[FeedRow]:
        return [self.feed[place] for place in sorted(self.feed)]


def _lines(shop: Shop) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{shop.journal}?mode=ro", uri=True, timeout=PATIENT_S)) as conn:
        return conn.execute("SELECT line_id, visit_id, delta, at_ms FROM ledger ORDER BY seq").fetchall()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class Counter:
    """The tablet of a colleague, and headquarters' program, as plain requests."""

    def __init__(self, shop: Shop, token: str) -> None:
        self._shop = shop
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)
        tablet = dict(each.split("=", 1) for each in shop.cookie.split("; "))
        self._own = form_token(next(value for name, value in tablet.items() if "tablet" in name))

    def get(self, path: str) -> str:
        return self._ask(urllib.request.Request(self._shop.url + path, headers={"Cookie": self._shop.cookie}))

    def post(self, path: str, **fields: str) -> str:
        form = urlencode(fields | {FORM_FIELD: self._own}).encode()
        return self._ask(urllib.request.Request(self._shop.url + path, form, {"Cookie": self._shop.cookie}))

    def at_hub(self, method: str, path: str) -> str:
        url = f"http://127.0.0.1:{self._shop.hub_port}/api/v1{path}"
        return self._ask(
            urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {self._token}"})
        )

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            with self._opener.open(request, timeout=PATIENT_S) as answer:
                return str(answer.read().decode())
        except HTTPError as error:  # 303 is one here
            return error.read().decode()


def recorded(shop: Shop, *, rounds: int, seed: int) -> Day:
    """The replica fetched anew; taps, points, a guest, somebody new, a card, a "no", an erasure; then no power."""
    state, hub_state = shop.folder / "state", shop.folder / "hub"
    traces = shop.folder / "edge.trace", shop.folder / "hub.trace"
    token, keys = _headquarters(shop)
    base = held(state)
    shop.start_hub()
    shop.under = (*STRACE, "-o", str(traces[0]))
    shop.start_edge()
    shop.moved_in()
    # The hub is another one now: everything is fetched whole beside the replica in use, and takes its place.
    shop.stop_hub(signal.SIGKILL)
    hub_base = held(hub_state)
    shop.hub_under = (*STRACE, "-o", str(traces[1]))
    shop.start_hub("--restored")
    until(lambda: _logged(shop, "replica_fetched"), timeout_s=PATIENT_S, what="the replica fetched whole")
    stream = Acknowledged(shop)
    seen = _Seen()
    erased, others = _work(shop, Counter(shop, token), seen, rounds=rounds, seed=seed)
    for end, trace in ((shop.stop_edge, traces[0]), (shop.stop_hub, traces[1])):
        end(signal.SIGKILL)
        until(lambda: b"killed by SIGKILL" in _end(trace), timeout_s=PATIENT_S, what="the end of a trace")  # noqa: B023
    shop.under = shop.hub_under = ()
    stream.close()
    seen.look(shop)
    rows, lines = seen.rows(), [line for line in _lines(shop) if seen.lines[line[0]] == line]
    gone = {part: seq for part, seq, op, _, id_, _, _ in rows if (op, id_) == ("erase", erased.hex())}
    residents = {person.customer_id.hex() for person in shop.people} - {erased.hex(), *others}
    return Day(
        Recording(base, read(traces[0], state, base)),
        Recording(hub_base, read(traces[1], hub_state, hub_base)),
        lines, rows, erased, gone, frozenset(residents), keys,
    )  # fmt: skip


def _headquarters(shop: Shop) -> tuple[str, hub_config.Keys]:
    """A program's token, and somebody who is a member elsewhere."""
    credentials = shop.folder / "credentials"
    keys = hub_config.read_keys(
        {name: (credentials / name).read_bytes() for name in ("hub_kek", "chain_key")}
    )

    async def prepare() -> str:
        async with open_hub(hub_config.Config(state=shop.folder / "hub", keys=keys), log=quiet) as hub:
            key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
            device = Device("other-1", "other", 1, key)
            await hub.db.apply(devices.register, keys, device=device, shop_key=sha256(b"other").digest())
            card, who = GUEST
            traits = {"name": {"call": "mevrouw Gast"}}
            consents = [NewConsent(purpose, RECIPIENT) for purpose in ("saving", "recognition")]
            await hub.add_customers(
                ["other"], [NewCustomer(who, traits, credentials=[("number", card)], consents=consents)]
            )
            scopes = ["customers:read", "customers:erase"]
            return await hub.db.apply(tokens.make, "story", scopes=scopes, now_ms=hub.now_ms())

    return asyncio.run(prepare()), keys


def _work(shop: Shop, counter: Counter, seen: _Seen, *, rounds: int, seed: int) -> tuple[bytes, set[str]]:
    """Whom headquarters erased, and who else is not as the feed alone says."""
    dice = random.Random(seed)
    known = [person for person in shop.people if {"recognition", "saving"} <= set(person.purposes)]
    erased, stopped, *at_ease = known
    with closing(Pipe(shop.pipe)) as pipe:
        for number in range(rounds):
            person = at_ease[number % len(at_ease)] if number > 2 else (erased, stopped, at_ease[0])[number]
            pipe.tap(person.barcode, reader=f"counter-{number % 7}")
            visit = until(lambda: _visit(shop, person.customer_id), timeout_s=PATIENT_S, what="a visit")  # noqa: B023
            counter.post(f"/visits/{visit}/wallet", act="earn", amount="5", line=dice.randbytes(16).hex())
            if number == rounds // 4:
                pipe.tap(GUEST[0], reader="guests")
                until(lambda: _visit(shop, GUEST[1]), timeout_s=PATIENT_S, what="the guest's visit")
            if number == rounds // 3:
                _bind(shop, counter, pipe, at_ease[0].customer_id)
            if number == rounds // 2:
                there = until(lambda: _visit(shop, stopped.customer_id), timeout_s=PATIENT_S, what="a visit")
                counter.post(f"/visits/{there}/stop")
            if number == 2 * rounds // 3:
                _settled(shop)
                seen.look(shop)
                path = f"/customers/{erased.customer_id.hex()}?purpose=recognition&recipient={RECIPIENT}"
                counter.at_hub("DELETE", path)
                assert "UNKNOWN_CUSTOMER" in counter.at_hub("GET", path)
                until(lambda: _receipted(shop), timeout_s=PATIENT_S, what="a receipt")
        _join(shop, counter, pipe)
        _settled(shop)
    return erased.customer_id, {stopped.customer_id.hex(), GUEST[1].hex()}


def _bind(shop: Shop, counter: Counter, pipe: Pipe, customer_id: bytes) -> None:
    """A new card for somebody who is known."""
    pipe.tap(NEW_CARD[1], reader="new")
    found = until(
        lambda: re.search(r"/cards/new/([\w-]+)", counter.get("/visits")), timeout_s=PATIENT_S, what="a note"
    )
    counter.post(f"/cards/new/{found[1]}", customer=customer_id.hex(), sure="1")
    until(lambda: _facts(shop, "credential_bound"), timeout_s=PATIENT_S, what="the card bound")


def _join(shop: Shop, counter: Counter, pipe: Pipe) -> None:
    """Somebody becomes known on the tablet, which is handed over last of all."""
    pipe.tap(NEW_CARD[0], reader="new")
    found = until(
        lambda: re.search(r"/join/start\?note=([\w-]+)", counter.get("/visits")),
        timeout_s=PATIENT_S,
        what="a note of an unknown card",
    )
    counter.post("/join/start", note=found[1])
    counter.post("/join", act="next", name="mevrouw Nieuw", recognition="recognition", period="stop")
    counter.post("/join", act="keep")
    until(lambda: _facts(shop, "customer_joined"), timeout_s=PATIENT_S, what="somebody new")


def _visit(shop: Shop, customer_id: bytes) -> str:
    """Their visit if it is open, as whoever looks from outside sees it; empty else."""
    with closing(sqlite3.connect(f"file:{shop.journal}?mode=ro", uri=True, timeout=PATIENT_S)) as conn:
        found = conn.execute(
            "SELECT id FROM visit WHERE ended_ms IS NULL AND customer_id=?", (customer_id,)
        ).fetchone()
    return found[0].hex() if found else ""


def _facts(shop: Shop, kind: str) -> int:
    return int(shop.ask("journal.db", f"SELECT count(*) FROM outbox WHERE kind='{kind}'"))


def _receipted(shop: Shop) -> bool:
    """Whether the hub has the receipt for all that was taken away here."""
    with closing(sqlite3.connect(shop.folder / "hub" / "hub.db", timeout=PATIENT_S)) as conn:
        (left,) = conn.execute(
            "SELECT count(*) FROM feed WHERE part=? AND (op<>'put' OR t<>'key')"
            " AND seq>(SELECT coalesce(max(cursor), 0) FROM receipt WHERE device_id='story-1')",
            (wire.urgent_part("story"),),
        ).fetchone()
    return bool(left == 0)


def _settled(shop: Shop) -> None:
    """Wait until the hub has every fact and the shop every row of the feed."""

    def all_said() -> bool:
        with closing(sqlite3.connect(shop.folder / "hub" / "hub.db", timeout=PATIENT_S)) as conn:
            heads = dict(conn.execute("SELECT part, last FROM head WHERE part IN (?, ?)", PARTS).fetchall())
        with closing(sqlite3.connect(shop.folder / "state" / "replica.db", timeout=PATIENT_S)) as conn:
            cursors = dict(conn.execute("SELECT part, seq FROM feed_cursor").fetchall())
        waits = shop.ask("journal.db", "SELECT seq-acked FROM outbox_head")
        return not waits and all(cursors.get(part) == last for part, last in heads.items())

    until(all_said, timeout_s=PATIENT_S, what="nothing on its way between shop and hub")


def _logged(shop: Shop, event: str) -> bool:
    with suppress(ValueError):  # a line that is being written
        return any(each["event"] == event for each in shop.log_lines())
    return False


def _end(trace: Path) -> bytes:
    with open(trace, "rb") as content:
        content.seek(max(0, trace.stat().st_size - 100_000))
        return content.read()
