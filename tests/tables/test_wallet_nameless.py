"""Whoever wants to stay unknown saves with their card: a note opens the balance, and no visit is made."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.facts import Fact
from edge.kit.sqlite import Committed
from edge.wallet import acts, tables
from edge.wallet.policy import Limits
from edge.wallet.rules import Asked
from sync import wire
from tests.tables.floor import CARD, RECIPIENT, Floor, open_floor
from tests.tables.purses import DOER, FULL, HERE, arrive, asked, lines, phone, saved

pytestmark = pytest.mark.anyio


def nameless(floor: Floor, line: int) -> Asked:
    note = floor.counter.notes.now()[0]
    return Asked(
        line.to_bytes(16),
        note.id,
        role="staff",
        staff_id=b"anna............",
        at_ms=floor.now_ms,
        customer_id=note.customer_id,
        credential=note.credential,
        evidence=note.proof.evidence,
        proved_ms=note.at_ms,
    )


async def look(floor: Floor) -> Committed[Fact]:
    """The balance of the note on the counter is opened."""
    (note,) = floor.counter.notes.now()
    return await floor.db.write(
        acts.look, note.customer_id, note.id, role="staff", here=HERE, doer=DOER, now_ms=floor.now_ms
    )


@pytest.mark.parametrize("how", ["blocked", "another's", "erased"])
async def test_a_card_that_was_blocked_after_its_tap_saves_and_redeems_nothing(
    tmp_path: Path, how: str
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(CARD, traits=FULL, consents={"saving": None})
        await phone(floor)
        form = nameless(floor, 1)
        if how == "blocked":
            await floor.apply(floor.feed.credential(person, state="blocked", ver=2))
        elif how == "another's":
            body = wire.Credential(bytes(16).hex(), "active")
            await floor.apply(
                floor.feed.row("shop:demo", "put", "credential", person.hash.hex(), ver=2, body=body)
            )
        else:
            await floor.apply(floor.feed.erasure(person))
        assert (await floor.db.write(acts.redeem_stamps, form, here=HERE)).facts == []
        assert (await floor.db.write(acts.earn, form, instrument="stamps", amount=1, here=HERE)).facts == []
        assert lines(floor) == []
        floor.counter.notes.drop_closed()
        assert floor.counter.notes.now() == []


async def test_a_note_of_a_card_that_still_works_stays(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(CARD, traits=FULL, consents={"saving": None})
        await phone(floor)
        floor.counter.notes.drop_closed()
        assert len(floor.counter.notes.now()) == 1


async def test_a_tap_without_a_name_redeems_no_longer_than_its_proof_is_good(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(CARD, traits=FULL, consents={"saving": None})
        await phone(floor)
        a_minute = replace(HERE, limits=Limits(proof_ms=60_000))
        form = nameless(floor, 1)
        late = replace(form, at_ms=form.proved_ms + 60_000)
        assert (await floor.db.write(acts.redeem_stamps, late, here=a_minute)).facts == []
        in_time = replace(form, at_ms=form.proved_ms + 59_999)
        assert len((await floor.db.write(acts.redeem_stamps, in_time, here=a_minute)).facts) == 1


async def test_who_is_not_recognised_saves_with_their_card_and_makes_no_visit(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(CARD, traits=FULL, consents={"saving": None})
        await phone(floor)
        note = floor.counter.notes.now()[0]
        assert (note.kind, note.customer_id, len(note.id)) == ("withheld", person.customer_id, 16)
        for _ in range(2):
            await floor.db.write(acts.redeem_stamps, nameless(floor, 1), here=HERE)
            await floor.db.write(acts.earn, nameless(floor, 2), instrument="stamps", amount=1, here=HERE)
            await look(floor)
        assert [line[:3] for line in lines(floor)] == [("stamps", -8, "reward"), ("stamps", 1, "purchase")]
        looked = floor.db.reader.execute("SELECT visit_id, customer_id, purpose FROM view_log").fetchall()
        assert looked == [(note.id, person.customer_id, "saving")]
        assert floor.one("SELECT count(*) FROM visit") == 0
        kinds = floor.db.reader.execute("SELECT kind FROM outbox ORDER BY seq").fetchall()
        assert kinds == [("wallet_moved",), ("wallet_moved",), ("card_shown",)]


async def test_a_card_without_a_basis_for_saving_opens_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(CARD, traits=FULL, consents={"profiling": None})
        await floor.tap()
        done = [
            await floor.db.write(acts.redeem_stamps, nameless(floor, 1), here=HERE),
            await floor.db.write(acts.earn, nameless(floor, 2), instrument="points", amount=1, here=HERE),
            await look(floor),
        ]
        assert [each.facts for each in done] == [[], [], []]
        assert lines(floor) == []


async def test_without_the_agreement_nothing_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        end_ms = floor.now_ms + 1_000
        person = await arrive(floor, consents={"recognition": None, "saving": end_ms})
        await floor.db.write(acts.earn, asked(floor, 1), instrument="points", amount=60, here=HERE)
        floor.clock.pass_ms(1_000)
        assert saved(floor, person) is None
        held = tables.profile_here(
            floor.db.reader, person.customer_id, role="staff", here=HERE, now_ms=floor.now_ms
        )
        assert held.values.keys() == {"name", "since"}
        values = {"points": {"balance": 340}}
        asks = {"device": "box", "recipient": RECIPIENT, "now_ms": floor.now_ms}
        assert tables._lines(floor.db.reader, person.customer_id, values, **asks) == []
        done = await floor.db.write(acts.earn, asked(floor, 2), instrument="points", amount=1, here=HERE)
        assert done.facts == []
