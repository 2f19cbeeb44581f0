"""What is kept goes when its time is over, and never before the hub has it."""

from pathlib import Path
from sqlite3 import Connection

import pytest

from edge import outbox
from edge.shop import tables as shop
from edge.staff import deeds, drafts
from edge.staff import tables as staff
from edge.visits import tables as visits
from edge.visits import view_log
from edge.visits.facts import CardShown, VisitEnded, VisitStarted
from tests.kit.clocks import START_MS
from tests.tables.floor import KEYS, open_floor

pytestmark = pytest.mark.anyio
WHOM = b"c" * 16


def visit(at_ms: int) -> bytes:
    """An id as UUIDv7 makes it."""
    return at_ms.to_bytes(6) + b"\x70" + bytes(9)


def happened(conn: Connection) -> list[VisitStarted | VisitEnded | CardShown]:
    """A visit that ended, and one that did not."""
    first, second = visit(START_MS), visit(START_MS + 1)
    return [
        VisitStarted(first, WHOM, "door", "tap", "weak", START_MS),
        CardShown(first, WHOM, "staff", "recognition", START_MS),
        VisitEnded(first, "quiet", START_MS + 5),
        VisitStarted(second, WHOM, "door", "tap", "weak", START_MS + 6),
    ]


async def test_visits_go_after_thirteen_months_once_the_hub_has_them_and_views_after_two_years(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.db.write(happened)
        late_ms = START_MS + visits.KEEP_MS + 10

        async def gone(now_ms: int, *, acked: bool = True) -> int:
            return await floor.db.apply(visits.prune, now_ms=now_ms, acked=acked)

        assert await gone(late_ms) == 0  # the hub has heard nothing yet
        await floor.db.apply(outbox.settle, epoch=1, seq=4)
        assert await gone(late_ms - 10) == 0
        assert await gone(late_ms) == 1
        assert await gone(late_ms * 2) == 0  # an open visit stays
        await floor.db.write(lambda conn: [VisitEnded(visit(START_MS + 1), "quiet", START_MS + 7)])
        assert await gone(late_ms) == 0
        assert await gone(late_ms, acked=False) == 1  # a shop without a hub waits for nobody
        assert await floor.db.apply(view_log.prune_views, now_ms=START_MS + view_log.VIEWS_MS) == 0
        assert await floor.db.apply(view_log.prune_views, now_ms=START_MS + view_log.VIEWS_MS + 1) == 1


async def test_deeds_feedback_and_drafts_go(tmp_path: Path) -> None:
    def put(conn: Connection) -> None:
        deeds.note(conn, deeds.Doer(bytes(16), bytes(32)), what="help", now_ms=START_MS)
        shop.add_feedback(conn, "x", now_ms=START_MS)
        conn.execute("INSERT INTO tablet (token_hash, name, paired_ms) VALUES (?, 'one', 0)", (b"t" * 32,))
        staff.add_session(conn, b"s" * 32, staff_id=bytes(16), tablet_hash=b"t" * 32, until_ms=START_MS * 2)
        drafts.keep(conn, b"s" * 32, "search", "De Vries", kek=KEYS.kek, now_ms=START_MS)

    async with open_floor(tmp_path) as floor:
        await floor.db.apply(put)
        assert await floor.db.apply(deeds.prune, now_ms=START_MS + deeds.KEEP_MS) == 0
        assert await floor.db.apply(deeds.prune, now_ms=START_MS + deeds.KEEP_MS + 1) == 1
        await floor.db.apply(shop.prune, now_ms=START_MS + shop.FEEDBACK_MS + 1)
        assert floor.one("SELECT count(*) FROM feedback") == 0
        assert floor.one("SELECT count(*) FROM draft") == 1
        await floor.db.apply(staff.remove_tablet, b"t" * 32)
        assert floor.one("SELECT count(*) FROM draft") == 0
