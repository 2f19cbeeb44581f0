"""Documentation is true: every table of a README against the code, in both directions."""

import inspect
import re
import shlex
import sqlite3
from contextlib import closing
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import get_type_hints

import pytest

from drivers.catalogue import KINDS
from drivers.settings import KEYS, ReaderSettings
from edge import config
from edge.cli import COMMANDS, parser
from edge.consent.retention import KEPT
from edge.consent.rules import PURPOSES, TRAITS
from edge.facts import Fact
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import open_writer
from edge.papers.labels import ROWS
from staff_ui.pages import machine
from staff_ui.routes import ROUTES
from sync.hub import config as hub_config
from sync.hub.app import open_hub
from tests.house.repo import ROOT, codes, name, table, texts
from tests.house.repo import files as files_of_repo


def test_every_setting_of_the_appliance_has_its_row_and_its_default() -> None:
    rows = table("edge/README.md", "Settings").rows
    sections = get_type_hints(config.Config)
    defaults = {
        f"{section}.{each.name}": each.default
        for section in config.SECTIONS
        for each in fields(sections[section])
    }
    assert set(rows) == set(defaults)
    for path, default in defaults.items():
        plain = str(default).lower() if isinstance(default, bool) else str(default)
        assert rows[path][0].strip("`") == (plain or "empty"), path


@pytest.mark.parametrize("room", ["edge", "staff_ui", "drivers"])
def test_every_file_and_every_folder_of_a_room_stands_on_its_map_once(room: str) -> None:
    text = (ROOT / room / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## The map\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = re.findall(r"`([\w.]+)/?`", " ".join(cells))
    parts = {name(path).split("/")[1] for path in files_of_repo() if name(path).startswith(f"{room}/")}
    assert sorted(named) == sorted(parts - {"README.md", "__init__.py"})


def test_every_error_code_of_the_appliance_has_its_row() -> None:
    spelt_out = set(re.findall(r"\[([A-Z]\d\d)\]", (ROOT / "edge/cli.py").read_text(encoding="utf-8")))
    of_the_house = {code for code in codes("edge") if code.isupper()} | spelt_out
    assert table("edge/README.md", "Error codes").names == of_the_house


def test_every_error_code_of_a_reader_has_its_row() -> None:
    assert table("drivers/README.md", "Error codes").names == codes("drivers", "edge/watch.py")


def test_every_command_has_its_row() -> None:
    rows = {word.removeprefix("welkom ").split()[0] for word in table("README.md", "Commands").names}
    assert rows == set(COMMANDS)


def test_every_command_is_a_file_with_its_docstring() -> None:
    for command in COMMANDS:
        text = (ROOT / f"edge/commands/{command}.py").read_text(encoding="utf-8")
        assert text.startswith(f'"""`welkom {command}'), command


def test_every_line_that_is_to_be_typed_is_one_that_the_command_takes() -> None:
    """The words, not what they do: an option that was renamed, or that is required meanwhile, is found here."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^welkom (.+?)(?:  +#.*)?$", text, re.MULTILINE)
    lines += re.findall(r"`welkom (\w[^`]* --[^`]*)`", text)
    assert len(lines) > 20
    for line in lines:
        words = shlex.split(line.replace("[", "").replace("]", ""))
        parser(words[0]).parse_args(words)


def test_every_kind_of_reader_has_its_row_with_its_settings() -> None:
    rows = table("drivers/README.md", "Kinds").rows
    assert set(rows) == set(KINDS) == set(KEYS)
    for kind, (required, optional) in KEYS.items():
        assert set(re.findall(r"`(\w+)`", rows[kind][-1])) == {*required, *optional}, kind


def test_every_setting_of_a_reader_has_its_row_naming_the_kinds_that_take_it() -> None:
    rows = table("drivers/README.md", "Settings").rows
    assert set(rows) == {each.name for each in fields(ReaderSettings)}
    for setting, cells in rows.items():
        takers = {kind for kind, keys in KEYS.items() if setting in (*keys[0], *keys[1])}
        named = {word for word in re.findall(r"\w+", cells[0]) if word in KEYS}
        assert cells[0] == "all" or named == takers, setting


def test_every_fact_has_its_row() -> None:
    assert table("edge/README.md", "Facts").names == {fact.__name__ for fact in Fact.__args__}


def test_every_purpose_has_its_row_and_its_basis() -> None:
    rows = table("edge/README.md", "Purposes").rows
    assert {purpose: cells[0] for purpose, cells in rows.items()} == PURPOSES


def test_every_trait_has_its_row_with_its_purpose_and_source() -> None:
    rows = table("edge/README.md", "Traits").rows
    assert {each: tuple(cells[:2]) for each, cells in rows.items()} == {
        each: (trait.purpose, trait.source) for each, trait in TRAITS.items()
    }


def test_every_row_of_what_is_kept_has_its_words_in_the_papers() -> None:
    assert set(ROWS) == {(each.where, each.tables[0]) for each in KEPT}, "name it in edge/papers/labels.py"


def test_every_table_of_both_files_has_its_row_naming_the_file(tmp_path: Path) -> None:
    held: dict[str, set[str]] = {}
    for file in ("journal", "replica"):
        with closing(open_writer(tmp_path / f"{file}.db")) as conn:
            migrate(conn, load(files("edge.schema") / file), file=file)
            for (held_in,) in conn.execute("SELECT name FROM sqlite_schema WHERE type='table'"):
                held.setdefault(held_in, set()).add(file)
    rows = table("edge/README.md", "Tables").rows
    assert {each: set(re.findall(r"journal|replica", cells[0])) for each, cells in rows.items()} == held


def normal(path: str) -> str:
    """An address as people write it: no method, no types of parameters, no query."""
    return re.sub(r"\{(\w+)(:\w+)?\}", r"{\1}", path.split()[-1].split("?")[0])


def test_every_address_of_the_tablet_has_its_row_with_its_method_and_guard() -> None:
    text = (ROOT / "staff_ui/README.md").read_text(encoding="utf-8")
    section = text.split("\n## Routes\n")[1].split("\n## ")[0]
    documented = re.findall(r"^\| (GET|POST) \| `([^`]+)` \| (\w+) \|", section, re.MULTILINE)
    served = [(each.method, normal(each.path), each.guard) for each in ROUTES]
    assert sorted(documented) == sorted(served)


def test_every_metric_has_its_row_and_its_type() -> None:
    rows = {
        metric.split("{")[0]: cells for metric, cells in table("staff_ui/README.md", "Metrics").rows.items()
    }
    assert {metric: cells[0] for metric, cells in rows.items()} == {
        metric: kind for metric, (kind, _) in machine.METRICS.items()
    }


@pytest.mark.anyio
async def test_every_address_of_the_hub_has_its_row(tmp_path: Path) -> None:
    keys = hub_config.Keys(hub_kek=bytes(32), chain_key=bytes(32))
    settings = hub_config.Config(state=tmp_path, keys=keys)
    async with open_hub(settings, log=lambda event, **fields: None) as hub:
        served = {normal(each.path) for each in hub.inside.routes}
        described = set(hub.inside.openapi_schema.paths or ())
    documented = {normal(path) for path in table("sync/README.md", "Routes").names}
    assert documented == served - {"/schema", "/schema/{path}"}
    for_programs = ("/sync", "/healthz", "/api", "/portal/keys")
    assert {path for path in documented if path.startswith(for_programs)} == described


def test_every_error_code_of_the_sync_has_its_row() -> None:
    documented = {code for code in table("sync/README.md", "Error codes").names if "<" not in code}
    # `<TABLE>_TAKEN` and `HTTP_<status>` are made from their parts.
    made = {code for code in documented if code.endswith("_TAKEN") or code.startswith("HTTP_")}
    assert documented - made == codes("sync") - made


def test_a_comment_that_names_a_file_names_one_that_exists() -> None:
    """Schemas and modules point at rooms by path; a room that moved must not leave a false sign behind."""
    pointed = re.compile(
        r"\b((?:edge|sync|drivers|staff_ui|systemd|tests)/[\w/.-]+\.(?:py|md|sql|toml|html))\b"
    )
    wrong = [
        f"{name(path)}: {target}"
        for path, text in texts()
        if path.suffix in {".py", ".sql", ".html"} and not name(path).startswith("tests/house/")
        for target in pointed.findall(text)
        if not (ROOT / target).exists()
    ]
    assert wrong == []


def test_every_public_function_of_the_acts_says_what_happens() -> None:
    from edge.consent import acts as consent
    from edge.visits import acts as visits

    for room in (consent, visits):
        for each, function in inspect.getmembers(room, inspect.isfunction):
            if function.__module__ == room.__name__ and not each.startswith("_"):
                assert function.__doc__, each


def test_the_schema_is_what_sqlite_makes_of_it(tmp_path: Path) -> None:
    """No statement of a migration is ignored by SQLite without a word, such as a misspelt option."""
    for file in ("journal", "replica"):
        with closing(sqlite3.connect(tmp_path / f"{file}.db", isolation_level=None)) as conn:
            migrate(conn, load(files("edge.schema") / file), file=file)
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
