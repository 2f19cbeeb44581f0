"""Points and stamps between shops and hub: counted once, never lost, never doubled, never below zero."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.kit.errors import Refused
from edge.visits.here import arrival
from edge.wallet import acts
from edge.wallet.rules import GiftCard, StampCard
from sync import wire
from sync.hub import consents, devices, people, restored, stays, wallet
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, SHOP_KEY, Centre, customer, device, now_ms, open_centre
from tests.sync.shop import events_at
from tests.sync.test_intake import push
from tests.sync.wallets import REWARD, Shop, open_chain, play, saver

pytestmark = pytest.mark.anyio


async def test_a_thousand_random_acts_in_two_shops_end_in_the_same_totals_everywhere(tmp_path: Path) -> None:
    story = await play(tmp_path, operations=1_000, seed=20261122)
    assert story.wrong == []
    assert story.written > 300
    assert min(story.replays, story.cuts, story.restarts, story.refused, story.short) > 0


async def stamp(shop: Shop, customer_id: bytes, line: int) -> None:
    asked = shop.asked(customer_id, line.to_bytes(16))
    await shop.db.write(acts.earn, asked, instrument="stamps", amount=1, here=shop.here)


async def redeem(shop: Shop, customer_id: bytes, line: int) -> bool:
    done = await shop.db.write(acts.redeem_stamps, shop.asked(customer_id, line.to_bytes(16)), here=shop.here)
    return bool(done.facts)


async def test_a_card_that_is_filled_and_redeemed_without_internet_is_empty_everywhere_after_it(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA, points=40, stamps=7)]) as chain:
        here, other = chain.shops
        here.line.down = True
        await stamp(here, ANNA, 1)
        assert await redeem(here, ANNA, 2)
        assert not await redeem(here, ANNA, 3)
        mine = here.balances(ANNA)
        assert (mine.stamps, mine.added["stamps"]) == (StampCard(0, 8, REWARD), -7)
        assert other.balances(ANNA).stamps == StampCard(7, 8, REWARD)
        before_ms = chain.held(ANNA).balances.as_of_ms
        await chain.settle()
        for shop in chain.shops:
            found = shop.balances(ANNA)
            assert (found.stamps, found.points, found.added["stamps"]) == (StampCard(0, 8, REWARD), 40, 0)
            assert found.as_of_ms["stamps"] >= before_ms["stamps"]
            assert found.as_of_ms["points"] == before_ms["points"]
        assert [line[3:5] for line in sorted(chain.ledger())] == [(1, "purchase"), (-8, "reward")]


async def test_one_card_redeemed_in_two_shops_at_once_is_given_twice_flagged_once_and_never_below_zero(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA, stamps=9)]) as chain:
        for number, shop in enumerate(chain.shops):
            shop.line.down = True
            assert await redeem(shop, ANNA, number)
        await stamp(chain.shops[1], ANNA, 7)
        await chain.settle()
        held = chain.held(ANNA)
        assert held.balances.stamps == StampCard(1, 8, REWARD)
        assert held.short == {"stamps": 7}
        flagged = chain.hub.db.reader.execute("SELECT device_id, short FROM ledger WHERE short>0").fetchall()
        assert flagged == [("box-s2", 7)]
        assert [shop.balances(ANNA).stamps for shop in chain.shops] == [StampCard(1, 8, REWARD)] * 2


async def test_many_lines_of_one_customer_are_one_row_in_the_feed(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA), saver(BRAM)]) as chain:
        for line in range(20):
            await stamp(chain.shops[0], ANNA if line % 2 else BRAM, line)
        await chain.settle()
        rows = chain.hub.db.reader.execute(
            "SELECT part, count(*), max(ver) FROM feed WHERE t='customer' GROUP BY part"
        ).fetchall()
        assert rows == [("shop:s1", 4, 2), ("shop:s2", 4, 2)]


async def test_withdrawing_recognition_takes_no_balance_away(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA, stamps=3)]) as chain:
        shop = chain.shops[0]
        await stamp(shop, ANNA, 1)
        await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        await chain.settle()
        assert arrival(shop.db.reader, shop.visit(ANNA), recipient=HERE, now_ms=now_ms()) is None
        assert shop.balances(ANNA).stamps == StampCard(4, 8, REWARD)
        assert chain.held(ANNA).balances.stamps == StampCard(4, 8, REWARD)


async def test_who_was_erased_stays_nowhere_and_the_amounts_stay_everywhere(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA), saver(BRAM)]) as chain:
        here, other = chain.shops
        await stamp(here, ANNA, 1)
        await stamp(here, BRAM, 2)
        await chain.settle()
        other.line.down = True
        await stamp(other, ANNA, 3)
        await chain.hub.erase(ANNA)
        await chain.settle()
        assert sum(line[3] for line in chain.ledger()) == 2
        assert [line[3] for shop in chain.shops for line in shop.ledger()] == [1, 1, 1]
        for ledger in (chain.ledger(), here.ledger(), other.ledger()):
            assert ANNA not in {line[1] for line in ledger}
        assert BRAM in {line[1] for line in chain.ledger()}


async def test_the_hub_shows_all_that_a_customer_saved(tmp_path: Path) -> None:
    cards = {"items": [{"label": "Cadeaukaart", "balance_cents": 2500}]}
    people_ = [saver(ANNA, points=5, giftcards=cards, vouchers={"items": []})]
    async with open_chain(tmp_path, people_) as chain:
        found = chain.held(ANNA).balances
        assert (found.points, found.giftcards, found.vouchers) == (5, (GiftCard("Cadeaukaart", 2500),), ())
        assert set(found.as_of_ms) == {"points", "stamps", "vouchers", "giftcards"}
        with pytest.raises(Refused):
            chain.held(BRAM)


def body(**given: Any) -> bytes:
    plain = {
        "line_id": "01" * 16,
        "customer_id": ANNA.hex(),
        "instrument": "points",
        "delta": 5,
        "why": "purchase",
    }
    return msgspec.json.encode(plain | {"role": "staff", "later": "a field of a later version"} | given)


async def sent(centre: Centre, *bodies: bytes, epoch: int = 1) -> list[tuple[int, str]]:
    """What the hub refused of lines of a shop."""
    first = centre.box.depth() + 1
    for each in bodies:
        centre.box.happened(1, kind="wallet_moved", body=each)
    batch = msgspec.structs.replace(centre.box.batch(first, centre.box.depth()), epoch=epoch)
    _, answer = await push(centre, batch)
    assert answer.ack.seq == centre.box.depth()
    return [(each.seq, each.code) for each in answer.rejected]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"customer_id": BRAM.hex()}, "UNKNOWN_CUSTOMER"),
        ({"instrument": "stamps"}, "NO_INSTRUMENT"),
        ({"instrument": "giftcards"}, "BAD_BODY"),
        ({"delta": 10**9}, "BAD_BODY"),
        ({"delta": 1.5}, "BAD_BODY"),
        ({"why": "kindness"}, "BAD_BODY"),
        ({"line_id": "07"}, "BAD_BODY"),
    ],
)
async def test_a_line_that_cannot_be_counted_is_a_dead_letter_and_holds_up_nothing(
    tmp_path: Path, given: dict[str, Any], code: str
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [_with_points()])
        assert await sent(centre, body(**given), body()) == [(1, code)]
        assert _points(centre) == 125
        assert [each[3] for each in events_at(centre.hub.db.reader)] == [code, None]


async def test_a_shop_may_not_move_the_balance_of_whoever_is_not_resident_there(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"T" * 32)
        await centre.hub.add_customers(["s2"], [_with_points()])
        assert await sent(centre, body()) == [(1, "NOT_RESIDENT")]


async def two_shops(centre: Centre) -> None:
    """Anna is of shop `s2`; `box-1` is that of `s1`."""
    await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"T" * 32)
    await centre.hub.add_customers(["s2"], [_with_points()])


async def renewed(centre: Centre) -> int:
    """A person gave the box its next epoch; which one it has."""
    return await centre.hub.db.apply(devices.renew, "box-1")


async def put_back(centre: Centre) -> int:
    """The hub was put back, and knows nothing of who became a guest before that; which epoch the box has."""
    await centre.hub.db.apply(restored.raise_epoch, now_ms=now_ms())
    return 1


@pytest.mark.parametrize("past", [renewed, put_back], ids=["the box", "the hub"])
async def test_what_a_guest_saved_counts_also_after_the_stay_was_forgotten(tmp_path: Path, past: Any) -> None:
    async with open_centre(tmp_path) as centre:
        await two_shops(centre)
        stay = stays.word(KEYS, "s1", ANNA, since_ms=now_ms())
        epoch = await past(centre)
        assert await sent(centre, body(stay=stay), epoch=epoch) == []
        assert _points(centre) == 125


def visited(centre: Centre, visit: dict[str, str]) -> wire.Batch:
    centre.box.happened(1, kind="visit_started", body=msgspec.json.encode(visit))
    return centre.box.batch(1, 1)


@pytest.mark.parametrize("past", [renewed, put_back], ids=["the box", "the hub"])
async def test_no_box_moves_the_balance_of_somebody_whom_the_hub_never_let_into_its_shop(
    tmp_path: Path, past: Any
) -> None:
    async with open_centre(tmp_path) as centre:
        await two_shops(centre)
        before = now_ms()
        epoch = await past(centre)
        real = stays.word(KEYS, "s1", ANNA, since_ms=before)
        made_up = {
            "none": "",
            "no number": "x." + real.partition(".")[2],
            "no MAC": f"{before}.",
            "no ASCII": f"{before}.é",
            "another instant": f"{before - 1}." + real.partition(".")[2],
            "another shop": stays.word(KEYS, "s2", ANNA, since_ms=before),
            "another customer": stays.word(KEYS, "s1", BRAM, since_ms=before),
            "long ago": stays.word(KEYS, "s1", ANNA, since_ms=before - stays.WINDOW_MS - 60_000),
            "after it": stays.word(KEYS, "s1", ANNA, since_ms=before + stays.OFF_MS + 60_000),
        }
        visit = {"customer_id": ANNA.hex(), "visit_id": "07" * 16, "zone": "c", "how": "tap", "reader": "r"}
        _, answer = await push(centre, msgspec.structs.replace(visited(centre, visit), epoch=epoch))
        assert answer.rejected == []
        given = [
            body(line_id=f"{number:032x}", visit_id="07" * 16, delta=9999, stay=stay)
            for number, stay in enumerate(made_up.values())
        ]
        first = await sent(centre, *given, epoch=epoch)
        codes = {name: code for name, (_, code) in zip(made_up, first, strict=True)}
        malformed = {"no number", "no MAC", "no ASCII"}
        assert codes == {name: "BAD_BODY" if name in malformed else "NOT_RESIDENT" for name in made_up}
        assert stays.began(KEYS, "s1", ANNA, made_up["no ASCII"]) is None
        assert _points(centre) == 120


async def test_while_nothing_was_put_back_neither_a_visit_nor_a_stay_that_is_over_makes_a_resident(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await two_shops(centre)
        stay = stays.word(KEYS, "s1", ANNA, since_ms=now_ms())
        centre.box.happened(1, kind="visit_started", body=msgspec.json.encode({"customer_id": ANNA.hex()}))
        centre.box.happened(1, kind="wallet_moved", body=body(stay=stay))
        _, answer = await push(centre, centre.box.batch(1, 2))
        assert [(each.seq, each.code) for each in answer.rejected] == [(2, "NOT_RESIDENT")]


async def test_a_value_that_is_no_balance_is_left_as_it_is(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        before = centre.hub.db.reader.execute("SELECT sealed, ver FROM trait ORDER BY name").fetchall()
        assert await sent(centre, body()) == [(1, "NO_INSTRUMENT")]
        assert (
            centre.hub.db.reader.execute("SELECT sealed, ver FROM trait ORDER BY name").fetchall() == before
        )


async def test_a_balance_that_does_not_open_is_a_dead_letter(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [_with_points()])
        await centre.hub.db.apply(
            lambda conn: conn.execute("UPDATE trait SET sealed=x'00' WHERE name='points'")
        )
        assert await sent(centre, body()) == [(1, "BAD_SEAL")]


async def test_one_line_under_two_numbers_and_two_epochs_counts_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [_with_points()])
        assert await sent(centre, body(), body()) == []
        assert _points(centre) == 125
        again = wire.Batch(2, 1, bytes(32), centre.box.batch(1, 1).events)
        await centre.hub.db.apply(devices.register, KEYS, device=device(epoch=2), shop_key=SHOP_KEY)
        status, answer = await push(centre, again)
        assert (status, answer.rejected) == (200, [])
        assert _points(centre) == 125
        assert centre.hub.db.reader.execute(
            "SELECT epoch, seq FROM ledger WHERE why<>'opening'"
        ).fetchall() == [(1, 1)]


async def test_facts_of_one_upload_sent_twice_move_a_balance_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [_with_points()])
        await sent(centre, body(), body(line_id="02" * 16, delta=-100, why="reward"))
        status, answer = await push(centre, centre.box.batch(1, 2))
        assert (status, answer.ack.seq) == (200, 2)
        assert _points(centre) == 25


def _with_points() -> people.NewCustomer:
    return people.NewCustomer(ANNA, {"points": {"balance": 120}}, [], [consents.NewConsent("saving", HERE)])


def _points(centre: Centre) -> int | None:
    return wallet.balances(centre.hub.db.reader, KEYS, ANNA, now_ms=1).balances.points
