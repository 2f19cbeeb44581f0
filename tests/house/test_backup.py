"""`welkom backup`: a copy that opens, and no more copies than were asked for."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import json

from edge.cli import main
from edge.hub_file import load_hub
from edge.kit.errors import StoreError
from edge.kit.seal import derive, key_place, unseal
from sync import wire
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.tables.devices import Device
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take
from tests.sync.centre import ANNA, BRAM, SHOP_KEY, Said, customer

KEY_ROWS = "SELECT d FROM feed WHERE t='key' AND op='put'"


def test_a_copy_of_the_hub_opens_and_old_ones_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, to = write_hub(tmp_path), tmp_path / "copies"
    assert take(config, "customers", TWO) == 0
    words = ["backup", "--config", str(config), "--to", str(to), "--keep", "2"]
    assert main([*words, "--dry-run"]) == 0
    assert not to.exists()
    to.mkdir()
    for day in (1, 2, 3):
        (to / f"hub-2026010{day}T000000Z.db").write_bytes(b"")
    assert main(words) == 0
    assert ", sound." in capsys.readouterr().out
    left = sorted(to.glob("*.db"))
    assert [each.name for each in left[:1]] == ["hub-20260103T000000Z.db"]
    assert len(left) == 2
    assert stat.S_IMODE(left[1].stat().st_mode) == 0o600
    with closing(sqlite3.connect(left[1])) as conn:
        assert conn.execute("SELECT count(*) FROM customer").fetchone() == (2,)
    (tmp_path / "file").write_bytes(b"")
    assert main(["backup", "--config", str(config), "--to", str(tmp_path / "file")]) == 1
    assert "(File exists) [X04]" in capsys.readouterr().err
    assert main(["backup", "--config", str(config), "--to", str(tmp_path / "copies/../hub")]) == 2
    assert "[W02]" in capsys.readouterr().err
    assert not [*(tmp_path / "hub").glob("hub-*")]


@pytest.mark.anyio
async def test_a_copy_holds_no_key_of_a_customer_and_opens_with_the_keys_of_a_later_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    settings = load_hub(config, environment={}).hub
    async with open_hub(settings, log=Said()) as hub:
        device = Device("b1", "s1", 1, bytes(32))
        await hub.db.apply(devices.register, settings.keys, device=device, shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer(), customer(BRAM, number="LOYALTY-0002")])
        wrapped = {bytes(key) for (key,) in hub.db.reader.execute("SELECT wrapped FROM customer_key", {})}
        sealed = {bytes(d) for (d,) in hub.db.reader.execute(KEY_ROWS, {})}
    to = tmp_path / "copies"
    words = ["backup", "--config", str(config), "--to", str(to)]
    assert main(words) == 0
    (copy,), (keys,) = to.glob("*.db"), to.glob("*.keys")
    content = copy.read_bytes()
    assert len(wrapped) == len(sealed) == 2
    assert not any(each in content for each in wrapped | sealed)
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600

    # A later night, after an erasure: its keys open the first copy, but for who was erased.
    async with open_hub(settings, log=Said()) as hub:
        await hub.erase(BRAM)
    later = tmp_path / "later"
    assert main([*words[:-1], str(later)]) == 0
    for name in ("hub.db", "hub.db-wal", "hub.db-shm"):
        (settings.state / name).unlink(missing_ok=True)
    shutil.copy(copy, settings.state / "hub.db")
    with pytest.raises(StoreError, match="1 customers in the database have no key"):
        async with open_hub(settings, log=Said(), put_back=True):
            pass
    (newest,) = later.glob("*.keys")
    shutil.copy(newest, settings.state / "hub.keys")
    async with open_hub(settings, log=Said(), put_back=True) as hub:
        read = hub.db.reader.execute
        assert [bytes(id_) for (id_,) in read("SELECT customer_id FROM customer_key", {})] == [ANNA]
        opened = {
            unseal(derive(SHOP_KEY, "key-transport"), json.decode(d, type=wire.Key).wrapped, key_place(ANNA))
            for (d,) in read(KEY_ROWS, {})
        }
        (kept,) = read("SELECT wrapped FROM customer_key", {}).fetchone()
        assert opened == {unseal(settings.keys.hub_kek, kept, key_place(ANNA))}
    assert not (settings.state / "hub.keys").exists()


def test_a_hub_on_postgresql_is_backed_up_by_its_own_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    config.write_text(config.read_text().replace("[hub]\n", '[hub]\ndatabase = "postgresql:///welkom"\n'))
    assert main(["backup", "--config", str(config), "--to", str(tmp_path)]) == 78
    assert "[X03]" in capsys.readouterr().err
