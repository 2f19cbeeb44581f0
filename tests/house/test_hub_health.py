"""`welkom check` and `welkom doctor` of a hub.toml and of a hub that is away, and lists with nothing to list."""

import json
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from edge import cli, outbox
from edge.files import prepare
from edge.hub_file import example, load_hub
from edge.keys import write_keys
from edge.visits.facts import Greeted
from tests.house.programs import configured

START = "systemctl start welkom-hub, or welkom hub --config"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_keys(tmp_path / "credentials")
    (tmp_path / "credentials" / "hub_kek").write_text("ab" * 32)
    file = tmp_path / "hub.toml"
    party = '[parties."van.dam"]\nemail = "privacy@vandam.example"\n'
    file.write_text(example(port=1).replace("# amersfoort", "assen", 1) + party)
    return file


def test_a_hubs_settings_in_force_are_said_without_its_secrets(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    told = tomllib.loads(said)
    assert (told["hub"]["port"], told["names"]) == (1, {"assen": "Van Dam, Amersfoort"})
    assert told["parties"]["van.dam"]["email"] == "privacy@vandam.example"
    assert "hub_kek = ****" in said
    assert not [each for each in (config.parent / "credentials").iterdir() if each.read_text() in said]


def test_a_hubs_parts_are_tried_and_what_is_wrong_is_said(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doctor = ["doctor", "--config", str(config)]
    assert cli.main(doctor) == 0
    said = capsys.readouterr().out
    assert "Nothing to mend; 1 to know." in said
    assert (
        f"it is not running. Shops work on and keep their facts for it; it never ran here. Start it: {START} {config}"
        in said
    )
    assert cli.main([*doctor, "--json"]) == 0
    parts = {each["part"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (parts["hub"]["state"], parts["disk"]["state"]) == ("note", "well")
    text = config.read_text()
    config.write_text(text.replace("[hub]", '[hub]\npage = "http://wallet.example"', 1))
    assert cli.main(doctor) == 1
    assert "is not HTTPS" in capsys.readouterr().out
    letters = 'mail = "file:post"\nmail_from = "Welkom <w@vandam.example>"'
    config.write_text(text.replace("[hub]", f"[hub]\n{letters}", 1))
    assert cli.main(doctor) == 1
    assert "lead nowhere" in capsys.readouterr().out


def test_another_hub_kek_than_that_of_the_database_is_said_to_be_ill(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["enrol", "--config", str(config), "--shop", "s1"]) == 0
    kek = config.parent / "credentials" / "hub_kek"
    kek.write_text("cd" * 32)
    capsys.readouterr()
    assert cli.main(["doctor", "--config", str(config), "--json"]) == 1
    parts = {each["part"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert parts["hub.db"]["state"] == "ill"
    assert "[OTHER_KEK]" in parts["hub.db"]["words"]
    kek.write_text("ab" * 32)
    assert cli.main(["doctor", "--config", str(config)]) == 0


def test_a_postgresql_that_is_away_is_ill_and_the_other_parts_are_tried_all_the_same(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = 'database = "postgresql://welkom-hub@127.0.0.1:1/welkom"'
    config.write_text(config.read_text().replace("[hub]", f"[hub]\n{away}", 1))
    assert cli.main(["doctor", "--config", str(config), "--json"]) == 1
    parts = {each["part"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {part: each["state"] for part, each in parts.items() if each["state"] != "well"} == {
        "database": "ill",
        "hub": "note",
    }
    assert "Connection refused" in parts["database"]["words"]


def test_a_hub_that_does_not_run_is_to_be_mended_once_a_shop_has_spoken_with_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doctor = ["doctor", "--config", str(config)]
    assert cli.main(["enrol", "--config", str(config), "--shop", "assen"]) == 0
    capsys.readouterr()
    assert cli.main(doctor) == 0
    assert f"it has heard none yet. Start it: {START} {config}" in capsys.readouterr().out
    with closing(sqlite3.connect(load_hub(config, environment={}).hub.state / "hub.db")) as conn, conn:
        conn.execute(
            "INSERT INTO device_status (device_id, at_ms, d) VALUES ('assen-1', 1767225600000, x'7b7d')"
        )
    assert cli.main(doctor) == 1
    said = capsys.readouterr().out
    assert "ILL   hub " in said
    assert f"it last heard one 2026-01-01T00:00:00.000Z. Start it: {START} {config}" in said


def test_a_hubs_choice_helpers_are_checked_with_it(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "choices").mkdir()
    (config.parent / "choices" / "tent.toml").write_text('format = 1\nname = "Tent!"\n', encoding="utf-8")
    assert cli.main(["check", "--config", str(config)]) == 78
    assert "tent.toml:2: name is no id [Q01]" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_a_wrong_word_in_a_hubs_file_is_named(
    config: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text().replace("port = ", "prot = ", 1))
    assert cli.main([command, "--config", str(config)]) == 78
    assert "hub.prot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("hub", "state", "said"),
    [
        ("epoch=0", "ill", "never was from here: compare hub.url"),
        (
            "epoch=1, lease_until_ms=4102444800000",
            "note",
            "The shop works on; 2 facts wait for it since 2026-01-01T",
        ),
        ("epoch=1, lease_until_ms=1", "ill", "nobody is recognised until it is; 2 facts wait"),
    ],
)
def test_doctor_says_of_a_hub_that_does_not_answer_what_waits_and_since_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: str, state: str, said: str
) -> None:
    shop = configured(tmp_path, '[hub]\nurl = "http://127.0.0.1:1"\ndevice = "assen-1"\n')
    prepare(tmp_path / "state", log=lambda event, **fields: None)
    with closing(sqlite3.connect(tmp_path / "state" / "journal.db")) as conn, conn:
        conn.execute(f"UPDATE hub SET {hub}")
        for visit in (b"a", b"b"):
            outbox.append(conn, [Greeted(visit_id=visit * 16, at_ms=1_767_225_600_000)])
        conn.execute(
            "INSERT INTO own_request (customer_id, kind, shown, at_ms, sealed) VALUES (?, ?, ?, ?, x'')",
            (b"a" * 16, "forget", "unlocked", 1_767_225_600_000),
        )
    status = cli.main(["doctor", "--config", str(shop), "--json"])
    found = {each["part"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (found["hub"]["state"], said in found["hub"]["words"]) == (state, True), found["hub"]
    assert found["wishes"]["state"] == "note"
    assert (
        "1 to be forgotten, 0 to set something right, the oldest since 2026-01-01T"
        in found["wishes"]["words"]
    )
    others = [each for part, each in found.items() if part != "hub" and each["state"] == "ill"]
    assert status == (1 if others or state == "ill" else 0)


@pytest.mark.parametrize(
    ("command", "said"), [("merge", "No card became somebody's yet."), ("token", "No token was made")]
)
def test_a_list_of_nothing_says_so_beside_the_lines(
    config: Path, command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "list", "--config", str(config)]) == 0
    told = capsys.readouterr()
    assert (told.out, said in told.err) == ("", True)
