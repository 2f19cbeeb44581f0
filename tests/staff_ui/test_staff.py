"""PINs, locks, sessions and pairing, as rules and as rows."""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kit.migrate import load, migrate
from edge.kit.waits import LONGEST_LOCK_MS, lock_ms
from edge.staff import acts, tables
from edge.staff.pins import hash_pin, pin_fits, token_hash
from edge.staff.rules import (
    FREE_TRIES,
    IDLE_MS,
    Locked,
    Taken,
    is_alive,
    is_guessed,
    is_pin,
)

PEPPER = bytes(32)
ANNA, TABLET = b"anna", b"tablet"


@pytest.fixture
def journal() -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    migrate(conn, load(files("edge.schema") / "journal"), file="journal.db")
    yield conn
    conn.close()


def test_five_wrong_pins_lock_for_half_a_minute_then_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    assert [lock_ms(tries, free=FREE_TRIES) // 1000 for tries in range(1, 13)] == [
        0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900,
    ]  # fmt: skip


@given(st.integers(min_value=FREE_TRIES, max_value=10_000))
def test_a_lock_never_gets_shorter_nor_longer_than_the_longest(tries: int) -> None:
    assert lock_ms(tries, free=FREE_TRIES) <= lock_ms(tries + 1, free=FREE_TRIES) <= LONGEST_LOCK_MS


@pytest.mark.parametrize(
    ("text", "fits"),
    [("2580", True), ("123456", True), ("123", False), ("1234567", False), ("12a4", False), ("١٢٣٤", False)],
)
def test_a_pin_is_four_to_six_plain_digits(text: str, fits: bool) -> None:
    assert is_pin(text) is fits


@pytest.mark.parametrize("pin", ["0000", "1234", "9876", "123456", "2323", "121212"])
def test_a_pin_that_runs_or_repeats_is_guessed(pin: str) -> None:
    assert is_guessed(pin)
    assert not is_guessed(pin[:-1] + str((int(pin[-1]) + 5) % 10))


def test_a_session_ends_when_idle_and_at_its_absolute_end_whatever_is_touched() -> None:
    assert is_alive(until_ms=IDLE_MS * 9, touched_ms=0, now_ms=IDLE_MS - 1)
    assert not is_alive(until_ms=IDLE_MS * 9, touched_ms=0, now_ms=IDLE_MS)
    assert not is_alive(until_ms=1_000, touched_ms=1_000, now_ms=1_000)


def test_a_pin_fits_only_with_its_pepper() -> None:
    kept = hash_pin(PEPPER, "2580")
    assert "argon2id" in kept
    assert "m=19456,t=2,p=1" in kept
    assert pin_fits(PEPPER, "2580", kept)
    assert not pin_fits(PEPPER, "2581", kept)
    assert not pin_fits(bytes(31) + b"\1", "2580", kept)
    assert not pin_fits(PEPPER, "2580", "not a hash")


def test_a_try_counts_before_it_is_checked_and_the_sixth_is_refused(journal: sqlite3.Connection) -> None:
    taken = [acts.take_try(journal, ANNA, TABLET, now_ms=1_000) for _ in range(6)]
    assert [each.left for each in taken if isinstance(each, Taken)] == [4, 3, 2, 1, 0]
    assert taken[5] == Locked(until_ms=31_000)
    assert isinstance(acts.take_try(journal, ANNA, b"another tablet", now_ms=1_000), Taken)
    after = acts.take_try(journal, ANNA, TABLET, now_ms=31_000)
    assert after == Taken(tries=6, until_ms=91_000)


def test_signing_in_forgets_wrong_tries_and_ends_what_was_open_on_that_tablet(
    journal: sqlite3.Connection,
) -> None:
    acts.add_staff(journal, "Anna", staff_id=ANNA, role="staff", language="nl", pin_hash="x")
    tables.add_tablet(journal, TABLET, name="one", now_ms=0)
    acts.take_try(journal, ANNA, TABLET, now_ms=0)
    first = acts.sign_in(journal, ANNA, TABLET, now_ms=0)
    second = acts.sign_in(journal, ANNA, TABLET, now_ms=0)
    assert tables.tries(journal, ANNA, TABLET) == (0, 0)
    assert [row.token_hash for row in tables.sessions(journal, now_ms=0)] == [token_hash(second)]
    assert first != second
    assert len(second) == 43  # 256 bits


def test_a_pairing_code_works_once_and_only_for_a_quarter_of_an_hour(journal: sqlite3.Connection) -> None:
    code, late = acts.pair_code(journal, "one", now_ms=0), acts.pair_code(journal, "two", now_ms=0)
    token = acts.pair(journal, code, now_ms=1)
    assert token
    assert tables.device_key(journal, token_hash(token)) == b""
    assert acts.pair(journal, code, now_ms=2) is None
    assert acts.pair(journal, late, now_ms=15 * 60_000) is None
    assert acts.pair(journal, "invented", now_ms=2) is None


def test_no_token_code_or_pin_is_at_rest(journal: sqlite3.Connection) -> None:
    acts.add_staff(
        journal, "Anna", staff_id=ANNA, role="staff", language="nl", pin_hash=hash_pin(PEPPER, "2580")
    )
    code = acts.pair_code(journal, "one", now_ms=0)
    token = acts.pair(journal, code, now_ms=1)
    session = acts.sign_in(journal, ANNA, token_hash(token or ""), now_ms=1)
    dump = "\n".join(journal.iterdump())
    assert not any(secret and secret in dump for secret in (code, token, session))
    assert "2580" not in dump.split("$argon2id")[0]
