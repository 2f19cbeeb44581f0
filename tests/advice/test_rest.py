"""The settings of rest as the house itself reads them: how often a week, and the hours without offers."""

from pathlib import Path
from sqlite3 import Connection

import pytest

from edge.app import open_edge
from edge.config import parse
from edge.visits.facts import VisitStarted
from tests.tables.floor import KEYS

pytestmark = pytest.mark.anyio


async def rests(folder: Path, advice: dict[str, int], *, visits: int) -> tuple[bool, bool]:
    """Whether the last of so many visits of one customer is withheld from, and whether it was enough."""
    config = parse({"store": {"state": str(folder / "state")}, "advice": advice}, base=folder)
    async with open_edge(config, keys=KEYS, log=lambda event, **fields: None, readers=[]) as edge:
        house, ids = edge.house, []

        def come(conn: Connection) -> list[VisitStarted]:
            conn.execute("UPDATE visit SET ended_ms=started_ms")
            ids.append(house.new_id())
            return [VisitStarted(ids[-1], b"c" * 16, "balie", "tap", "weak", house.time.now_ms())]

        for _ in range(visits):
            await house.db.write(come)
        return house.advisor.withheld(ids[-1]), house.advisor.enough(ids[-1])


async def test_offers_are_made_at_so_many_visits_a_week_as_the_settings_say(tmp_path: Path) -> None:
    assert await rests(tmp_path / "3", {}, visits=3) == (False, False)
    assert await rests(tmp_path / "4", {}, visits=4) == (False, True)
    assert await rests(tmp_path / "0", {"most_a_week": 0}, visits=1) == (False, True)


async def test_in_quiet_hours_nobody_is_offered_anything(tmp_path: Path) -> None:
    assert await rests(tmp_path, {"quiet_from": 0, "quiet_until": 24}, visits=1) == (True, False)
