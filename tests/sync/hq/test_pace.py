"""An import leaves the one writer of a file to others between its slices, which fit the machine."""

import threading
import time
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import pytest

from edge.kit.sql import Connection
from edge.kit.sqlite import open_writer
from sync.hub.app import open_hub
from sync.hub.config import Config
from sync.hub.hq import imports
from sync.hub.hq.pace import LEAST, SLICE, fitting, rest_s
from sync.hub.tables.feed import Moved
from tests.patience import PATIENT_S
from tests.sync.centre import KEYS, Said

MOST = 20  # slices: without a rest between them one in fifty is not met at all


@pytest.mark.anyio
async def test_who_waits_for_the_file_comes_in_between_two_slices(tmp_path: Path) -> None:
    asks, came = threading.Event(), threading.Event()

    def other() -> None:
        with closing(open_writer(tmp_path / "hub.db")) as conn:
            conn.execute(f"PRAGMA busy_timeout={int(PATIENT_S * 1_000)}")
            asks.set()
            conn.execute("BEGIN IMMEDIATE")
            came.set()
            conn.execute("ROLLBACK")

    slices, thread = 0, threading.Thread(target=other)

    def put(conn: Connection, number: int, some: list[int]) -> list[Moved]:
        nonlocal slices
        slices += 1
        if not asks.is_set():
            thread.start()
            asks.wait(PATIENT_S)
        time.sleep(0.45)  # by then it looks each 0.1 s only
        return []

    async with open_hub(Config(tmp_path, KEYS), log=Said()) as hub:
        await imports.take(hub, "staff", takewhile(lambda _: not came.is_set(), range(MOST * SLICE)), put)
        thread.join(PATIENT_S)
    assert came.is_set()
    assert slices <= MOST // 2


def test_slices_that_hold_the_writer_long_become_smaller_and_grow_again() -> None:
    assert [fitting(SLICE, took_s) for took_s in (0.1, 0.5, 1.5)] == [SLICE, SLICE, SLICE // 2]
    assert [fitting(LEAST, took_s) for took_s in (9.0, 0.1)] == [LEAST, 2 * LEAST]


def test_the_rest_is_a_quarter_of_a_slice_and_no_longer_than_anybody_sleeps() -> None:
    assert [rest_s(took_s) for took_s in (0.0, 0.1, 5.0)] == [0.0, 0.025, 0.11]
