"""What `welkom watch` remembers: counters and passes that were used up, in memory or in a file."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.reader import Outcome, Sighting, Token
from edge import replays
from edge.kit.errors import Corrupt, StoreError
from edge.replays import Replays


def seen(token: Token | None, outcome: Outcome | None = None) -> Sighting:
    return Sighting("counter-1", datetime.now(UTC), "tap", token, outcome)


def card(ctr: int, uid: str = "04de5f1eacc040") -> Sighting:
    return seen(Token("sun", uid, "strong", {"ctr": ctr}))


def a_pass(unique: str) -> Sighting:
    return seen(Token("vas", "LOYALTY-1", "strong", {}, unique=unique))


def verdicts(held: Replays, *shown: Sighting) -> list[str | None]:
    return [held.judge(each).outcome for each in shown]


def test_only_a_counter_above_the_last_of_that_card_is_new() -> None:
    with closing(Replays()) as held:
        shown = [card(1), card(1), card(5), card(4), card(6), card(2, uid="04000000000001")]
        assert verdicts(held, *shown) == [None, "replayed", None, "replayed", None, None]


def test_a_replay_says_nothing_of_the_card() -> None:
    with closing(Replays()) as held:
        held.judge(card(1))
        assert held.judge(card(1)).token is None


def test_the_same_pass_is_new_once_and_another_proof_of_it_is_new_again() -> None:
    with closing(Replays()) as held:
        assert verdicts(held, a_pass("a"), a_pass("b"), a_pass("a")) == [None, None, "replayed"]


def test_what_has_neither_a_counter_nor_a_mark_of_its_own_passes() -> None:
    with closing(Replays()) as held:
        plain = seen(Token("ndef", "ABC1", "weak", {"record": "uri"}))
        uncounted = seen(Token("sun", "04de5f1eacc040", "weak", {}))
        for each in (plain, uncounted, seen(None, "locked")):
            assert held.judge(each) is each
            assert held.judge(each) is each


def test_a_file_remembers_beyond_one_run_and_names_nobody(tmp_path: Path) -> None:
    file = tmp_path / "state"
    for expected in ([None, None], ["replayed", "replayed"]):
        with closing(Replays(file)) as held:
            assert verdicts(held, card(7), a_pass("mark")) == expected
    content = file.read_bytes()
    for told in (b"04de5f1eacc040", bytes.fromhex("04de5f1eacc040"), b"LOYALTY", b"mark"):
        assert told not in content


def test_two_readers_may_share_a_file(tmp_path: Path) -> None:
    with closing(Replays(tmp_path / "state")) as one, closing(Replays(tmp_path / "state")) as other:
        assert verdicts(one, card(7)) == [None]
        assert verdicts(other, card(7)) == ["replayed"]


def test_the_oldest_passes_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "KEPT", 2)
    with closing(Replays()) as held:
        assert verdicts(held, a_pass("a"), a_pass("b"), a_pass("c")) == [None] * 3
        assert verdicts(held, a_pass("c"), a_pass("b"), a_pass("a")) == ["replayed", "replayed", None]


def test_a_damaged_file_or_one_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    damaged, other, cut = tmp_path / "damaged", tmp_path / "other", tmp_path / "cut"
    damaged.write_bytes(b"counters? " * 500)
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("CREATE TABLE journal (line TEXT)")
    with closing(Replays(cut)) as held:
        held.judge(card(1))
    cut.write_bytes(cut.read_bytes()[:5000])
    for file in (damaged, other, cut):
        before = file.read_bytes()
        with pytest.raises(Corrupt) as caught:
            Replays(file)
        assert (caught.value.code, str(file) in str(caught.value)) == ("S02", True)
        assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Replays(tmp_path / "nowhere" / "state")
    assert caught.value.code == "S05"


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        Replays(tmp_path / "state").close()
    finally:
        os.umask(before)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600
