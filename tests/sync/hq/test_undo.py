"""An import is taken back whole, however many slices it is."""

import pytest

from sync.hub import books
from sync.hub.consents import NewConsent
from sync.hub.hq import imports, put, rows, undo
from tests.sync.centre import HERE, KEYS
from tests.sync.hq.desk import Desk

pytestmark = pytest.mark.anyio
MANY = undo.SLICE + 1
SAVING = NewConsent("saving", HERE)


async def test_balances_of_more_than_one_slice_are_taken_back_and_the_ledger_says_so(desk: Desk) -> None:
    hub, now_ms = desk.hub, desk.hub.now_ms()
    new = [
        rows.Customer(line, f"K-{line}", traits={"points": {"balance": 10}}, shops=["s1"], consents=[SAVING])
        for line in range(MANY)
    ]
    counted = [rows.Balance(line, f"K-{line}", points=20) for line in range(MANY)]
    await imports.take(
        hub, "customers", new, lambda c, n, some: put.put_customers(c, KEYS, n, found=some, now_ms=now_ms)
    )
    number = await imports.take(
        hub, "balances", counted, lambda c, n, some: put.put_balances(c, KEYS, n, found=some, now_ms=now_ms)
    )
    assert await imports.take_back(hub, number) == MANY
    booked = hub.db.reader.execute(
        "SELECT device_id, count(*), sum(delta) FROM ledger GROUP BY device_id ORDER BY device_id"
    ).fetchall()
    came, back = (books.OPENING, MANY + 2, 10 * MANY + 120 + 3), (books.UNDO, MANY, -10 * MANY)
    assert booked == [(books.IMPORT, MANY, 10 * MANY), came, back]
    verdicts = {
        put.judge_balance(hub.db.reader, KEYS, rows.Balance(2, f"K-{n}", points=10), now_ms=now_ms)
        for n in (0, MANY - 1)
    }
    assert verdicts == {"same"}
