"""Earning and redeeming on the real files: once, whole or not at all, and only with a basis."""

import sqlite3
from pathlib import Path

import pytest

from edge.kit.errors import StoreError
from edge.recognition.tables import put_customer
from edge.visits import acts as visits
from edge.wallet import acts
from edge.wallet.rules import GiftCard, StampCard
from tests.kit.stores import files_with
from tests.tables.floor import KEYS, RECIPIENT, TRAITS, checkpoint, open_floor
from tests.tables.purses import FULL, HERE, arrive, asked, lines, saved

pytestmark = pytest.mark.anyio


async def test_a_stamp_and_points_are_added_at_once_with_who_did_it_and_why(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor)
        await floor.db.write(acts.earn, asked(floor, 1), instrument="stamps", amount=1, here=HERE)
        await floor.db.write(acts.earn, asked(floor, 2), instrument="points", amount=60, here=HERE)
        await floor.db.write(acts.redeem_points, asked(floor, 3), amount=400, here=HERE)
        found = saved(floor, person)
        assert found
        assert (found.points, found.stamps) == (0, StampCard(4, 8, "gratis impregneren"))
        assert found.added == {"points": -340, "stamps": 1}
        staff = ("staff", b"anna............")
        assert lines(floor) == [
            ("stamps", 1, "purchase", *staff),
            ("points", 60, "purchase", *staff),
            ("points", -400, "reward", *staff),
        ]


async def test_a_full_card_gives_one_reward_however_often_it_is_asked(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor, traits=FULL)
        once = await floor.db.write(acts.redeem_stamps, asked(floor, 1), here=HERE)
        again = await floor.db.write(acts.redeem_stamps, asked(floor, 1), here=HERE)
        other = await floor.db.write(acts.redeem_stamps, asked(floor, 2), here=HERE)
        assert [len(done.facts) for done in (once, again, other)] == [1, 0, 0]
        assert lines(floor) == [("stamps", -8, "reward", "staff", b"anna............")]
        found = saved(floor, person)
        assert found
        assert found.stamps == StampCard(0, 8, "gratis impregneren")


async def test_a_line_has_the_number_of_its_own_fact(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor)
        for line in range(1, 4):
            await floor.db.write(acts.earn, asked(floor, line), instrument="stamps", amount=1, here=HERE)
        numbers = floor.db.reader.execute(
            "SELECT l.epoch, o.seq, o.kind FROM ledger AS l JOIN outbox AS o ON o.seq=l.seq"
        ).fetchall()
        assert [each[::2] for each in numbers] == [(1, "wallet_moved")] * 3
        assert floor.one("SELECT max(seq) FROM ledger") == floor.one("SELECT seq FROM outbox_head")


async def test_what_is_not_there_cannot_be_redeemed_and_is_no_error(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor)
        for line, act in enumerate((0, -1, 341, 10**9), 1):
            done = await floor.db.write(acts.redeem_points, asked(floor, line), amount=act, here=HERE)
            assert done.facts == []
        assert (await floor.db.write(acts.redeem_stamps, asked(floor, 9), here=HERE)).facts == []
        assert lines(floor) == []


async def test_who_has_no_card_of_a_kind_earns_none(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor, traits={"name": TRAITS["name"], "points": {"balance": 1}})
        done = await floor.db.write(acts.earn, asked(floor), instrument="stamps", amount=1, here=HERE)
        assert done.facts == []


@pytest.mark.parametrize("broken", ["outbox", "ledger"])
async def test_a_crash_between_two_writes_leaves_neither_and_the_same_form_works_after_it(
    tmp_path: Path, broken: str
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor, traits=FULL)
        form = asked(floor)
        fails = f"CREATE TRIGGER fails BEFORE INSERT ON {broken} BEGIN SELECT raise(ROLLBACK, 'gone'); END"
        await floor.db.apply(lambda conn: conn.execute(fails))
        with pytest.raises((StoreError, sqlite3.IntegrityError)):
            await floor.db.write(acts.redeem_stamps, form, here=HERE)
        assert lines(floor) == []
        assert floor.one("SELECT count(*) FROM outbox WHERE kind='wallet_moved'") == 0
        await floor.db.apply(lambda conn: conn.execute("DROP TRIGGER fails"))
    async with open_floor(tmp_path, clock=floor.clock, feed=floor.feed) as floor:
        for _ in range(2):
            await floor.db.write(acts.redeem_stamps, form, here=HERE)
        assert len(lines(floor)) == floor.one("SELECT count(*) FROM outbox WHERE kind='wallet_moved'") == 1
        found = saved(floor, person)
        assert found
        assert found.stamps
        assert found.stamps.have == 0


async def test_a_line_can_be_neither_changed_nor_deleted(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor)
        await floor.db.write(acts.earn, asked(floor), instrument="stamps", amount=1, here=HERE)
        for sql in ("UPDATE ledger SET delta=8", "DELETE FROM ledger", "UPDATE ledger SET seq=99"):
            with pytest.raises(sqlite3.IntegrityError):
                await floor.db.apply(lambda conn, sql=sql: conn.execute(sql))
        assert [line[1] for line in lines(floor)] == [1]


async def test_withdrawing_recognition_leaves_the_balance_and_its_local_lines(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor)
        form = asked(floor, 2)
        await floor.db.write(acts.earn, asked(floor, 1), instrument="points", amount=60, here=HERE)
        await floor.apply(floor.feed.consent(person, gen=1, ver=2, state="withdrawn"))
        found = saved(floor, person)
        assert found
        assert found.points == 400
        done = await floor.db.write(acts.earn, form, instrument="points", amount=1, here=HERE)
        assert done.facts == []  # the visit ended with its basis: from now on their card saves without a name


async def test_another_tablet_that_redeems_the_same_card_is_too_late(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor, traits=FULL)
        done = [
            await floor.db.write(acts.redeem_stamps, asked(floor, line), here=HERE) for line in range(1, 6)
        ]
        assert [len(each.facts) for each in done] == [1, 0, 0, 0, 0]


async def test_what_the_hub_counted_is_not_counted_again_and_a_rebuilt_replica_changes_nothing(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor)
        for line in (1, 2):
            await floor.db.write(acts.earn, asked(floor, line), instrument="points", amount=10, here=HERE)
        seq = floor.one("SELECT min(seq) FROM ledger")
        traits = TRAITS | {"points": {"balance": 350, "counted": {"box": [1, seq]}}}
        await floor.apply(floor.feed.customer(person, traits, ver=2))
        found = saved(floor, person)
        assert found
        assert (found.points, found.added["points"]) == (360, 10)
        await floor.db.apply(put_customer, person.customer_id, ver=3, traits=[])
        assert saved(floor, person) is None
        await floor.apply(floor.feed.customer(person, traits, ver=4))
        found = saved(floor, person)
        assert found
        assert found.points == 360


async def test_an_erasure_destroys_the_link_to_the_person_and_keeps_the_amounts(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor)
        for line in (1, 2):
            await floor.db.write(acts.earn, asked(floor, line), instrument="points", amount=10, here=HERE)
        visit_id = floor.one("SELECT visit_id FROM ledger")
        await floor.apply(floor.feed.erasure(person))
        rows = floor.db.reader.execute("SELECT customer_id, visit_id, delta FROM ledger").fetchall()
        assert [row[1:] for row in rows] == [(None, 10), (None, 10)]
        (nobody,) = {row[0] for row in rows}
        assert nobody != person.customer_id
        checkpoint(tmp_path)
        assert files_with(visit_id, tmp_path) == []
        bodies = [body for (body,) in floor.db.reader.execute("SELECT body FROM outbox")]
        assert not [body for body in bodies if person.customer_id.hex().encode() in body]


async def test_vouchers_and_gift_cards_are_in_the_wallet_and_a_tap_does_not_read_them(tmp_path: Path) -> None:
    from edge.recognition import profile

    more = {
        "giftcards": {"items": [{"label": "Cadeaukaart", "balance_cents": 2500}]},
        "vouchers": {"items": []},
    }
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor, traits=TRAITS | more)
        found = saved(floor, person)
        assert found
        assert found.giftcards == (GiftCard("Cadeaukaart", 2500),)
        assert set(found.as_of_ms) == {"points", "stamps", "vouchers", "giftcards"}
        seen = profile.read(
            floor.db.reader,
            person.customer_id,
            role="staff",
            recipient=RECIPIENT,
            now_ms=floor.now_ms,
            kek=KEYS.kek,
        )
        assert set(seen.values) == set(TRAITS)


async def test_looking_into_the_wallet_is_a_line_of_the_view_log_for_its_own_purpose(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor)
        visit_id = asked(floor).visit_id
        for purpose in ("recognition", "saving", "saving"):
            await floor.db.write(
                visits.show,
                visit_id,
                role="staff",
                recipient=RECIPIENT,
                now_ms=floor.now_ms,
                purpose=purpose,
            )
        rows = floor.db.reader.execute("SELECT purpose FROM view_log ORDER BY purpose").fetchall()
        assert rows == [("recognition",), ("saving",)]
        assert floor.one("SELECT count(*) FROM outbox WHERE kind='card_shown'") == 2
