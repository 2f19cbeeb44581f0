"""A member of another shop: fetched on the tap, kept for the visit, earning without a line; and nobody else is."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.reader import Sighting, Token
from edge import jobs
from edge.elsewhere import sealed_for_hub
from edge.guests import acts, tables
from edge.joining.facts import CredentialBlocked
from edge.recognition.rules import Recognised, Recognition, Stranger, hashes
from edge.visits import tables as visits
from edge.visits.facts import VisitEnded
from edge.wallet import acts as wallets
from edge.wallet.rules import Asked
from staff_ui.pages.purse import here
from sync.hub import consents, devices, lost, restored, wallet
from sync.hub.tables import people as customers
from tests.kit.stores import files_with
from tests.staff_ui.opened import MovedClock
from tests.sync.centre import BRAM, HERE, KEYS, SHOP_KEY, customer, device
from tests.sync.portal.test_speed import Scene, scene, until
from tests.sync.shop import events_at

pytestmark = pytest.mark.anyio
NUMBER, NOBODYS = "LOYALTY-0002", "LOYALTY-0999"
HOUR_MS = 3_600_000


async def with_bram(it: Scene) -> None:
    """Bram is a customer of another shop."""
    other = Ed25519PrivateKey.from_private_bytes(b"E" * 32)
    box = device("box-2", "s2", key=other)
    await it.hub.db.apply(devices.register, KEYS, device=box, shop_key=b"T" * 32)
    bram = replace(customer(BRAM, number=NUMBER), traits={"name": "Bram Visser", "points": {"balance": 120}})
    await it.hub.add_customers(["s2"], [bram])
    elsewhere = it.edge.house.counter.elsewhere
    assert elsewhere is not None
    # How soon is the business of `make prove`; here a busy machine may take its time.
    elsewhere.ask_s = elsewhere.come_s = 45.0


async def tap(it: Scene, number: str = NUMBER, reader: str = "counter-1") -> Recognition | None:
    token = Token("barcode", number, "weak")
    return await it.edge.house.counter.on_sighting(Sighting(reader, datetime.now(UTC), "tap", token))


def held(it: Scene) -> dict[str, int]:
    """How many rows about Bram the shop has."""
    tables = ("customer_key", "trait", "credential", "consent", "guest")
    count = "SELECT count(*) FROM replica.{} WHERE customer_id=?"
    rows = {
        each: it.edge.house.db.reader.execute(count.format(each), (BRAM,)).fetchone()[0] for each in tables
    }
    return {name: number for name, number in rows.items() if number}


def shops(it: Scene) -> list[str]:
    return customers.shops_of(it.hub.db.reader, BRAM)


async def end_visit(it: Scene) -> None:
    house = it.edge.house
    open_one = visits.open_visit(house.db.reader, BRAM)
    assert open_one is not None
    now_ms = house.time.now_ms()
    await house.db.write(lambda conn: [VisitEnded(open_one.visit_id, "quiet", now_ms)])


async def test_a_member_of_another_shop_is_known_at_the_tap_and_forgotten_with_the_visit(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    async with scene(tmp_path, clock=clock) as it:
        await with_bram(it)
        assert held(it) == {}
        assert isinstance(await tap(it), Recognised)
        assert held(it) == {"customer_key": 1, "trait": 2, "credential": 1, "consent": 3, "guest": 1}
        assert shops(it) == ["s1", "s2"]
        house = it.edge.house
        clock.both_by_ms += HOUR_MS
        await jobs.leave_guests(house)
        assert held(it)["guest"] == 1  # the visit is open
        await end_visit(it)
        await jobs.leave_guests(house)
        assert held(it) == {}
        await until(lambda: shops(it) == ["s2"])
        assert files_with(b"Bram Visser", tmp_path) == []
        rows = it.hub.db.reader.execute(
            "SELECT DISTINCT op, t FROM feed WHERE part='shop:s1' AND customer_id=?", (BRAM,)
        ).fetchall()
        assert rows == [("del", "customer")]


async def test_who_comes_again_before_the_hub_heard_that_they_left_stays(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        await tap(it)
        house = it.edge.house
        await end_visit(it)
        (first,) = tables.over(house.db.reader, before_ms=house.time.now_ms() + HOUR_MS, most=9)
        await house.db.apply(acts.forget, [first])
        assert held(it) == {}
        assert isinstance(await tap(it, reader="counter-2"), Recognised)
        await house.db.write(lambda conn: [acts.GuestLeft(BRAM, first.since_ms, house.time.now_ms())])
        await until(lambda: "guest_left" in [kind for _, kind, _, _ in events_at(it.hub.db.reader)])
        assert shops(it) == ["s1", "s2"]
        assert held(it)["customer_key"] == 1


async def test_a_card_that_a_guest_lost_is_not_heard_of_after_they_left(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        await tap(it)
        house = it.edge.house
        (stay,) = house.db.reader.execute("SELECT since_ms FROM replica.guest").fetchone()
        (card,) = house.db.reader.execute(
            "SELECT hash FROM replica.credential WHERE customer_id=?", (BRAM,)
        ).fetchone()
        now_ms = house.time.now_ms()
        lost = CredentialBlocked(BRAM, card, b"a" * 16, "lost", now_ms)
        await house.db.write(lambda conn: [lost, acts.GuestLeft(BRAM, stay, now_ms)])
        await until(lambda: shops(it) == ["s2"])
        said = "SELECT DISTINCT t FROM feed WHERE part LIKE 'shop:s1%' AND customer_id=? AND op='put'"
        assert ("credential",) not in it.hub.db.reader.execute(said, (BRAM,)).fetchall()


async def test_a_card_that_is_nobodys_anywhere_creates_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        before = it.hub.db.reader.execute("SELECT count(*) FROM feed").fetchone()
        assert isinstance(await tap(it, NOBODYS), Stranger)
        (note,) = it.edge.house.counter.notes.now()
        assert note.kind == "stranger"
        card = hashes(KEYS.chain_key, SHOP_KEY, "barcode", NOBODYS)
        assert card is not None
        assert it.hub.db.reader.execute("SELECT count(*) FROM feed").fetchone() == before
        for needle in (NOBODYS.encode(), card.inner, card.outer, card.inner.hex().encode()):
            assert files_with(needle, tmp_path) == []


async def test_a_blocked_card_of_another_shop_opens_nothing_and_brings_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        await it.hub.change(lost.block, KEYS, kind="number", value=NUMBER, now_ms=1)
        assert isinstance(await tap(it), Stranger)
        assert [note.kind for note in it.edge.house.counter.notes.now()] == ["blocked"]
        assert held(it) == {}
        assert shops(it) == ["s2"]


async def test_a_guest_who_withdraws_is_gone_from_the_counter_like_anybody(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        await tap(it)
        await until(lambda: it.here() == 1)
        await it.hub.change(consents.withdraw, BRAM, purpose="recognition", recipient=HERE, now_ms=1)
        await until(lambda: it.here() == 0, within_s=30.0)


async def test_an_erasure_reaches_the_shop_that_a_guest_has_left(tmp_path: Path) -> None:
    clock = MovedClock()
    async with scene(tmp_path, clock=clock) as it:
        await with_bram(it)
        await tap(it)
        await end_visit(it)
        clock.both_by_ms += HOUR_MS
        await jobs.leave_guests(it.edge.house)
        await until(lambda: shops(it) == ["s2"])
        await it.hub.erase(BRAM)
        reader = it.edge.house.db.reader
        await until(lambda: not reader.execute("SELECT 1 FROM visit WHERE customer_id=?", (BRAM,)).fetchone())
        await until(lambda: files_with(BRAM, tmp_path / "edge") == [])
        assert files_with(BRAM.hex().encode(), tmp_path / "edge" / "journal.db") == []


async def saved(it: Scene, number: str, line: bytes, amount: int = 7) -> None:
    """A colleague writes down what a card earned that nobody could be asked about."""
    house = it.edge.house
    card = hashes(KEYS.chain_key, SHOP_KEY, "barcode", number)
    assert card is not None
    sealed = sealed_for_hub(SHOP_KEY, "s1", card)
    asked = Asked(line, b"", role="staff", staff_id=b"s" * 16, at_ms=house.time.now_ms())
    await house.db.write(acts.save, asked, card=sealed, instrument="points", amount=amount)


def points(it: Scene) -> Any:
    return wallet.balances(it.hub.db.reader, KEYS, BRAM, now_ms=1).balances.points


async def test_without_a_line_a_card_earns_under_a_pseudonym_and_the_hub_finds_whose_it_is_once(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        it.cable.cut()
        await until(lambda: not it.edge.house.health.online)
        assert isinstance(await tap(it), Stranger)
        await saved(it, NUMBER, b"1" * 16)
        await saved(it, NUMBER, b"1" * 16)  # the same form again
        await saved(it, NOBODYS, b"2" * 16)
        card = hashes(KEYS.chain_key, SHOP_KEY, "barcode", NUMBER)
        assert card is not None
        for needle in (NUMBER.encode(), card.inner, card.outer, card.inner.hex().encode()):
            assert files_with(needle, tmp_path / "edge") == []
        it.cable.down = False
        assert it.edge.agent is not None
        it.edge.agent.wake()
        await until(lambda: points(it) == 127)
        taken = [row for row in events_at(it.hub.db.reader) if row[1] == "guest_saved"]
        assert [code for _, _, _, code in taken] == [None, "UNKNOWN_CREDENTIAL"]
        assert taken[0][2] == b"{}"
        card = hashes(KEYS.chain_key, SHOP_KEY, "barcode", NOBODYS)
        assert card is not None
        assert card.inner.hex().encode() not in taken[1][2]
        assert shops(it) == ["s2"]
        assert held(it) == {}


async def test_what_a_guest_earned_counts_though_the_hub_was_put_back_to_before_they_came(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as it:
        await with_bram(it)
        assert isinstance(await tap(it), Recognised)
        house = it.edge.house
        it.cable.cut()
        await until(lambda: not house.health.online)
        stay = {"customer_id": BRAM}
        forget = "DELETE FROM residency WHERE shop_id='s1' AND customer_id=:customer_id"
        await it.hub.db.apply(lambda conn: conn.execute(forget, stay) and None)
        await it.hub.db.apply(restored.raise_epoch, now_ms=it.hub.now_ms())
        visit = visits.open_visit(house.db.reader, BRAM)
        assert visit is not None
        asked = Asked(b"3" * 16, visit.visit_id, role="staff", staff_id=b"s" * 16, at_ms=house.time.now_ms())
        await house.db.write(wallets.earn, asked, instrument="points", amount=7, here=here(house))
        it.cable.down = False
        assert it.edge.agent is not None
        it.edge.agent.wake()
        await until(lambda: points(it) == 127)
        assert [code for _, _, _, code in events_at(it.hub.db.reader) if code] == []
