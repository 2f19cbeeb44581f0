"""Another process writes in `hub.db`: who only reads waits for nobody, and who waits in vain is told what to do."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from edge.cli import main
from edge.kit.errors import Busy, StoreError
from edge.kit.sqlite import open_writer, store_error
from sync.hub.answers import problems
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take
from tests.sync.centre import Said

READS = (
    ("customer", "find", "--ref", "K-1"),
    ("customer", "show", "--ref", "K-1"),
    ("customer", "forget", "--ref", "K-1", "--dry-run"),
    ("import", "list"),
    ("import", "undo", "1", "--dry-run"),
    ("export", "catalogue"),
    ("merge", "list"),
    ("token", "list"),
)


@contextmanager
def written(file: Path) -> Iterator[None]:
    """Somebody else writes in this file as long as this lasts."""
    with closing(open_writer(file)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        yield
        conn.execute("ROLLBACK")


def test_commands_that_only_read_wait_for_no_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    assert take(config, "customers", TWO) == 0
    with written(tmp_path / "hub/hub.db"):
        done = {words: main([*words, "--config", str(config)]) for words in READS}
    assert set(done.values()) == {0}, (done, capsys.readouterr().err)


def busy(file: Path) -> StoreError:
    """What a writer meets that waits no longer."""
    with written(file), closing(open_writer(file)) as conn:
        conn.execute("PRAGMA busy_timeout=0")
        with pytest.raises(sqlite3.OperationalError) as met:
            conn.execute("BEGIN IMMEDIATE")
    return store_error(met.value, file.name)


def test_a_file_in_which_another_process_writes_is_said_to_be_busy_and_not_broken(tmp_path: Path) -> None:
    error = busy(tmp_path / "hub.db")
    assert isinstance(error, Busy)
    assert error.sentence() == "hub.db is busy with another import or command [S14] try again in a minute"


def test_the_hub_answers_so_too(tmp_path: Path) -> None:
    said, counted = Said(), list[str]()
    handlers = problems(now_ms=lambda: 1, log=said, counted=counted.append)
    answer = cast("Any", handlers[StoreError])(None, busy(tmp_path / "hub.db"))
    told = json.loads(answer.content)
    assert (answer.status_code, told["code"], counted) == (503, "STORE_BUSY", ["STORE_BUSY"])
    assert (told["title"], told["hint"]) == (
        "hub.db is busy with another import or command",
        "try again in a minute",
    )
    assert said.lines == [("store_failed", {"code": "S14", "hint": "try again in a minute"})]
