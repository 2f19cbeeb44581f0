"""The file of who was erased stands a power cut and a full disk, because no backup may bring anybody back."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from edge.kit.clock import SystemClock
from sync.hub import devices, people, restored
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.tables import people as customers
from tests.fresh import lay_hub
from tests.sync.centre import ANNA, BRAM, KEYS, SHOP_KEY, Said, customer, device
from tests.sync.hq.desk import WHO, open_desk

pytestmark = pytest.mark.anyio
P = ParamSpec("P")
T = TypeVar("T")
FIRST, SECOND, THIRD = b"1" * 32, b"2" * 32, b"3" * 32
LINE = 65


async def test_wherever_a_power_cut_tore_the_last_line_the_next_mark_is_remembered(tmp_path: Path) -> None:
    for left in range(LINE + 1):
        file = tmp_path / f"erased-{left}"
        restored.remember(file, FIRST)
        restored.remember(file, SECOND)
        os.truncate(file, LINE + left)
        restored.remember(file, THIRD)
        whole = {SECOND} if left >= LINE - 1 else set()
        assert restored.remembered(file) == {FIRST, THIRD} | whole


async def test_a_mark_that_an_older_version_wrote_behind_a_torn_line_is_found(tmp_path: Path) -> None:
    file = tmp_path / "erased"
    file.write_text(f"{FIRST.hex()}\n{SECOND.hex()[:17]}{THIRD.hex()}\n")
    assert restored.remembered(file) == {FIRST, THIRD}


async def test_whoever_is_erased_after_a_power_cut_stays_away_when_a_backup_is_put_back(
    tmp_path: Path,
) -> None:
    state = lay_hub(tmp_path / "hub")
    async with open_hub(Config(state, KEYS), log=Said()) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer(ANNA), customer(BRAM, number="LOYALTY-0002")])
    shutil.copy(state / "hub.db", tmp_path / "backup")
    torn = people.mark(KEYS, b"x" * 16).hex()[:20]
    (state / restored.FILE).write_text(torn)
    async with open_hub(Config(state, KEYS), log=Said()) as hub:
        await hub.erase(BRAM)
    for former in state.glob("hub.db*"):
        former.unlink()
    shutil.copy(tmp_path / "backup", state / "hub.db")
    async with open_hub(Config(state, KEYS), log=Said(), put_back=True) as hub:
        assert list(await hub.db.read(customers.ids)) == [ANNA]


async def test_a_mark_is_forced_to_the_disk_where_the_hub_was_told_to_and_before_anything_is_erased(
    tmp_path: Path,
) -> None:
    state = lay_hub(tmp_path / "hub")
    seen: list[list[bytes]] = []

    async def here(act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        seen.append(list(customers.ids(hub.db.reader)))
        return act(*args, **kwargs)

    async with open_hub(Config(state, KEYS), log=Said()) as opened:
        hub = Hub(opened.db, opened.config, clock=SystemClock(), log=Said(), aside=here)
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer(ANNA)])
        await hub.erase(ANNA)
        assert seen == [[ANNA]]
        assert list(await hub.db.read(customers.ids)) == []
        assert restored.remembered(state / restored.FILE) == {people.mark(KEYS, ANNA)}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
async def test_on_a_full_disk_an_erasure_is_refused_as_such_and_done_when_there_is_room(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path) as desk:
        marks = desk.hub.config.state / restored.FILE
        marks.symlink_to("/dev/full")
        answer = await desk.client.delete(WHO)
        assert (answer.status_code, answer.json()["code"]) == (503, "STORE")
        assert ("store_failed", "S01") in [(said, of.get("code")) for said, of in desk.centre.said.lines]
        assert (await desk.client.get(WHO)).status_code == 200
        marks.unlink()
        assert (await desk.client.delete(WHO)).status_code == 204
        assert restored.remembered(marks) == {people.mark(KEYS, ANNA)}
