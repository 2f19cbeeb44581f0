"""A disk that was full while a new replica took the old one's place: who joined here is known once there is room."""

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from edge import jobs, newcomers
from edge.app import open_edge
from edge.config import Config, Hub, Shop, Store
from edge.fetching.staging import Fetching
from edge.joining import tables
from edge.joining.rules import Wish
from edge.newcomers import Offer
from edge.recognition.profile import read
from sync import wire
from sync.hub.tables import devices
from tests.sync.centre import HERE, SECRETS, Said, customer, now_ms, open_centre
from tests.sync.test_agent import until

pytestmark = pytest.mark.anyio
NAME = "mevrouw Wonderbaarlijk"


def full(*_: object, **__: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
    raise error


@pytest.mark.parametrize(("room", "step"), [(tables, "settle"), (newcomers, "_bring_in")])
async def test_who_joined_here_is_known_again_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: Any, step: str
) -> None:
    config = Config(
        shop=Shop(id="s1", recipient=HERE),
        store=Store(state=tmp_path / "edge"),
        hub=Hub(url="http://hub.test", device="box-1"),
    )
    async with (
        open_centre(tmp_path) as centre,
        open_edge(config, keys=SECRETS, readers=[], hub_transport=centre.line, log=Said()) as edge,
    ):
        house, agent = edge.house, edge.agent
        assert agent is not None

        def known() -> list[Any]:
            words: dict[str, Any] = {"recipient": HERE, "now_ms": now_ms(), "kek": SECRETS.kek}
            ids = [id_ for (id_,) in house.db.reader.execute("SELECT customer_id FROM main.joined")]
            return [read(house.db.reader, each, role="staff", **words).values for each in ids]

        await centre.hub.add_customers(["s1"], [customer()])
        await agent.once()
        await centre.hub.db.apply(devices.raise_hub_epoch, at_least=7)
        swap = Fetching.swap

        async def on_a_full_disk(self: Fetching, **words: Any) -> bool:
            await newcomers.join(
                house, Wish(NAME, ("recognition",)), Offer(), staff_id=bytes(16), language="nl"
            )
            assert [each["name"]["call"] for each in known()] == [NAME]
            with monkeypatch.context() as patched:
                patched.setattr(room, step, full)
                assert await swap(self, **words)
            centre.line.down = True  # or the hub would say them again
            return True

        monkeypatch.setattr(Fetching, "swap", on_a_full_disk)
        with suppress(wire.Unreachable):
            await agent.once()
        assert centre.line.down
        assert known() == [{}]
        monkeypatch.setattr(jobs, "MARK_S", 0.01)
        clockwork = asyncio.create_task(jobs.keep_time(house))
        try:
            await until(lambda: known() != [{}])
        finally:
            clockwork.cancel()
        assert [each["name"]["call"] for each in known()] == [NAME]
        assert len(house.search.find(NAME, most=5)) == 1
