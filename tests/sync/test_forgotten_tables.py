"""An erasure reaches every table that names a customer: those that come later too, for the schema is asked."""

import json
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from sync.hub.tables import events
from tests.sync.canaries import binary, plant, traces
from tests.sync.centre import BRAM, customer, open_centre
from tests.tables.floor import open_floor

pytestmark = pytest.mark.anyio
WHOM = bytes(range(0xC0, 0xD0))
# What stays of a line of the ledger: the amounts and what they were for, under an id that is nobody's.
AMOUNTS = {
    f"CANARY.ledger.{name}".encode()
    for name in ("line_id", "device_id", "role", "staff_id", "why", "visit_id")
}
# And of what was said: when, what kind, and the chain.
FACTS = {f"CANARY.event.{name}".encode() for name in ("device_id", "kind", "hash", "code")}
FEED = {f"CANARY.feed.{name}".encode() for name in ("part", "id")}


async def test_at_the_hub_nothing_stays_of_a_customer_in_any_table_or_byte(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer(BRAM)])
        if centre.hub.db.shared:
            pytest.skip("bytes of files are asked for, and this store has none of ours")
        planted = await centre.hub.db.apply(lambda conn: plant(conn, WHOM))
        assert len(planted) > 30
        folder = centre.hub_file.parent
        assert {needle for _, needle in traces(folder, planted)} == planted
        await centre.hub.erase(WHOM)
        left = {needle for _, needle in traces(folder, planted)}
        assert left <= AMOUNTS | FACTS | FEED
        # The opaque id stands in the order to forget it, which a shop that is put back needs, and nowhere else.
        conn = centre.hub.db.reader
        assert {op for (op,) in conn.execute("SELECT op FROM feed WHERE id=?", (WHOM.hex(),))} == {"erase"}
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type='table'")]
        held = {name: repr(conn.execute(f"SELECT * FROM {name}").fetchall()) for name in names}
        forms = (WHOM.hex(), repr(WHOM)[2:-1])
        assert {name for name, rows in held.items() if any(each in rows for each in forms)} == {"feed"}
        assert centre.hub.db.reader.execute("SELECT count(*) FROM customer_key").fetchone() == (1,)


async def test_in_a_shop_nothing_stays_of_a_customer_in_any_table_or_byte(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:

        def both(conn: Connection) -> set[bytes]:
            return plant(conn, WHOM) | plant(conn, WHOM, schema="replica")

        planted = await floor.db.apply(both)
        assert len(planted) > 20
        row = floor.feed.row("shop:demo:urgent", "erase", "customer", WHOM.hex())
        await floor.apply(row)
        left = {needle for _, needle in traces(tmp_path, planted | binary(WHOM))}
        assert left <= AMOUNTS - {b"CANARY.ledger.visit_id"}


async def test_what_names_a_visit_goes_also_behind_its_end_and_where_a_box_that_was_put_back_ended_it_again(
    tmp_path: Path,
) -> None:
    def kept(seq: int, kind: str, visit: str, whose: bytes | None = None) -> events.Kept:
        body = json.dumps({"visit_id": visit}).encode()
        return events.Kept(seq, 1, kind, body, b"", None, whose)

    def left(conn: Any) -> list[tuple[int, int]]:
        rows = conn.execute("SELECT epoch, seq, body FROM event ORDER BY epoch, seq", {}).fetchall()
        return [(epoch, seq) for epoch, seq, body in rows if bytes(body) != events.NOTHING]

    async with open_centre(tmp_path) as centre:
        db = centre.hub.db
        first = [
            kept(1, "visit_started", "aa", WHOM),
            kept(2, "help_claimed", "aa"),
            kept(3, "visit_ended", "aa"),
            kept(4, "visit_started", "bb", BRAM),
            kept(5, "help_released", "aa"),
            kept(6, "greeted", "bb"),
        ]
        again = [kept(1, "visit_ended", "bb"), kept(2, "visit_ended", "aa")]
        await db.apply(events.keep_all, [("box", 1, first)], now_ms=1)
        await db.apply(events.keep_all, [("box", 4, again)], now_ms=1)
        await db.apply(events.forget, WHOM)
        assert await db.read(left) == [(1, 4), (1, 6), (4, 1)]
