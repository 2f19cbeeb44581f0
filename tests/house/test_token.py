"""`welkom token`: shown once, listed without it, ended at once."""

import json
from pathlib import Path

import pytest

from edge.cli import main
from tests.house.test_import import write_hub


def test_a_token_is_shown_once_and_ended_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ["--config", str(write_hub(tmp_path))]
    assert main(["token", "add", "till", "--scope", "goods:read", *config]) == 0
    told = capsys.readouterr()
    token = told.out.strip()
    assert 'Token "till" may goods:read. Shown this once' in told.err
    assert token not in told.err
    assert token.startswith("welkom_")
    files = [each for each in (tmp_path / "hub").rglob("*") if each.is_file()]
    assert token.encode() not in b"".join(each.read_bytes() for each in files)
    assert main(["token", "list", *config]) == 0
    said = capsys.readouterr().out
    assert token not in said
    listed = json.loads(said)
    assert (listed["name"], listed["scopes"], listed["ended"]) == ("till", ["goods:read"], None)
    assert main(["token", "end", "till", *config]) == 0
    assert main(["token", "end", listed["id"], *config]) == 2
    assert main(["token", "add", "till", *config]) == 2
    assert "[W02]" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "  "])
def test_a_token_without_a_name_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    config = ["--config", str(write_hub(tmp_path))]
    assert main(["token", "add", name, "--scope", "goods:read", *config]) == 2
    told = capsys.readouterr()
    assert (told.out, "NAME is empty [W02]" in told.err) == ("", True)
