"""What headquarters learnt on its way to the shops: once, to a new shop too, and only as the bytes that were sent."""

from pathlib import Path
from sqlite3 import Connection

import pytest

from edge.advice import tables
from sync.hub import devices, models
from tests.sync.centre import KEYS, device, open_centre
from tests.sync.test_appliance import appliance

pytestmark = pytest.mark.anyio


async def test_a_model_of_the_hub_is_in_the_shop_and_the_next_takes_its_place(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        assert tables.model(db.reader, "ranking") is None
        assert await centre.hub.change(models.publish, "ranking", b"first")
        await agent.once()
        assert tables.model(db.reader, "ranking") == b"first"
        assert await centre.hub.change(models.publish, "ranking", b"first") == []
        await centre.hub.change(models.publish, "ranking", b"second")
        await agent.once()
        assert tables.model(db.reader, "ranking") == b"second"


async def test_a_shop_that_is_new_gets_it_too(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.change(models.publish, "ranking", b"first")
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-9", "s9"), shop_key=b"T" * 32)
        rows = centre.hub.db.reader.execute("SELECT t, id, ver FROM feed WHERE part='shop:s9'").fetchall()
        assert rows == [("model", "ranking", 1)]


async def test_bytes_that_are_not_those_sent_are_no_model(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, _):

        def put(conn: Connection) -> None:
            tables.put_model(conn, "ranking", b"other", sha256_hex="00" * 32, ver=1)

        await db.apply(put)
        assert tables.model(db.reader, "ranking") is None
