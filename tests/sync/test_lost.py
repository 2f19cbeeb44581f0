"""A card that is lost: blocked here at once, everywhere once the line is back, and replaced to the point."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.reader import Sighting, Token
from edge.counter import Counter
from edge.joining import acts as joining
from edge.joining.facts import CredentialBlocked, CredentialBound
from edge.joining.sealing import sealed_card
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.ids import uuid7_source
from edge.live import Live
from edge.recognition import tables
from edge.recognition.rules import Hashes, Recognised, Stranger, Withheld, hashes
from edge.staff.deeds import Doer
from edge.visits.rules import QUIET_MS
from edge.wallet import acts
from edge.wallet.rules import StampCard
from sync import wire
from sync.hub import lost as losing
from sync.hub.people import NewCustomer
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, now_ms
from tests.sync.wallets import REWARD, Chain, Shop, open_chain, saver

pytestmark = pytest.mark.anyio
OLD, NEW, ALSO = "LOYALTY-0001", "LOYALTY-0002", "LOYALTY-0003"
DOER = Doer(b"a" * 16, b"tablet")


def owner(customer_id: bytes, *numbers: str, **saved: Any) -> NewCustomer:
    one = saver(customer_id, **saved)
    return NewCustomer(customer_id, one.traits, [("number", each) for each in numbers], one.consents)


def card(shop: Shop, number: str) -> Hashes:
    found = hashes(KEYS.chain_key, shop.secrets.shop_key, "hce", number)
    assert found
    return found


async def tap(shop: Shop, number: str) -> Any:
    time, new_id = ShopTime(SystemClock()), uuid7_source(SystemClock())
    counter = Counter(shop.db, Live(), time, new_id, shop.secrets, recipient=HERE, quiet_ms=QUIET_MS)
    token = Token("hce", number, "strong", {"key_id": "00000001"})
    return await counter.on_sighting(Sighting("counter-1", datetime.now(UTC), "tap", token))


def lost(shop: Shop, customer_id: bytes, number: str) -> CredentialBlocked:
    return CredentialBlocked(customer_id, card(shop, number).outer, DOER.staff_id, "lost", now_ms())


async def block(shop: Shop, customer_id: bytes, number: str = OLD) -> int:
    fact = lost(shop, customer_id, number)
    done = await shop.db.write(joining.block, fact, recipient=HERE, doer=DOER, visit_id=b"v" * 16)
    return len(done.facts)


async def give(shop: Shop, customer_id: bytes, number: str, *, instead_of: str = "") -> int:
    new = card(shop, number)
    sealed = sealed_card(shop.secrets.shop_key, customer_id, new.inner)
    fact = CredentialBound(customer_id, new.outer, sealed, new.kind, DOER.staff_id, "new_card", now_ms())
    gone = lost(shop, customer_id, instead_of) if instead_of else None
    done = await shop.db.write(joining.bind, fact, recipient=HERE, doer=DOER, lost=gone)
    return len(done.facts)


def states(chain: Chain) -> list[tuple[Any, ...]]:
    return chain.hub.db.reader.execute(
        "SELECT customer_id, state, kind FROM credential ORDER BY customer_id, state, kind"
    ).fetchall()


def rejected(chain: Chain) -> list[tuple[Any, ...]]:
    return chain.hub.db.reader.execute("SELECT kind, code FROM event WHERE code IS NOT NULL").fetchall()


async def test_a_lost_card_is_refused_at_once_here_and_elsewhere_once_the_line_is_back(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD, points=40)]) as chain:
        here, other = chain.shops
        here.line.down = True
        assert await tap(here, OLD) == await tap(other, OLD) == Recognised()
        assert await block(here, ANNA) == 1
        assert await block(here, ANNA) == 0
        assert await tap(here, OLD) == Withheld("blocked")
        assert await tap(other, OLD) == Recognised()
        await chain.settle()
        assert await tap(other, OLD) == Withheld("blocked")
        await chain.settle()
        assert states(chain) == [(ANNA, "blocked", "")]
        urgent = chain.hub.db.reader.execute(
            "SELECT part, ver FROM feed WHERE t='credential' AND part LIKE '%:urgent' ORDER BY part"
        ).fetchall()
        assert urgent == [("shop:s1:urgent", 2), ("shop:s2:urgent", 2)]
        assert other.balances(ANNA).points == here.balances(ANNA).points == 40
        assert rejected(chain) == []


async def test_what_the_lost_card_just_proved_redeems_nothing_any_more_in_any_shop(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD, points=40)]) as chain:
        await block(chain.shops[0], ANNA)
        await chain.settle()
        for number, shop in enumerate(chain.shops):
            form = shop.asked(ANNA, number.to_bytes(16))
            done = await shop.db.write(acts.redeem_points, form, amount=1, here=shop.here)
            assert done.facts == []


async def test_a_block_outlives_a_restart_and_a_lost_replica(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD)]) as chain:
        here = chain.shops[0]
        here.line.down = True
        await block(here, ANNA)
        await here.restart()
        assert await tap(here, OLD) == Withheld("blocked")
        await here.db.apply(tables.forget, ANNA)  # the replica is being fetched again
        assert await tap(here, OLD) == Withheld("blocked")


async def test_replacing_without_internet_keeps_every_point_and_stamp(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD, points=340, stamps=7)]) as chain:
        here, other = chain.shops
        here.line.down = True
        await here.db.write(
            acts.earn, here.asked(ANNA, b"1" * 16), instrument="stamps", amount=2, here=here.here
        )
        assert await give(here, ANNA, NEW, instead_of=OLD) == 2
        assert await give(here, ANNA, NEW, instead_of=OLD) == 0
        assert (await tap(here, OLD), await tap(here, NEW)) == (Withheld("blocked"), Recognised())
        assert here.db.reader.execute("SELECT what FROM deed").fetchall() == [("replace_card",)]
        await chain.settle()
        for shop in chain.shops:
            found = shop.balances(ANNA)
            assert (found.points, found.stamps) == (340, StampCard(9, 8, REWARD))
        assert (await tap(other, OLD), await tap(other, NEW)) == (Withheld("blocked"), Recognised())
        assert states(chain) == [(ANNA, "active", "hce"), (ANNA, "blocked", "")]
        assert rejected(chain) == []
        held = tables.cards(other.db.reader, ANNA, recipient=HERE, now_ms=now_ms())
        assert [(each.kind, each.blocked) for each in held] == [("hce", False), ("", True)]
        assert all(each.bound_ms for each in held)


async def test_one_card_replaced_in_two_shops_apart_is_blocked_once_and_both_new_ones_work(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD, points=5)]) as chain:
        for shop, number in zip(chain.shops, (NEW, ALSO), strict=True):
            shop.line.down = True
            assert await give(shop, ANNA, number, instead_of=OLD) == 2
        await chain.settle()
        for shop in chain.shops:
            outcomes = [await tap(shop, number) for number in (OLD, NEW, ALSO)]
            assert outcomes == [Withheld("blocked"), Recognised(), Recognised()]
        assert [state for _, state, _ in states(chain)] == ["active", "active", "blocked"]
        assert rejected(chain) == []


async def test_one_new_card_given_to_two_people_apart_stays_with_the_first_and_is_blocked_for_the_second(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD), owner(BRAM, ALSO)]) as chain:
        here, other = chain.shops
        here.line.down = other.line.down = True
        assert await give(here, ANNA, NEW) == 1
        assert await give(other, BRAM, NEW, instead_of=ALSO) == 2
        await chain.settle()
        assert rejected(chain) == [("credential_bound", "CREDENTIAL_TAKEN")]
        assert await tap(here, NEW) == Recognised()
        assert await tap(other, NEW) == Withheld("blocked")  # a person has to look
        assert await tap(here, ALSO) == Withheld("blocked")


async def test_a_card_of_somebody_else_is_neither_blocked_nor_replaced(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD), owner(BRAM, ALSO)]) as chain:
        here = chain.shops[0]
        assert await block(here, BRAM, OLD) == 0
        assert await give(here, BRAM, NEW, instead_of=OLD) == 0
        assert await tap(here, NEW) == Stranger()
        assert here.db.reader.execute("SELECT count(*) FROM deed").fetchone() == (0,)
        # A shop that said so all the same would not be believed.
        await here.db.write(lambda conn: [lost(here, BRAM, OLD)])
        await here.db.write(lambda conn: [lost(here, b"\xc3" * 16, OLD)])
        await chain.settle()
        assert rejected(chain) == [
            ("credential_blocked", "UNKNOWN_CREDENTIAL"),
            ("credential_blocked", "UNKNOWN_CUSTOMER"),
        ]
        assert await tap(chain.shops[1], OLD) == Recognised()


async def test_the_hub_blocks_a_card_once_however_often_it_is_told(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [owner(ANNA, OLD)]) as chain:
        for shop in chain.shops:
            shop.line.down = True
            await block(shop, ANNA)
            shop.line.faults.append("twice")
        await chain.settle()
        await chain.hub.change(losing.block, KEYS, kind="number", value=OLD, now_ms=1)
        assert chain.hub.db.reader.execute("SELECT ver FROM credential").fetchall() == [(2,)]


def test_a_credential_of_an_older_hub_has_no_kind_and_no_day() -> None:
    row = wire.decode_as(b'{"customer":"' + b"a1" * 16 + b'","state":"active"}', wire.Credential)
    assert (row.kind, row.bound_ms) == ("", None)
    assert b"kind" not in msgspec.json.encode(row)
