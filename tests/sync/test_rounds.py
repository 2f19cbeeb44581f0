"""What the hub does beside its requests goes on after any trouble, and says it."""

import asyncio
import sqlite3

import pytest

from edge.kit.errors import StoreError
from sync.hub.rounds import keep_on
from tests.patience import PATIENT_S
from tests.sync.centre import Said

pytestmark = pytest.mark.anyio


async def test_trouble_of_any_kind_is_said_once_and_the_next_round_comes() -> None:
    said, done = Said(), asyncio.Event()
    store = StoreError("the store is away", code="S08", hint="wait")
    first, second = (sqlite3.OperationalError("quotes LOYALTY-0001") for _ in range(2))
    rounds: list[Exception | None] = [store, store, first, second, None, store]

    async def work() -> None:
        if not rounds:
            done.set()
        elif (trouble := rounds.pop(0)) is not None:
            raise trouble

    going = asyncio.create_task(keep_on(work, rest=lambda: 0.0, log=said, failed="work_failed"))
    try:
        async with asyncio.timeout(PATIENT_S):
            await done.wait()
    finally:
        going.cancel()
    assert [fields.get("code") or fields["error"] for _, fields in said.lines] == [
        "S08",
        "OperationalError",
        "S08",
    ]
    assert "LOYALTY" not in repr(said.lines)
