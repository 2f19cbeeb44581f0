"""The report on use: all together, and nothing where it would be about somebody."""

from pathlib import Path
from sqlite3 import Connection

import pytest

from edge.insight import tables as insight
from edge.shop.usage import USES, Usage, usage
from edge.staff import deeds
from tests.kit.clocks import START_MS
from tests.tables.floor import open_floor

pytestmark = pytest.mark.anyio
DAY = "2026-11-20"


def did(conn: Connection, colleague: int, what: str) -> None:
    deeds.note(conn, deeds.Doer(bytes([colleague]) * 16, b"t" * 32), what=what, now_ms=START_MS)


async def test_use_is_counted_by_all_together_from_three_colleagues_on(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        for colleague in (1, 2):
            await floor.db.apply(did, colleague, "help")
        assert usage(floor.db.reader, since_ms=START_MS, since_day=DAY) == Usage(enough=False, counts={})
        await floor.db.apply(did, 3, "leave_alone")
        await floor.db.apply(did, 3, "open_found")
        await floor.db.apply(insight.add, DAY, "used_practice", 4)
        await floor.db.apply(insight.add, "2026-11-01", "used_tour", 9)
        found = usage(floor.db.reader, since_ms=START_MS, since_day=DAY)
        assert tuple(found.counts) == USES
        assert {name: count for name, count in found.counts.items() if count} == {
            "help": 2,
            "alone": 1,
            "search": 1,
            "practice": 4,
        }
