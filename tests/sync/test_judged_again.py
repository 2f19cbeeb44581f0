"""A hub that was put back hears of a guest before it hears again that they joined: nothing of it is lost."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.kit.seal import key_place, trait_place, unseal
from edge.outbox import body_of
from edge.recognition.rules import hashes
from sync import wire
from sync.hub import devices, stays, wallet
from sync.hub.intake import Upload, take_all
from sync.hub.judging import judge
from sync.hub.tables import devices as tables
from sync.hub.tables import events, guests, hooks, keys
from sync.hub.tables import wallet as wallets
from tests.sync.centre import ANNA, HERE, KEYS, SHOP_KEY, Centre, customer, device, open_centre
from tests.sync.shop import TestBox
from tests.sync.test_joined import NEW, bound, count, joined, newcomer, rows, verdicts

pytestmark = pytest.mark.anyio
OTHER_KEY = b"T" * 32


def upload(box: TestBox, name: str, *facts: tuple[str, Any]) -> Upload:
    """These facts, as this box sends them next."""
    first = box.depth() + 1
    for kind, body in facts:
        box.happened(1, kind=kind, body=body if isinstance(body, bytes) else msgspec.json.encode(body))
    batch = box.batch(first, box.depth())
    envelope = wire.Envelope(name, batch.epoch, first, wire.SCHEMA, batch.prev_hash.hex())
    return Upload(envelope, list(batch.events))


async def tell(centre: Centre, box: TestBox, name: str, *facts: tuple[str, Any]) -> list[str]:
    """Upload these facts; the codes of what was refused."""
    envelope, events_, _ = upload(box, name, *facts)
    taken = await centre.hub.take(envelope, events_)
    return [each.code for each in taken.rejected]


def moved(customer_id: bytes, line: int, delta: int, *, stay: str = "") -> tuple[str, Any]:
    body = {"line_id": f"{line:032x}", "customer_id": customer_id.hex(), "instrument": "points"}
    return "wallet_moved", body | {"delta": delta, "why": "purchase", "stay": stay}


def withdrew(customer_id: bytes) -> tuple[str, Any]:
    body = {"customer_id": customer_id.hex(), "purpose": "recognition", "recipient": HERE, "gen": 2}
    return "consent_withdrawn", body


def somebody(*, points: int = 0) -> tuple[bytes, tuple[str, Any]]:
    now_ms = time.time_ns() // 1_000_000
    new = newcomer(SHOP_KEY, {}, saved={"points": {"balance": points}}, now_ms=now_ms, until_ms=None)
    fact = joined(customer_id=new.customer_id, key=new.key, traits=new.traits, card=b"", hash=b"")
    return new.customer_id, ("customer_joined", body_of(fact))


@asynccontextmanager
async def put_back(state: Path) -> AsyncIterator[tuple[Centre, TestBox]]:
    """A hub that was put back from its backup, and the box of another of its shops."""
    async with open_centre(state) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        await centre.hub.db.apply(tables.raise_hub_epoch, at_least=2)
        with closing(TestBox(state / "box-2.db")) as other:
            yield centre, other


async def test_what_was_said_of_a_guest_counts_once_when_they_have_joined(tmp_path: Path) -> None:
    async with put_back(tmp_path) as (centre, guest):
        whose, joins = somebody()
        stay = stays.word(KEYS, "s2", whose, since_ms=1)
        visit = ("visit_started", {"customer_id": whose.hex(), "visit_id": "07" * 16})
        said = (visit, moved(whose, 1, 5, stay=stay), moved(whose, 2, -3, stay=stay), withdrew(whose))
        assert await tell(centre, guest, "box-2", *said) == ["UNKNOWN_CUSTOMER"] * 3
        # The box that tells of them itself is heard in the same upload, after what came before.
        assert await tell(centre, centre.box, "box-1", joins, moved(whose, 3, 40), joins) == []
        assert verdicts(centre).count(("wallet_moved", None)) == 3
        assert {code for _, code in verdicts(centre)} == {None}
        held = wallet.balances(centre.hub.db.reader, KEYS, whose, now_ms=1)
        assert held.balances.points == 42
        states = centre.hub.db.reader.execute(
            "SELECT state FROM consent WHERE purpose='recognition'"
        ).fetchall()
        assert states == [("withdrawn",)]
        # Told once more under another line of the history, it is the same line of the ledger.
        assert await tell(centre, guest, "box-2", moved(whose, 1, 5, stay=stay)) == []
        assert count(centre, "ledger") == 3


async def test_whoever_joins_in_an_upload_behind_what_it_says_of_them_is_judged_with_it(
    tmp_path: Path,
) -> None:
    """A box that goes on under a new number says behind what it said there what the hub had lost."""
    async with put_back(tmp_path) as (centre, _):
        whose, joins = somebody()
        said = (moved(whose, 1, 5), withdrew(whose), joins, moved(whose, 2, 40))
        assert await tell(centre, centre.box, "box-1", *said) == ["UNKNOWN_CUSTOMER"] * 2
        assert {code for _, code in verdicts(centre)} == {None}
        assert wallet.balances(centre.hub.db.reader, KEYS, whose, now_ms=1).balances.points == 45
        assert count(centre, "ledger") == 2


async def test_programs_are_told_that_somebody_joined_before_all_that_waited_for_it(tmp_path: Path) -> None:
    async with put_back(tmp_path) as (centre, guest):
        hook = hooks.Hook("crm", "https://crm.example", frozenset(), b"", None, None, None, None)
        await centre.hub.db.apply(hooks.add_hook, hook)
        whose, joins = somebody(points=7)
        stay = stays.word(KEYS, "s2", whose, since_ms=1)
        await tell(centre, guest, "box-2", moved(whose, 9, 1, stay=stay))
        await tell(centre, centre.box, "box-1", moved(whose, 1, 5), joins, moved(whose, 2, 40))
        waits = hooks.due(centre.hub.db.reader, "crm", now_ms=0, longest_ms=(0,), most=9)
        # The other box's letter counts with the joining, the upload's own once it is kept.
        told = [("customer.joined", "box-1/1/2"), ("consent.given", f"box-1/1/2/recognition/{HERE}")]
        told += [("wallet.moved", "box-2/1/1")]
        told += [("wallet.moved", "box-1/1/3"), ("wallet.moved", "box-1/1/1")]
        named = {"msg_" + sha256(source.encode()).hexdigest()[:32]: source for _, source in told}
        assert [(msgspec.json.decode(each.body)["type"], named[each.id]) for each in waits] == told


async def test_whoever_joined_in_the_same_moment_at_another_hub_is_found_in_the_next_round(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(tables.raise_hub_epoch, at_least=2)
        assert await tell(centre, centre.box, "box-1", withdrew(ANNA)) == ["UNKNOWN_CUSTOMER"]
        await judge(centre.hub)
        assert verdicts(centre) == [("consent_withdrawn", "UNKNOWN_CUSTOMER")]
        await centre.hub.add_customers(["s1"], [customer(ANNA)])
        await judge(centre.hub)
        await judge(centre.hub)
        assert verdicts(centre) == [("consent_withdrawn", None)]
        state = "SELECT state FROM consent WHERE purpose='recognition'"
        assert centre.hub.db.reader.execute(state).fetchall() == [("withdrawn",)]


async def test_a_shop_in_which_they_never_were_is_not_believed_the_second_time_either(tmp_path: Path) -> None:
    async with put_back(tmp_path) as (centre, stranger):
        whose, joins = somebody()
        assert await tell(centre, stranger, "box-2", moved(whose, 1, 5)) == ["UNKNOWN_CUSTOMER"]
        assert await tell(centre, centre.box, "box-1", joins) == []
        assert ("wallet_moved", "NOT_RESIDENT") in verdicts(centre)
        assert count(centre, "ledger") == 0


async def test_a_letter_with_nonsense_for_a_stay_holds_up_nobody(tmp_path: Path) -> None:
    async with put_back(tmp_path) as (centre, liar):
        whose, joins = somebody()
        assert await tell(centre, liar, "box-2", moved(whose, 1, 5)) == ["UNKNOWN_CUSTOMER"]
        _, body = moved(whose, 1, 5, stay="1.é")  # as a hub kept it that looked less closely
        kept = {"body": msgspec.json.encode(body)}
        await centre.hub.db.apply(lambda conn: conn.execute("UPDATE event SET body=:body", kept))
        assert await tell(centre, centre.box, "box-1", joins, moved(whose, 2, 40)) == []
        await judge(centre.hub)
        assert count(centre, "ledger") == 1


async def test_of_somebody_erased_nothing_is_judged_again(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(tables.raise_hub_epoch, at_least=2)
        whose, joins = somebody()
        assert await tell(centre, centre.box, "box-1", moved(whose, 1, 5), withdrew(whose)) != []
        await tell(centre, centre.box, "box-1", joins)
        assert count(centre, "ledger") == 1
        await centre.hub.erase(whose)
        await tell(centre, centre.box, "box-1", moved(whose, 2, 5), joins)
        assert count(centre, "customer") == 0
        bodies = centre.hub.db.reader.execute("SELECT body FROM event").fetchall()
        assert {bytes(body) for (body,) in bodies} == {b"{}"}
        assert count(centre, "ledger") == 1  # counted before the erasure, and nothing since


async def test_what_a_shop_said_of_somebody_who_is_of_it_by_now_counts_and_of_a_guest_it_does_not(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=OTHER_KEY)
        saver: dict[str, Any] = {"points": {"balance": 100}}
        await centre.hub.add_customers(["s2"], [replace(customer(ANNA), traits=saver)])
        lines = (moved(ANNA, 1, 5), moved(ANNA, 2, 6))
        assert await tell(centre, centre.box, "box-1", *lines) == ["NOT_RESIDENT"] * 2
        await centre.hub.db.apply(guests.put_stay, ANNA, "s1", reason="visit", since_ms=1)
        await judge(centre.hub)
        assert count(centre, "ledger") == 1  # what they came with
        # Headquarters says again what the backup did not know: they are of this shop too.
        await centre.hub.db.apply(guests.put_stay, ANNA, "s1", reason="import", since_ms=1)
        assert await tell(centre, centre.box, "box-1", moved(ANNA, 3, 7)) == []
        for _ in range(2):
            await judge(centre.hub)
        assert count(centre, "ledger") == 1 + 3
        assert held_of(centre) == {"balance": 118, "counted": {"box-1": [1, 3]}}


async def test_what_a_shop_says_of_anothers_customer_keeps_nobody_elses_letters_from_being_judged(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        for name, shop in (("box-2", "s2"), ("box-3", "s3")):
            await centre.hub.db.apply(devices.register, KEYS, device=device(name, shop), shop_key=OTHER_KEY)
        await centre.hub.add_customers(["s3"], [customer(ANNA)])
        honest = TestBox(tmp_path / "honest.db")
        many = [moved(ANNA, line, 5) for line in range(1, 4)]
        assert await tell(centre, centre.box, "box-1", *many) == ["NOT_RESIDENT"] * 3
        assert await tell(centre, honest, "box-2", moved(ANNA, 9, 5)) == ["NOT_RESIDENT"]
        await centre.hub.db.apply(guests.put_stay, ANNA, "s2", reason="import", since_ms=1)
        letters = events.unknown(centre.hub.db.reader, ANNA, most=2)
        assert [each.device_id for each in letters] == ["box-2"]
        honest.close()


def held_of(centre: Centre) -> Any:
    """Anna's points as they stand at the hub, with how far they count."""
    reader = centre.hub.db.reader
    (trait,) = [each for each in wallets.traits(reader, ANNA) if each.name == "points"]
    key = unseal(KEYS.hub_kek, wallets.wrapped_key(reader, ANNA) or b"", key_place(ANNA))
    return msgspec.json.decode(unseal(key, trait.sealed, trait_place(ANNA, "points", trait.ver)))


async def test_what_was_refused_while_a_key_was_away_counts_once_when_it_is_back(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        saver: dict[str, Any] = {"points": {"balance": 100}}
        await centre.hub.add_customers(["s1"], [replace(customer(ANNA), traits=saver)])
        (kept,) = centre.hub.db.reader.execute("SELECT wrapped FROM customer_key").fetchone()
        await centre.hub.db.apply(lambda conn: conn.execute("DELETE FROM customer_key"))
        assert (
            await tell(centre, centre.box, "box-1", moved(ANNA, 1, 5), moved(ANNA, 2, 6)) == ["BAD_SEAL"] * 2
        )
        await judge(centre.hub)
        assert verdicts(centre) == [("wallet_moved", "BAD_SEAL")] * 2
        await centre.hub.db.apply(keys.put, [(ANNA, bytes(kept))])
        for _ in range(2):
            await judge(centre.hub)
        assert verdicts(centre) == [("wallet_moved", None)] * 2
        assert held_of(centre) == {"balance": 111, "counted": {"box-1": [1, 2]}}


@pytest.mark.parametrize("together", [False, True])
async def test_a_card_that_was_said_to_be_lost_before_the_hub_heard_whose_it_is_is_blocked_once_it_does(
    tmp_path: Path, together: bool
) -> None:
    """A member of another shop lost it there; the hub was put back to before it was theirs, and hears of it first."""
    async with put_back(tmp_path) as (centre, guest):
        await centre.hub.add_customers(["s1"], [customer(ANNA)])
        card = hashes(KEYS.chain_key, OTHER_KEY, "qr", NEW)
        assert card is not None
        lost = ("credential_blocked", {"customer_id": ANNA.hex(), "hash": card.outer.hex()})
        given = ("credential_bound", body_of(bound(ANNA)))
        if together:
            uploads = [upload(guest, "box-2", lost), upload(centre.box, "box-1", given)]
            await centre.hub.change(lambda conn: take_all(conn, KEYS, uploads=uploads, now_ms=1)[1])
        else:
            assert await tell(centre, guest, "box-2", lost) == ["UNKNOWN_CREDENTIAL"]
            assert await tell(centre, centre.box, "box-1", given) == []
        assert set(verdicts(centre)) == {("credential_blocked", None), ("credential_bound", None)}
        states = centre.hub.db.reader.execute("SELECT state FROM credential ORDER BY bound_ms").fetchall()
        assert sorted(states) == [("active",), ("blocked",)]
        urgent = [row for row in rows(centre, "shop:s1:urgent") if row.t == "credential"]
        assert [wire.row_body(row).state for row in urgent] == ["blocked"]  # type: ignore[union-attr]
