"""`welkom page`: a code for one phone, of a customer whom headquarters knows."""

import asyncio
import re
from hashlib import sha256
from pathlib import Path

import pytest

from edge.cli import main
from edge.hub_file import load_hub
from edge.kit.sql import Connection
from sync.hub.app import open_hub
from sync.hub.hq import whom
from tests.house.test_import import write_hub


def codes(config: Path) -> list[tuple[bytes, bytes, str]]:
    def read(conn: Connection) -> list[tuple[bytes, bytes, str]]:
        rows = conn.execute("SELECT code_hash, customer_id, way FROM portal_code")
        return [(bytes(hash_), bytes(who), way) for hash_, who, way in rows]

    async def look() -> list[tuple[bytes, bytes, str]]:
        settings = load_hub(config, environment={})
        async with open_hub(settings.hub) as hub:
            assert all(who == whom.customer_id(hub.keys, "K-1") for _, who, _ in await hub.db.read(read))
            return await hub.db.read(read)

    return asyncio.run(look())


def test_headquarters_lets_one_phone_in_and_nobody_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    file = tmp_path / "customers.csv"
    file.write_text("ref,call,shops,consents\nK-1,mevrouw De Vries,s1,saving:van-dam|recognition:van-dam\n")
    assert main(["import", "customers", str(file), "--config", str(config)]) == 0
    assert main(["page", "--ref", "K-1", "--config", str(config)]) == 78
    assert 'set page = "https://…" under [hub]' in capsys.readouterr().err
    config.write_text(config.read_text().replace("[hub]\n", '[hub]\npage = "https://mijn.winkel.nl"\n'))
    assert main(["page", "--ref", "K-1", "--config", str(config)]) == 0
    told = capsys.readouterr()
    assert "only after you saw who they are" in told.err
    (code,) = re.findall(r"^https://mijn\.winkel\.nl/portal/link/(\S+)$", told.out, re.MULTILINE)
    assert [(hash_, way) for hash_, _, way in codes(config)] == [(sha256(code.encode()).digest(), "code")]
    for nobody in (["--ref", "K-2"], ["--id", "00" * 16], ["--id", "none"]):
        assert main(["page", *nobody, "--config", str(config)]) != 0
    assert len(codes(config)) == 1
