"""The hub on PostgreSQL: the same acts and statements, several processes on one database."""

from pathlib import Path

import pytest

from tests.sync.centre import ANNA, customer, open_centre
from tests.sync.shop import events_at

pytestmark = pytest.mark.anyio


async def test_a_hub_on_postgresql_takes_in_feeds_and_forgets(tmp_path: Path, postgresql: str) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        centre.box.happened(10)
        await centre.agent.once()
        assert len(events_at(centre.hub.db.reader)) == 10
        assert (await centre.client.get("/healthz")).json()["ok"] is True
        assert (await centre.client.get("/hq")).status_code in (200, 403)
        await centre.hub.erase(ANNA)
