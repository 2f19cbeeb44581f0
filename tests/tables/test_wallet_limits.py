"""What a proof is good for: a copy earns nothing, much takes the phone's unlock or a colleague."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.wallet import acts
from tests.tables.floor import CARD, TRAITS, Floor, open_floor
from tests.tables.purses import FULL, HERE, arrive, asked, phone

pytestmark = pytest.mark.anyio


async def test_what_can_be_copied_earns_and_redeems_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(CARD, traits=FULL)
        await floor.tap()
        assert (
            acts.lacks(floor.db.reader, asked(floor), person.customer_id, "stamps", 1, here=HERE) == "proof"
        )
        done = [
            await floor.db.write(acts.earn, asked(floor, 1), instrument="points", amount=1, here=HERE),
            await floor.db.write(acts.redeem_stamps, asked(floor, 2), here=HERE),
            await floor.db.write(acts.redeem_points, asked(floor, 3), amount=1, here=HERE),
        ]
        assert [len(each.facts) for each in done] == [1, 0, 0]


async def test_the_strongest_proof_of_a_visit_counts_for_minutes_whatever_is_shown_after_it(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await arrive(floor)
        floor.clock.pass_ms(2_000)
        await floor.tap()  # the same number once more, printed
        assert (await redeem(floor, 1, 10)) == 1
        floor.clock.pass_ms(HERE.limits.proof_ms)
        assert (await redeem(floor, 2, 10)) == 0
        await phone(floor)
        assert (await redeem(floor, 2, 10)) == 1


async def redeem(floor: Floor, line: int, points: int, *, eyes: bytes = b"") -> int:
    form = replace(asked(floor, line), eyes=eyes, tablet_hash=b"tablet")
    return len((await floor.db.write(acts.redeem_points, form, amount=points, here=HERE)).facts)


async def test_much_takes_the_phones_unlock_or_a_colleague_and_is_not_had_in_pieces(tmp_path: Path) -> None:
    async with open_floor(tmp_path, unlocking=frozenset(("00000002",))) as floor:
        await arrive(floor, traits=TRAITS | {"points": {"balance": 5_000}})
        assert await redeem(floor, 1, 500) == 0
        assert await redeem(floor, 2, 499) == 1
        assert await redeem(floor, 3, 1) == 0
        assert await redeem(floor, 4, 1, eyes=b"anna............") == 0  # she is who is signed in
        assert floor.one("SELECT count(*) FROM deed") == 0
        assert await redeem(floor, 5, 1, eyes=b"bram............") == 1
        deeds = floor.db.reader.execute("SELECT staff_id, what, tablet_hash FROM deed").fetchall()
        assert deeds == [(b"bram............", "looked_along", b"tablet")]
        await floor.tap(kind="hce", evidence="strong", about={"key_id": "00000002"})
        assert await redeem(floor, 6, 700) == 1
        assert floor.one("SELECT count(*) FROM deed") == 1


async def test_the_third_full_card_of_a_day_takes_who_they_are(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await arrive(floor, traits=FULL | {"stamps": {"have": 40, "of": 8, "reward": "koffie"}})
        for line, expected in enumerate((1, 1, 0, 0), 1):
            done = await floor.db.write(acts.redeem_stamps, asked(floor, line), here=HERE)
            assert len(done.facts) == expected
        assert (
            acts.lacks(floor.db.reader, asked(floor), person.customer_id, "stamps", 1, here=HERE) == "owner"
        )
        form = replace(asked(floor, 5), eyes=b"bram............", tablet_hash=b"tablet")
        assert len((await floor.db.write(acts.redeem_stamps, form, here=HERE)).facts) == 1
