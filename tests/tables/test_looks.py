"""View receipts in a shop: a line a look, tampering is found, and a manager is told what to ask about."""

import shutil
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.commands.doctor import _looks
from edge.diagnosis import Trouble
from edge.kit.sqlite import open_reader
from edge.looks import acts as looks
from edge.looks import alarms
from edge.looks import tables as chain
from edge.looks.rules import GENESIS, Broken, reference, signed_text
from edge.outbox import body_of
from edge.staff.deeds import Doer
from edge.visits import acts
from edge.visits.acts import Opening
from tests.kit.stores import files_with
from tests.tables.floor import KEYS, RECIPIENT, TRAITS, Floor, Person, open_floor

pytestmark = pytest.mark.anyio
ANNA, BRAM = Doer(b"a" * 16, b"t" * 32), Doer(b"b" * 16, b"u" * 32)
KEY = Ed25519PrivateKey.from_private_bytes(KEYS.device_key)
HOUR_MS = 3_600_000


async def look(floor: Floor, doer: Doer, *, reason: str = "help", purpose: str = "recognition") -> int:
    """Look closer at the newest visit; how many lines that was."""
    done = await floor.db.write(
        acts.show,
        floor.one("SELECT max(id) FROM visit"),
        role="staff",
        recipient=RECIPIENT,
        now_ms=floor.now_ms,
        purpose=purpose,
        reason=reason,
        doer=doer,
    )
    return len(done.facts)


async def found(floor: Floor, person: Person, doer: Doer, reason: str = "help") -> None:
    """Find somebody by name, and open them."""
    await floor.db.write(
        acts.open_found,
        Opening(person.customer_id, reason, "staff", "tablet"),
        doer=doer,
        recipient=RECIPIENT,
        now_ms=floor.now_ms,
        new_id=floor.counter._new_id,
        quiet_ms=HOUR_MS,
    )


async def watch(floor: Floor, *, most: int = 30) -> list[tuple[str, str]]:
    """Judge what is old enough; kind and tablet of every alarm."""
    await floor.db.apply(alarms.watch, now_ms=floor.now_ms, most_an_hour=most, alone_ms=15 * 60_000)
    return [(each.kind, each.device) for each in alarms.lately(floor.db.reader, since_ms=0)]


async def test_each_colleague_who_looks_closer_is_a_line_and_the_same_look_again_is_none(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        assert [await look(floor, each) for each in (ANNA, BRAM, ANNA)] == [1, 1, 0]
        assert await look(floor, ANNA, reason="exchange") == 1
        lines = [line for line, _, _ in chain.every(floor.db.reader)]
        assert [(line.n, line.staff, line.device, line.reason) for line in lines] == [
            (1, ANNA.staff_id.hex(), ANNA.device, "help"),
            (2, BRAM.staff_id.hex(), BRAM.device, "help"),
            (3, ANNA.staff_id.hex(), ANNA.device, "exchange"),
        ]
        about = {"role": "staff", "purpose": "recognition", "reason": "help", "staff": lines[0].staff}
        visit_id = floor.one("SELECT id FROM visit")
        assert reference(person.customer_id, visit_id, **about) == lines[0].customer_ref
        assert looks.check(floor.db.reader) == (3, 0, None)


def tampered(change: Callable[[sqlite3.Connection], object]) -> Callable[[Path], None]:
    def tamper(journal: Path) -> None:
        with closing(sqlite3.connect(journal, isolation_level=None)) as conn:
            conn.execute("DROP TRIGGER look_stays")  # who owns the file may do that too
            change(conn)

    return tamper


TAMPERED = {
    "changed": tampered(lambda conn: conn.execute("UPDATE look SET staff='somebody else' WHERE n=2")),
    "deleted": tampered(lambda conn: conn.execute("DELETE FROM look WHERE n=2")),
    "reordered": tampered(
        lambda conn: conn.executescript(
            "UPDATE look SET n=9 WHERE n=2; UPDATE look SET n=2 WHERE n=3; UPDATE look SET n=3 WHERE n=9"
        )
    ),
    "cut": tampered(lambda conn: conn.execute("DELETE FROM look WHERE n>1")),
    "begins later": tampered(lambda conn: conn.execute("DELETE FROM look WHERE n<3")),
}
FIRST = {"changed": 2, "deleted": 2, "reordered": 2, "cut": 2, "begins later": 1}


@pytest.mark.parametrize("how", TAMPERED)
async def test_what_the_owner_does_to_the_file_is_found_and_doctor_names_the_first_line(
    tmp_path: Path, how: str
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        for doer in (ANNA, BRAM):
            await look(floor, doer)
            await look(floor, doer, reason="phone")
    journal = tmp_path / "journal.db"
    assert _looks(journal) == "4 lines hold; the hub has them up to 0"
    TAMPERED[how](journal)
    with closing(open_reader(journal)) as conn:
        broken = looks.check(conn)[2]
    assert broken is not None
    assert broken.n == FIRST[how]
    with pytest.raises(Trouble, match=f"line {FIRST[how]} of the chain of looks"):
        _looks(journal)


async def test_lines_go_up_once_under_the_boxs_signature_and_hold_nothing_personal(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        await look(floor, ANNA)

        def sign(text: bytes) -> str:
            return b64encode(KEY.sign(text)).decode()

        (told,) = (await floor.db.write(looks.tell, sign=sign, now_ms=floor.now_ms)).facts
        assert (told.first, told.prev, len(told.lines)) == (1, GENESIS, 1)
        KEY.public_key().verify(b64decode(told.sig), signed_text(1, told.head))
        body = body_of(told)
        for word in (person.customer_id.hex(), floor.one("SELECT hex(id) FROM visit").lower(), "Femke"):
            assert word.encode() not in body
        assert (await floor.db.write(looks.tell, sign=sign, now_ms=floor.now_ms)).facts == []
        assert looks.check(floor.db.reader) == (1, 1, None)


async def test_an_erasure_leaves_the_chain_whole_and_nobody_can_say_whose_it_was(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        await look(floor, ANNA)
        visit_id = floor.one("SELECT id FROM visit")
        await floor.apply(floor.feed.erasure(person))
        assert looks.check(floor.db.reader) == (1, 0, None)
        assert floor.one("SELECT count(*) FROM view_log") == 0
        for id_ in (visit_id, visit_id.hex().encode(), person.customer_id.hex().encode()):
            assert files_with(id_, tmp_path) == []


async def test_lines_past_two_years_go_once_the_hub_has_them_and_the_rest_still_holds(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        await look(floor, ANNA)
        floor.clock.pass_ms(HOUR_MS)
        await look(floor, BRAM)
        late_ms = floor.now_ms - HOUR_MS + chain.KEEP_MS + 1
        assert await floor.db.apply(chain.prune, now_ms=late_ms, alone=False) == 0
        await floor.db.write(looks.tell, sign=lambda text: "", now_ms=floor.now_ms)
        assert await floor.db.apply(chain.prune, now_ms=late_ms, alone=False) == 1
        assert looks.check(floor.db.reader) == (1, 2, None)
        await floor.db.apply(lambda conn: conn.execute("DELETE FROM look"))
        assert looks.check(floor.db.reader)[2] == Broken(2, "cut")


async def test_a_manager_is_told_of_many_looks_on_one_tablet_once_an_hour(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        for reason in ("help", "exchange", "pickup", "phone"):
            await look(floor, ANNA, reason=reason)
        await look(floor, BRAM)
        assert await watch(floor, most=2) == []  # not yet old enough to be judged
        floor.clock.pass_ms(16 * 60_000)
        assert await watch(floor, most=2) == [("many", ANNA.device)]
        assert await watch(floor, most=2) == [("many", ANNA.device)]


async def test_a_manager_is_told_of_a_look_at_somebody_who_is_marked(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(traits=TRAITS | {"guarded": True})
        await floor.tap()
        await look(floor, ANNA, reason="")
        await look(floor, BRAM)
        floor.clock.pass_ms(16 * 60_000)
        assert await watch(floor) == [("guarded", BRAM.device)]  # a glance is no curiosity


async def test_a_manager_is_told_of_a_look_at_somebody_who_was_not_there(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        absent, present = await floor.resident("1"), await floor.resident("2")
        await found(floor, absent, ANNA)
        await found(floor, present, BRAM)
        floor.clock.pass_ms(5 * 60_000)
        await floor.tap("2")
        floor.clock.pass_ms(11 * 60_000)
        assert await watch(floor) == [("alone", ANNA.device)]


async def test_an_older_file_put_back_is_another_chain_than_the_one_that_went_up(tmp_path: Path) -> None:
    async with open_floor(tmp_path / "shop") as floor:
        await floor.resident()
        await floor.tap()
        await look(floor, ANNA)
    shutil.copytree(tmp_path / "shop", tmp_path / "older")
    heads = []
    for folder, doer in (("shop", ANNA), ("older", BRAM)):
        async with open_floor(tmp_path / folder) as floor:
            await look(floor, doer, reason="phone")
            (told,) = (await floor.db.write(looks.tell, sign=lambda text: "", now_ms=floor.now_ms)).facts
            heads.append((told.first, told.lines[0], told.head))
    assert heads[0][:2] == heads[1][:2]
    assert heads[0][2] != heads[1][2]
