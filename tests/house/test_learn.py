"""`welkom learn`: every shop ranks by what headquarters learnt, of whoever agreed and of nobody else."""

import asyncio
import json
import os
import random
import time
from pathlib import Path

import pytest

from edge.advice.learning import Shop, _given
from edge.advice.ranking.packing import STALE_DAYS, NoModel, pack, unpack
from edge.advice.rules import DAY_MS
from edge.cli import main
from edge.hub_file import introduced, load_hub
from sync import wire
from sync.hub.app import open_hub
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer, add_customers
from tests.advice.test_packing import MIXED
from tests.house.test_import import take, write_hub

AGREED, SILENT, BASKETS = 130, 20, 8
GOODS = [f"thee-{number}" for number in range(40)]


def people(*, agreed: int) -> list[NewCustomer]:
    """Customers with habits; the last SILENT of them never agreed to advice."""
    dice, found, now_ms = random.Random(4), [], time.time_ns() // 1_000_000
    for number in range(agreed + SILENT):
        own = dice.sample(GOODS, 6)
        lines = [
            {"at_ms": now_ms - (BASKETS - at) * 9 * DAY_MS, "items": [*dice.sample(own, 3), "beer"]}
            for at in range(BASKETS)
        ]
        yes = [NewConsent("profiling" if number < agreed else "saving", "van-dam")]
        baskets = {"baskets": {"baskets": lines}}
        found.append(NewCustomer(number.to_bytes(16), baskets, [("number", f"C{number:06}")], yes))
    return found


def held(config: Path, *, agreed: int) -> None:
    async def put() -> None:
        settings = load_hub(config, environment=os.environ)
        async with open_hub(settings.hub, log=lambda *_, **__: None) as hub:
            await introduced(hub, settings)
            now_ms = hub.now_ms()
            given = {"shop_ids": ["s1"], "customers": people(agreed=agreed), "now_ms": now_ms}
            await hub.db.apply(add_customers, hub.keys, **given)

    lines = "".join(f"{item},{item},10,{'bier' if item == 'beer' else 'thee'}\n" for item in [*GOODS, "beer"])
    assert take(config, "item,title,price,category\n" + lines) == 0
    asyncio.run(put())


def sent(config: Path) -> list[bytes]:
    async def read() -> list[bytes]:
        settings = load_hub(config, environment=os.environ)
        async with open_hub(settings.hub, log=lambda *_, **__: None) as hub:
            rows = hub.db.reader.execute("SELECT d FROM feed WHERE part='shop:s1' AND t='model' ORDER BY seq")
            return [wire.decode_as(bytes(d), wire.Model).packed for (d,) in rows]

    return asyncio.run(read())


def test_headquarters_learns_from_who_agreed_and_every_shop_hears_weights_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    held(config, agreed=AGREED)
    files = {each.name for each in tmp_path.rglob("*")}
    capsys.readouterr()
    assert main(["learn", "--config", str(config), "--dry-run"]) == 0
    assert "nothing was sent" in capsys.readouterr().out
    assert sent(config) == []
    assert main(["learn", "--config", str(config)]) == 0
    said = f"Learnt from {AGREED * BASKETS} baskets of {AGREED} customers who agreed; sent to 1 shops."
    assert said in capsys.readouterr().out
    (packed,) = sent(config)
    assert set(json.loads(packed)) == {"format", "day", "columns", "mixes", "plain", "hand"}
    assert not any(item.encode() in packed for item in GOODS)
    assert unpack(packed, day=time.time_ns() // 1_000_000 // DAY_MS).plain
    assert {each.name for each in tmp_path.rglob("*")} == files  # no history lies beside the database


def test_too_few_baskets_leave_every_shop_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    held(config, agreed=2)
    capsys.readouterr()
    assert main(["learn", "--config", str(config)]) == 0
    assert "too few, every shop keeps what it has" in capsys.readouterr().out
    assert sent(config) == []


def test_a_stale_model_is_none() -> None:
    packed = pack(MIXED, day=20_000)
    assert _given(Shop({}, frozenset(), packed, 20_000 + STALE_DAYS)) is not None
    assert _given(Shop({}, frozenset(), packed, 20_001 + STALE_DAYS)) is None
    with pytest.raises(NoModel, match="older than half a year"):
        unpack(packed, day=20_001 + STALE_DAYS)
