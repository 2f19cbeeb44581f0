"""The gate in SQL says exactly what the rules say, for every mix of files, states and times."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import product
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.consent import tables
from edge.consent.rules import PURPOSES, Register, merge
from edge.consent.tables import FOREVER_MS, basis_until
from edge.files import prepare
from edge.kit.sqlite import open_writer

CUSTOMER, SOMEBODY_ELSE = bytes(16), b"\x01" * 16
RECIPIENTS = ("van-dam", "van-dam-outlet")
NOW_MS = 1_000
Row = tuple[int, str, int, int | None]  # gen, state, from_ms, until_ms


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A writer on both files; what a test puts in is taken back after each example."""
    files = prepare(tmp_path_factory.mktemp("gate"), log=lambda event, **fields: None)
    with closing(open_writer(files.journal)) as both:
        both.execute("ATTACH DATABASE ? AS replica", (str(files.replica),))
        yield both


def put(conn: Connection, file: str, purpose: str, recipient: str, row: Row) -> None:
    more = (", ver", ", 1") if file == "replica" else ("", "")
    conn.execute(
        f"INSERT INTO {file}.consent (customer_id, purpose, recipient, basis, gen, state, from_ms, until_ms"
        f"{more[0]}) VALUES (?, ?, ?, ?, ?, ?, ?, ?{more[1]})",
        (CUSTOMER, purpose, recipient, PURPOSES[purpose], *row),
    )


def gate(conn: Connection, purpose: str, recipient: str, *, customer: bytes = CUSTOMER) -> int | None:
    sql = f"SELECT {basis_until(':customer', ':purpose')}"
    (until_ms,) = conn.execute(
        sql, {"customer": customer, "purpose": purpose, "recipient": recipient, "now_ms": NOW_MS}
    ).fetchone()
    return None if until_ms is None else int(until_ms)


def expected(ours: Row | None, theirs: Row | None) -> int | None:
    """The rule over registers, then the times of the row that holds."""
    held = merge(*(Register(row[0], row[1]) if row else None for row in (ours, theirs)))  # type: ignore[arg-type]
    row = next((row for row in (theirs, ours) if row and held == Register(row[0], row[1])), None)  # type: ignore[arg-type]
    if row is None or row[1] != "given":
        return None
    _, _, from_ms, until_ms = row
    valid = from_ms <= NOW_MS and (until_ms is None or until_ms > NOW_MS)
    return (FOREVER_MS if until_ms is None else until_ms) if valid else None


STATES: dict[str, tuple[str, int, int | None] | None] = {
    "none": None,
    "given": ("given", 0, None),
    "given with an end": ("given", 0, 2_000),
    "ends in 1 ms": ("given", 0, NOW_MS + 1),
    "ends now": ("given", 0, NOW_MS),
    "starts now": ("given", NOW_MS, None),
    "starts in 1 ms": ("given", NOW_MS + 1, None),
    "withdrawn": ("withdrawn", 0, None),
}
GENERATIONS = {"journal newer": (2, 1), "replica newer": (1, 2), "same": (1, 1)}


def contradicts(ours: str, theirs: str, gens: str) -> bool:
    """Whether one decision would have two different ends, which neither file may say."""
    both_given = all(STATES[name] and STATES[name][0] == "given" for name in (ours, theirs))  # type: ignore[index]
    return gens == "same" and both_given and ours != theirs


MATRIX = [each for each in product(PURPOSES, STATES, STATES, GENERATIONS) if not contradicts(*each[1:])]


def test_the_whole_matrix_of_purposes_states_files_and_generations(conn: Connection) -> None:
    assert len(MATRIX) > 1_000
    for purpose, ours, theirs, gens in MATRIX:
        mine, hubs = (
            (gen, *state) if (state := STATES[name]) else None
            for gen, name in zip(GENERATIONS[gens], (ours, theirs), strict=True)
        )
        conn.execute("BEGIN")
        for file, row in (("main", mine), ("replica", hubs)):
            if row:
                put(conn, file, purpose, RECIPIENTS[0], row)
        found = gate(conn, purpose, RECIPIENTS[0])
        others = [
            gate(conn, purpose, RECIPIENTS[1]),
            gate(conn, purpose, RECIPIENTS[0], customer=SOMEBODY_ELSE),
        ]
        others += [gate(conn, other, RECIPIENTS[0]) for other in PURPOSES if other != purpose]
        conn.execute("ROLLBACK")
        assert found == expected(mine, hubs), (purpose, ours, theirs, gens)
        assert set(others) == {None}, (purpose, ours, theirs, gens)


@pytest.mark.parametrize("file", ["main", "replica"])
def test_without_a_word_from_the_hub_consents_count_for_a_lease_and_what_is_agreed_goes_on(
    conn: Connection, file: str
) -> None:
    for purpose, basis in PURPOSES.items():
        for lease_ms, until_ms in ((NOW_MS + 5, NOW_MS + 5), (NOW_MS, None), (NOW_MS - 1, None)):
            conn.execute("BEGIN")
            conn.execute("UPDATE hub SET lease_until_ms=?", (lease_ms,))
            put(conn, file, purpose, RECIPIENTS[0], (1, "given", 0, None))
            found = gate(conn, purpose, RECIPIENTS[0])
            conn.execute("ROLLBACK")
            assert found == (until_ms if basis == "consent" else FOREVER_MS), (purpose, lease_ms)


ROWS = st.tuples(
    st.integers(1, 3),
    st.sampled_from(["given", "withdrawn"]),
    st.integers(NOW_MS - 2, NOW_MS + 2),
    st.none() | st.integers(NOW_MS - 2, NOW_MS + 2),
)
PLACES = st.tuples(
    st.sampled_from(["main", "replica"]), st.sampled_from(sorted(PURPOSES)), st.sampled_from(RECIPIENTS)
)


@given(st.dictionaries(PLACES, ROWS, max_size=12))
def test_sql_and_rules_agree_on_any_mix_of_rows(
    conn: Connection, rows: Mapping[tuple[str, str, str], Row]
) -> None:
    conn.execute("BEGIN")
    try:
        for (file, purpose, recipient), row in rows.items():
            put(conn, file, purpose, recipient, row)
        for purpose, recipient in product(PURPOSES, RECIPIENTS):
            ours, theirs = (rows.get((file, purpose, recipient)) for file in ("main", "replica"))
            if ours and theirs and ours[:2] == theirs[:2]:
                continue  # one decision with two ends: neither file may say that
            assert gate(conn, purpose, recipient) == expected(ours, theirs)
            registers = tables.registers(conn, CUSTOMER, purpose=purpose, recipient=recipient)
            assert registers == tuple(Register(*row[:2]) if row else None for row in (ours, theirs))  # type: ignore[arg-type]
    finally:
        conn.execute("ROLLBACK")


@pytest.mark.parametrize(("until_ms", "holds"), [(NOW_MS - 1, False), (NOW_MS, False), (NOW_MS + 1, True)])
def test_a_consent_ends_to_the_millisecond(conn: Connection, until_ms: int, holds: bool) -> None:
    conn.execute("BEGIN")
    put(conn, "replica", "recognition", RECIPIENTS[0], (1, "given", 0, until_ms))
    found = gate(conn, "recognition", RECIPIENTS[0])
    conn.execute("ROLLBACK")
    assert found == (until_ms if holds else None)


JOURNAL_ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["given", "withdrawn"])), min_size=1, max_size=6
)


@given(JOURNAL_ROWS)
def test_an_urgent_row_is_merged_into_the_journal_by_register(
    conn: Connection, heard: list[tuple[int, str]]
) -> None:
    conn.execute("BEGIN")
    held: Register | None = None
    for gen, state in heard:
        register = Register(gen, state)  # type: ignore[arg-type]
        held = merge(held, register)
        row = {"customer_id": CUSTOMER, "purpose": "recognition", "recipient": RECIPIENTS[0]}
        row |= {"basis": "consent", "gen": gen, "state": state, "from_ms": 0, "until_ms": None}
        tables.put_here(conn, row)
        ours, _ = tables.registers(conn, CUSTOMER, purpose="recognition", recipient=RECIPIENTS[0])
        assert ours == held
    conn.execute("ROLLBACK")
