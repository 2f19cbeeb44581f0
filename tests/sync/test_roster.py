"""Staff that headquarters imports reaches the shop's tiles, and leaves them again."""

from pathlib import Path

import pytest

from edge.staff import roster, tables
from edge.staff.pins import hash_pin, pin_fits
from sync.hub.hq import put, rows
from tests.sync.centre import open_centre
from tests.sync.test_appliance import appliance

pytestmark = pytest.mark.anyio


def member(id_: str, name: str, *, shops: tuple[str, ...] = ("s1",)) -> rows.Staff:
    return rows.Staff(1, id_, name, "staff", "nl", shops)


async def test_staff_of_headquarters_stand_on_the_tiles_and_get_their_first_pin_in_the_shop(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await db.apply(
            tables.add_staff, tables.Staff(b"i" * 16, "Iris", "manager", "en", hash_pin(b"P" * 32, "1234"))
        )
        await centre.hub.change(put.put_staff, 1, found=[member("P1", "Noor"), member("P2", "Noor")])
        await centre.hub.change(put.put_staff, 2, found=[member("P3", "Iris"), member("P4", "Bo", shops=())])
        await agent.once()
        assert tables.names(db.reader) == ["Iris", "Noor", "Noor (P2)"]
        noor, iris = tables.by_name(db.reader, "Noor"), tables.by_name(db.reader, "Iris")
        assert noor is not None
        assert iris is not None
        assert not pin_fits(b"P" * 32, "", noor.pin_hash)
        assert pin_fits(b"P" * 32, "1234", iris.pin_hash)  # who was here keeps their PIN
        assert await db.apply(roster.give_pin, "Noor", hash_pin(b"P" * 32, "5678"))
        assert not await db.apply(roster.give_pin, "Noor", "another")
        await centre.hub.change(put.put_staff, 3, found=[], gone=["P2", "P3"])
        await agent.once()
        assert tables.names(db.reader) == ["Noor"]
