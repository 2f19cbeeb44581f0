"""A shop lets the phone of somebody who is resident there onto their own page, and of nobody else."""

from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest

from edge.kit.sql import Connection
from sync import own_page
from sync.wire import Refused
from tests.sync.centre import ANNA, BRAM, customer, open_centre

pytestmark = pytest.mark.anyio


def codes(conn: Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM portal_code").fetchone()[0])


async def test_the_code_of_a_shop_opens_the_page_of_its_own_residents(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        await hub.add_customers([], [customer(BRAM, name="Bram", number="2")])
        with pytest.raises(Refused) as caught:
            await own_page.ask(centre.agent.asking, ANNA.hex(), shown="strong")
        assert caught.value.code == "NO_PAGE"
        hub.config = replace(hub.config, page="http://hub.test", secure_cookies=False)
        answer = await own_page.ask(centre.agent.asking, ANNA.hex(), shown="strong")
        transport = httpx.ASGITransport(app=hub.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as phone:
            assert (await phone.get(answer.address)).status_code == 303
            assert "A. de Vries" in (await phone.get("/portal")).text
            assert (await phone.get(answer.address)).status_code == 410
        weak = await own_page.ask(centre.agent.asking, ANNA.hex(), shown="weak")
        assert weak.address == ""
        assert await hub.db.read(codes) == 0
        content = msgspec.json.encode({"schema": 1, "customer_id": ANNA.hex()})  # as a box asked before
        with pytest.raises(Refused) as caught:
            await centre.agent.asking.ask("POST", own_page.PATH, content=content, most=4096)
        assert caught.value.code == "MALFORMED"
        assert await hub.db.read(codes) == 0
        for stranger in (BRAM, b"\x09" * 16):
            with pytest.raises(Refused) as caught:
                await own_page.ask(centre.agent.asking, stranger.hex(), shown="strong")
            assert caught.value.code == "NOT_RESIDENT"
