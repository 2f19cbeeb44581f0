"""`welkom customer`: one customer at headquarters, by number, card or id; and dry runs that change nothing."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.keys import write_keys
from edge.kit.clock import rfc3339
from sync import enrolment
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    config = write_hub(tmp_path)
    config.write_text(config.read_text().replace("[hub]\n", '[hub]\npage = "https://mijn.winkel.nl"\n'))
    assert take(config, "customers", TWO) == 0
    capsys.readouterr()
    return config


def kept(config: Path) -> dict[str, list[Any]]:
    """Every row of every table."""
    with closing(sqlite3.connect(config.parent / "hub/hub.db")) as conn:
        tables = conn.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name").fetchall()
        return {name: conn.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}


def test_one_customer_is_found_seen_blocked_and_forgotten_and_never_named(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*words: str) -> Any:
        assert main(["customer", *words, "--config", str(config)]) == 0
        out = capsys.readouterr().out
        assert "Vries" not in out
        assert "LOYALTY" not in out
        return json.loads(out)

    found = said("find", "--ref", "K-1")
    assert said("find", "--card", "number:LOYALTY-1") == found
    monkeypatch.setattr("sys.stdin", io.StringIO("number:LOYALTY-1\n"))
    assert said("find", "--card", "-") == found
    seen = said("show", "--id", found["id"])
    assert seen["shops"] == ["s1"]
    assert [(each["kind"], each["state"]) for each in seen["cards"]] == [("unknown", "active")]
    assert seen["traits"] == ["name", "points"]
    (bound,) = (each["bound"] for each in seen["cards"])
    assert bound == rfc3339(seen["cards"][0]["bound_ms"])
    assert {(each["until_ms"], each["until"]) for each in seen["consents"]} == {(None, None)}

    before = kept(config)
    # "false" alone would read as a card that could not be blocked.
    would = {"blocked": False, "would_block": True}
    assert said("block", "--card", "number:LOYALTY-1", "--dry-run") == would
    would = {**found, "shops": ["s1"], "forgotten": False, "would_forget": True}
    assert said("forget", "--ref", "K-1", "--dry-run") == would
    assert kept(config) == before
    assert said("block", "--card", "number:LOYALTY-1") == {"blocked": True}
    assert [each["state"] for each in said("show", "--ref", "K-1")["cards"]] == ["blocked"]
    assert said("forget", "--ref", "K-1") == {**found, "shops": ["s1"], "forgotten": True}
    for gone in ("find", "show", "forget"):
        assert main(["customer", gone, "--ref", "K-1", "--config", str(config)]) == 1
        assert "no such customer [UNKNOWN_CUSTOMER] check the number" in capsys.readouterr().err
    assert main(["customer", "find", "--card", "number:LOYALTY-9", "--config", str(config)]) == 1
    assert "nobody has this card [UNKNOWN_CUSTOMER] check its kind" in capsys.readouterr().err
    for wrong in (["--card", "LOYALTY-1"], ["--card", "pass:1"], ["--id", "00"]):
        assert main(["customer", "show", *wrong, "--config", str(config)]) == 2
        said_ = capsys.readouterr().err
        assert "[W02]" in said_
        assert "LOYALTY" not in said_


def test_a_dry_run_refuses_what_the_act_would_and_changes_nothing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--config", str(config), "--dry-run"]
    assert main(["token", "add", "till", "--scope", "goods:read", "--config", str(config)]) == 0
    before = kept(config)
    for words, status in (
        (["import", "undo", "1"], 0),
        (["import", "undo", "2"], 1),
        (["page", "--ref", "K-1"], 0),
        (["page", "--ref", "K-9"], 1),
        (["token", "end", "till"], 0),
        (["token", "end", "tills"], 2),
        (["enrol", "--shop", "s2"], 0),
        (["enrol", "--shop", "no shop"], 1),
        (["enrol", "--renew", "b1"], 0),
        (["enrol", "--renew", "b9"], 1),
    ):
        capsys.readouterr()
        assert main([*words, *at]) == status, words
        told = capsys.readouterr()
        assert ("Nothing was changed" in told.out + told.err) is (status == 0), words
    assert kept(config) == before


def test_a_device_of_another_shop_is_named_with_its_shop(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enrol", "--shop", "s2", "--device", "b1", "--config", str(config)]) == 1
    said_ = capsys.readouterr().err
    assert "the device b1 is of shop s1 [BAD_ID] nothing was changed; name another one with --device" in said_


def test_whoever_renews_a_box_of_which_there_may_be_a_copy_is_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(config.parent / "hub/hub.db")) as conn, conn:
        conn.execute("UPDATE device SET forked_ms=1 WHERE id='b1'")
    said_ = []
    for _ in range(2):
        assert main(["enrol", "--renew", "b1", "--config", str(config)]) == 0
        said_.append(capsys.readouterr().out)
    assert ["with a code" in each for each in said_] == [True, False]


def test_a_box_that_would_be_enrolled_uses_no_code_and_makes_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_keys(tmp_path / "credentials")
    shop = tmp_path / "welkom.toml"
    shop.write_text('[shop]\nid = "s1"\n[hub]\nurl = "https://hub.invalid"\ndevice = "s1-1"\n')
    before = sorted(tmp_path.rglob("*"))
    words = ["enrol", "--config", str(shop), "--dry-run", "--code"]
    assert main([*words, enrolment.new_code()]) == 0
    assert "s1-1 of s1 would be enrolled at https://hub.invalid" in capsys.readouterr().out
    assert main([*words, "no code"]) == 2
    assert sorted(tmp_path.rglob("*")) == before
