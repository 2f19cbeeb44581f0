"""No program forgets a crowd alone: beyond a handful an hour somebody at the hub has to allow it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from edge.kit.sql import Connection
from sync.hub.hq import erasing
from sync.hub.problem import Refusal
from sync.hub.tables import tokens
from tests.sync.hq.desk import WHO, Desk, open_desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk, None]:
    async with open_desk(tmp_path) as found:
        yield found


async def test_a_program_that_forgot_many_within_the_hour_waits_for_a_second_hand(desk: Desk) -> None:
    hub = desk.hub
    (program,) = await hub.db.read(tokens.every)

    def many(conn: Connection) -> None:
        for _ in range(erasing.MOST):
            erasing.take(conn, program.id, now_ms=hub.now_ms())

    await hub.db.apply(many)
    answer = await desk.client.delete(WHO)
    assert (answer.status_code, answer.json()["code"]) == (403, "ERASES_MANY")
    assert f"welkom token allow {program.id}" in answer.json()["hint"]
    assert (await desk.client.get(WHO)).status_code == 200
    other = await desk.token("customers:erase")
    await hub.db.apply(erasing.allow, program.id, most=erasing.MOST + 1, now_ms=hub.now_ms())
    assert (await desk.client.delete(WHO)).status_code == 204
    assert (await desk.client.delete(WHO, headers=other)).status_code == 404  # its own measure is full


async def test_an_hour_later_there_is_room_again_and_what_was_allowed_is_over(desk: Desk) -> None:
    hour = erasing.HOUR_MS

    def story(conn: Connection) -> None:
        erasing.allow(conn, "a", most=200, now_ms=0)
        for _ in range(200):
            erasing.take(conn, "a", now_ms=1)
        with pytest.raises(Refusal, match="200 customers"):
            erasing.take(conn, "a", now_ms=hour - 1)
        erasing.take(conn, "b", now_ms=1)
        for _ in range(erasing.MOST):
            erasing.take(conn, "a", now_ms=hour + 2)
        with pytest.raises(Refusal, match=f"{erasing.MOST} customers"):
            erasing.take(conn, "a", now_ms=hour + 2)

    await desk.hub.db.apply(story)
