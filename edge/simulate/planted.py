"""Bugs on purpose: a real function by name, and a wrong one in its place for as long as one seed is played.

Only the simulator imports this. A bug that it does not find is a bug of the simulator.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from edge import centre, lasting, outbox, replica
from edge.consent import acts as consent_acts
from edge.consent import tables as consents_here
from edge.kit.errors import StoreError
from edge.recognition import tables as recognition
from edge.uplink import Uplink
from edge.visits import acts as visits
from edge.wallet import rules as wallet_rules
from sync import agent, mending, wire
from sync.agent import Agent
from sync.hub import (
    app,
    consents,
    feed,
    guests,
    intake,
    joined,
    judging,
    lost,
    people,
    purses,
    receipts,
    restored,
    verdicts,
    wallet,
)
from sync.hub.app import Hub
from sync.hub.consents import NewConsent
from sync.hub.problem import Refusal
from sync.hub.tables import compaction, devices, events
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as customers
from sync.hub.tables import wallet as ledger

Swap = tuple[Any, str, Any]  # where it stands, its name, and what stands there instead


def _no_dedupe() -> list[Swap]:
    """What comes twice happens twice."""
    take_all = intake.take_all

    def again(conn: Any, keys: Any, *, uploads: Any, now_ms: int) -> Any:
        before = devices.ends(conn, [upload.envelope.device for upload in uploads])
        answers, moved = take_all(conn, keys, uploads=uploads, now_ms=now_ms)
        for upload, answer in zip(uploads, answers, strict=True):
            if isinstance(answer, intake.Taken):
                end = before[upload.envelope.device]
                moved += judged_again(conn, keys, upload, end=end, now_ms=now_ms)
        return answers, moved

    def judged_again(conn: Any, keys: Any, upload: Any, *, end: Any, now_ms: int) -> Any:
        device = devices.device(conn, upload.envelope.device)
        assert device is not None
        whose = verdicts.whose(device, end.hub_epoch, now_ms=now_ms)
        moving = purses.Purses(conn, keys, now_ms=now_ms, **whose)
        effects = verdicts.Effects(device, device.epoch, now_ms, moving)
        once_more = partial(judging.again, conn, keys, now_ms=now_ms)
        for fact in upload.facts:
            if fact.seq <= end.seq:
                read = verdicts.read(fact, b"")
                verdicts.judged(conn, keys, read, effects=effects, again=once_more)
        return partitions.publish(conn, effects.lines + wallet.rows(conn, moving.keep()))

    def add_new(conn: Any, lines: Any) -> None:
        known = ledger.written(conn, {line["line_id"] for line in lines})
        add_all(conn, [line for line in lines if line["line_id"] not in known])

    add_all = ledger.add_all
    return [
        (intake, "take_all", again),
        (purses.Purses, "_is_written", lambda *_, **__: False),
        (ledger, "add_all", add_new),
    ]


def _cursor_before_rows() -> list[Swap]:
    """The cursor is stored, and then the rows are."""

    def put(conn: Any, rows: Sequence[wire.Row], seals: replica.Seals) -> None:
        for row in rows:
            replica._apply_row(conn, row, seals)

    async def apply_slice(self: Any, rows: Sequence[wire.Row], *, urgent: bool) -> None:
        part, held = rows[0].p, self.cursor(rows[0].p)
        new = [row for row in rows if row.seq > held]
        if here := lasting.of(new, urgent=urgent):
            await self._db.apply(lasting.keep, here)
        await self._db.apply(replica.move, part, rows[-1].seq)
        await self._db.apply(put, new, self._seals)

    return [(Uplink, "_apply_slice", apply_slice)]


def _skip_gap_check() -> list[Swap]:
    """Whatever page comes is applied: neither the agent nor the box looks whether it is the one that follows."""

    async def apply(self: Any, page: wire.Page) -> None:
        async with self.turn:
            await self._apply_page(page)

    nothing = lambda *_, **__: None  # noqa: E731
    return [(agent, "dense", nothing), (wire, "_answers", nothing), (Uplink, "apply", apply)]


def _grant_by_clock() -> list[Swap]:
    """The later of two choices holds, by the clocks of those who heard them."""

    def given(
        conn: Any, customer_id: bytes, yes: NewConsent, *, gen: int, base: str | None, at_ms: int
    ) -> Any:
        new = consents.first(customer_id, yes, now_ms=at_ms)
        held = consents._held(conn, customer_id, purpose=yes.purpose, recipient=yes.recipient)
        if held is not None and at_ms <= held.from_ms:
            return [], None
        gen = held.gen if held else gen  # a clock in place of generations
        new = replace(new, gen=gen, ver=held.ver + 1 if held else 1)
        customers.put_consents(conn, [new])
        return consents._to_shops(conn, new), None

    return [(consents, "given", given)]


def _drop_rejected() -> list[Swap]:
    """What the hub cannot use is not held."""
    keep_all = events.keep_all

    def without(conn: Any, histories: Any, *, now_ms: int) -> None:
        taken = [(*of, [each for each in kept if each.code is None]) for *of, kept in histories]
        keep_all(conn, taken, now_ms=now_ms)

    return [(events, "keep_all", without)]


def _ver_ignored() -> list[Swap]:
    """The row that comes last holds."""
    return [
        (consents_here, "_PUT_REPLICA", consents_here._PUT_REPLICA.replace("excluded.ver>ver", "1")),
        (recognition, "_PUT_CUSTOMER", recognition._PUT_CUSTOMER.replace("excluded.ver>ver", "1")),
        (recognition, "_PUT_CREDENTIAL", recognition._PUT_CREDENTIAL.replace("excluded.ver>ver", "1")),
    ]


def _urgent_after_bulk() -> list[Swap]:
    """Everything else is fetched first."""

    async def drain(self: Any) -> None:
        await self._drain(self._main)
        await self._drain(self._urgent)

    return [(Agent, "_drain_urgent", drain)]


def _withdraw_needs_base() -> list[Swap]:
    """Who wants to stop has to wait until the hub's own register is there."""
    withdraw = consent_acts.withdraw

    def after_the_hub(conn: Any, customer_id: bytes, **words: Any) -> Any:
        asked = {"purpose": words["purpose"], "recipient": words["recipient"]}
        ours, theirs = consents_here.registers(conn, customer_id, **asked)
        return [] if theirs is None or ours is not None else withdraw(conn, customer_id, **words)

    return [(consent_acts, "withdraw", after_the_hub)]


def _ack_before_commit() -> list[Swap]:
    """The hub says that it holds the facts, and stores them after that."""
    take = Hub.take

    async def soon(
        self: Any, envelope: wire.Envelope, facts: Sequence[wire.Event], proof: intake.Proof | None
    ) -> intake.Taken:
        epoch = devices.hub_epoch(self.db.reader)
        last = envelope.from_seq + len(facts) - 1
        held = events.held(self.db.reader, envelope.device, envelope.epoch)
        if envelope.from_seq > held + 1 or last <= held:
            return await take(self, envelope, facts, proof)

        async def then() -> None:
            await asyncio.sleep(0.05)
            with suppress(Refusal, StoreError):
                await take(self, envelope, facts, proof)

        _later.append(asyncio.ensure_future(then()))
        return intake.Taken(last, [], epoch, [])

    return [(app.Hub, "take", soon)]


_later: list["asyncio.Future[None]"] = []


def _to_every_shop() -> list[Swap]:
    """A change goes to all shops, resident there or not."""

    def all_shops(conn: Any, given: Any) -> Any:
        shops = [shop_id for (shop_id,) in conn.execute("SELECT id FROM shop ORDER BY id")]
        return [line for shop_id in shops for line in feed.consent(shop_id, given)]

    return [(consents, "_to_shops", all_shops)]


def _erased_comes_back() -> list[Swap]:
    """Nobody remembers who was erased."""
    return [(customers, "is_erased", lambda *_, **__: False), (customers, "erased", lambda *_, **__: set())]


def _numbers_are_enough() -> list[Swap]:
    """A fact whose number the hub knows is taken for known, whatever it says: a box that was put back loses it."""
    take_all = intake.take_all

    def known(conn: Any, keys: Any, *, uploads: Any, now_ms: int) -> Any:
        answers, moved = take_all(conn, keys, uploads=uploads, now_ms=now_ms)
        for place, (upload, answer) in enumerate(zip(uploads, answers, strict=True)):
            if isinstance(answer, Refusal) and answer.code == "FORKED":
                held = events.held(conn, upload.envelope.device, upload.envelope.epoch)
                last = upload.envelope.from_seq + len(upload.facts) - 1
                answers[place] = intake.Taken(min(held, last), [], devices.hub_epoch(conn), [])
        return answers, moved

    return [(intake, "take_all", known)]


def _compacts_unheard() -> list[Swap]:
    """What takes something away is taken out before every box heard of it, and nobody is told."""
    note = compaction.note

    def silently(conn: Any, part: str, *, compacted: int, gone: int) -> None:
        note(conn, part, compacted=compacted, gone=0)

    def all_of_it(conn: Any, part: str, *, upto: int, limit: int) -> list[int]:
        gone = "SELECT seq FROM feed WHERE part=? AND op<>'put' AND seq<=? ORDER BY seq LIMIT ?"
        return [seq for (seq,) in conn.execute(gone, (part, upto, limit))]

    return [
        (compaction, "floor", lambda *_, **__: None),
        (compaction, "note", silently),
        (compaction, "taken_away", all_of_it),
    ]


def _said_twice() -> list[Swap]:
    """A box that was put back says again what was said in an epoch that its backup does not know."""

    async def nothing(*_: Any) -> dict[Any, Any]:
        return {}

    return [(mending, "_told_since", nothing)]


def _known_without_basis() -> list[Swap]:
    """Whoever is somebody's card is greeted, whatever they said to that."""
    find = recognition.find

    def found(*words: Any, **named: Any) -> Any:
        them = find(*words, **named)
        return them and dataclasses.replace(them, may_recognise=True)

    return [(recognition, "find", found)]


def _base_ignored() -> list[Swap]:
    """A yes counts, whatever the one who said it knew of their own stop."""
    given = consents.given

    def anyhow(*words: Any, base: str | None, **named: Any) -> Any:
        return given(*words, base="", **named)

    return [(consents, "given", anyhow)]


def _erase_keeps_records() -> list[Swap]:
    """What somebody agreed to stays written down after they were forgotten."""
    kept = tuple(each for each in customers._OF_A_CUSTOMER if each != "consent_event")
    return [(customers, "_OF_A_CUSTOMER", kept)]


PLANTED: Final[dict[str, Callable[[], list[Swap]]]] = {
    "no_dedupe": _no_dedupe,
    "cursor_before_rows": _cursor_before_rows,
    "grant_by_clock": _grant_by_clock,
    "drop_rejected": _drop_rejected,
    "skip_gap_check": _skip_gap_check,
    "ver_ignored": _ver_ignored,
    "erase_keeps_outbox_body": lambda: [(outbox, "blank", lambda *_, **__: None)],
    "urgent_after_bulk": _urgent_after_bulk,
    "withdraw_needs_base": _withdraw_needs_base,
    "double_count_points": lambda: [(wallet_rules, "counted", lambda *_, **__: (0, 0))],
    "ack_before_commit": _ack_before_commit,
    "to_every_shop": _to_every_shop,
    "erased_comes_back": _erased_comes_back,
    "numbers_are_enough": _numbers_are_enough,
    "compacts_unheard": _compacts_unheard,
    "backup_brings_back": lambda: [(restored, "remembered", lambda *_, **__: set())],
    "erase_keeps_history": lambda: [(people, "events", _Forgetful(events))],
    "said_twice": _said_twice,
    "guest_stays": lambda: [(guests, "left", lambda *_, **__: [])],
    "backup_forgets_guests": lambda: [(purses.Purses, "_was_guest", lambda *_, **__: False)],
    "older_shops_not_asked": lambda: [(feed, "SKIPS_SINCE", wire.OLDEST)],
    "base_ignored": _base_ignored,
    "known_without_basis": _known_without_basis,
    "lease_without_end": lambda: [
        (centre, name, lambda *_, **__: None) for name in ("begin_lease", "extend_lease")
    ],
    "visit_goes_on": lambda: [(visits, "end_without_basis", lambda *_, **__: [])],
    "shops_block_ignored": lambda: [(joined, "blocked", lambda *_, **__: [])],
    "shops_card_ignored": lambda: [(joined, "bound", lambda *_, **__: ([], None))],
    "hubs_block_dropped": lambda: [(lost, "block", lambda *_, **__: [])],
    "hubs_stop_dropped": lambda: [(consents, "withdraw", lambda *_, **__: [])],
    "receipt_not_stored": lambda: [(receipts, "take", lambda *_, **__: None)],
    "erase_keeps_records": _erase_keeps_records,
}


class _Forgetful:
    """The hub's history of somebody who was erased stays as it is."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return (lambda *_, **__: None) if name == "forget" else getattr(self._real, name)


@contextmanager
def planted(name: str) -> Iterator[None]:
    """While inside, the product has the bug of this name."""
    with ExitStack() as stack:
        for place, attribute, wrong in PLANTED[name]():
            stack.callback(setattr, place, attribute, getattr(place, attribute))
            setattr(place, attribute, wrong)
        yield
