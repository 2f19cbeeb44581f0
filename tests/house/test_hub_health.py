"""`welkom check` and `welkom doctor` of a hub.toml, and lists of a hub that has nothing to list."""

import tomllib
from pathlib import Path

import pytest

from edge import cli
from edge.hub_file import example
from edge.keys import write_keys


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
    assert "All is well." in said
    assert "it is not running now" in said
    text = config.read_text()
    config.write_text(text.replace("[hub]", '[hub]\npage = "http://wallet.example"', 1))
    assert cli.main(doctor) == 1
    assert "is not HTTPS" in capsys.readouterr().out
    letters = 'mail = "file:post"\nmail_from = "Welkom <w@vandam.example>"'
    config.write_text(text.replace("[hub]", f"[hub]\n{letters}", 1))
    assert cli.main(doctor) == 1
    assert "lead nowhere" in capsys.readouterr().out


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
    ("command", "said"), [("merge", "No card became somebody's yet."), ("token", "No token was made")]
)
def test_a_list_of_nothing_says_so_beside_the_lines(
    config: Path, command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "list", "--config", str(config)]) == 0
    told = capsys.readouterr()
    assert (told.out, said in told.err) == ("", True)
