"""The outbox: dense, chained, settled forward only, and pruned without losing its link."""

import json
from pathlib import Path
from sqlite3 import Connection

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import outbox
from edge.consent.facts import ConsentWithdrawn
from edge.facts import Fact
from edge.kit.chain import GENESIS, link
from edge.visits.facts import Greeted, VisitEnded, VisitStarted
from sync import wire
from tests.kit.clocks import START_MS
from tests.tables.floor import Floor, open_floor

pytestmark = pytest.mark.anyio
DAY_MS = 24 * 3_600_000


def greet(conn: Connection, count: int, at_ms: int = START_MS) -> list[Fact]:
    return [Greeted(visit_id=number.to_bytes(16), at_ms=at_ms) for number in range(count)]


def verified(floor: Floor) -> int:
    """Walk the whole chain as somebody else would; how many lines it has."""
    previous, seq = GENESIS, 0
    for at, at_ms, kind, body, held in floor.db.reader.execute(
        "SELECT seq, at_ms, kind, body, hash FROM outbox ORDER BY seq"
    ):
        seq += 1
        assert at == seq
        previous = link(previous, seq=seq, at_ms=at_ms, kind=kind, body=body)
        assert held == previous
    assert floor.db.reader.execute("SELECT seq, hash FROM outbox_head").fetchone() == (seq, previous)
    return seq


def head(floor: Floor) -> tuple[int, int]:
    found: tuple[int, int] = floor.db.reader.execute("SELECT seq, acked FROM outbox_head").fetchone()
    return found


async def test_a_morning_of_taps_is_one_dense_chain(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        for number in range(8):
            await floor.resident(str(number))
        for number in range(40):
            floor.clock.pass_ms(3_000 if number % 3 else 3_600_000)
            await floor.tap(str(number % 8), reader=("door", "counter-1")[number % 2])
        assert verified(floor) > 40
        assert outbox.depth(floor.db.reader) == verified(floor)


async def test_an_act_that_fails_takes_no_number(tmp_path: Path) -> None:
    def fail(conn: Connection) -> list[Fact]:
        raise LookupError

    async with open_floor(tmp_path) as floor:
        await floor.db.write(greet, 2)
        with pytest.raises(LookupError):
            await floor.db.write(fail)
        assert (await floor.db.write(greet, 1)).seq == 3
        assert verified(floor) == 3


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    for expected in (2, 4, 6):
        async with open_floor(tmp_path) as floor:
            assert (await floor.db.write(greet, 2)).seq == expected
            assert verified(floor) == expected


async def test_what_waits_is_a_contiguous_run_with_the_hash_before_it(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert outbox.waiting(floor.db.reader, most=10, most_bytes=10_000) is None
        await floor.db.write(greet, 5)
        await floor.db.apply(outbox.settle, epoch=1, seq=2)
        held = outbox.waiting(floor.db.reader, most=2, most_bytes=10_000)
        assert held is not None
        assert (held.epoch, held.from_seq, [line.seq for line in held.lines]) == (1, 3, [3, 4])
        assert held.prev_hash == floor.one("SELECT hash FROM outbox WHERE seq=2")


async def test_a_batch_is_cut_by_bytes_and_never_empty(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.db.write(greet, 5)
        for most_bytes, lines in ((1, 1), (400, 2), (1_000_000, 5)):
            held = outbox.waiting(floor.db.reader, most=10, most_bytes=most_bytes)
            assert held is not None
            assert len(held.lines) == lines


async def test_settling_never_goes_beyond_what_we_have_nor_back_nor_for_another_epoch(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.db.write(greet, 5)
        for epoch, seq, acked in [
            (1, 3, 3),
            (1, 2, 3),
            (1, 6, 3),
            (2, 5, 3),
            (0, 5, 3),
            (1, 5, 5),
            (1, 0, 5),
        ]:
            await floor.db.apply(outbox.settle, epoch=epoch, seq=seq)
            assert head(floor) == (5, acked)
        assert outbox.depth(floor.db.reader) == 0
        assert outbox.waiting(floor.db.reader, most=10, most_bytes=10_000) is None


async def test_pruning_keeps_what_is_young_what_waits_and_the_line_that_the_next_hangs_on(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.db.write(greet, 6, START_MS)
        await floor.db.write(greet, 2, START_MS + 30 * DAY_MS)
        now_ms = START_MS + 36 * DAY_MS
        assert await floor.db.apply(outbox.prune, now_ms=now_ms) == 0  # nothing is acknowledged
        await floor.db.apply(outbox.settle, epoch=1, seq=4)
        assert await floor.db.apply(outbox.prune, now_ms=START_MS + 35 * DAY_MS) == 0
        assert await floor.db.apply(outbox.prune, now_ms=now_ms, most=2) == 2
        assert await floor.db.apply(outbox.prune, now_ms=now_ms, most=2) == 1
        assert await floor.db.apply(outbox.prune, now_ms=now_ms, most=2) == 0
        assert [seq for (seq,) in floor.db.reader.execute("SELECT seq FROM outbox")] == [4, 5, 6, 7, 8]
        held = outbox.waiting(floor.db.reader, most=10, most_bytes=10_000)
        assert held is not None
        assert held.prev_hash == floor.one("SELECT hash FROM outbox WHERE seq=4")
        assert (await floor.db.write(greet, 1)).seq == 9


async def test_what_waits_goes_on_the_wire_and_verifies_there(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        batch = floor.uplink.waiting(100)
        assert batch is not None
        envelope, events = wire.decode_batch(wire.encode_batch(wire.fit(batch), "demo-1"))
        previous = bytes.fromhex(envelope.prev_hash)
        for event in events:
            previous = link(
                previous, seq=event.seq, at_ms=event.at_ms, kind=event.kind, body=bytes(event.body)
            )
        assert previous == floor.one("SELECT hash FROM outbox_head")
        answer = wire.Answer(ack=wire.Ack(1, batch.last_seq), hub_epoch=1, hub_time_ms=START_MS)
        await floor.uplink.settle(answer)
        assert floor.uplink.waiting(100) is None


FACTS = st.one_of(
    st.builds(
        VisitStarted,
        st.binary(min_size=16, max_size=16),
        st.binary(min_size=16, max_size=16),
        st.text(max_size=20),
        st.sampled_from(["tap", "scan"]),
        st.sampled_from(["weak", "strong"]),
        st.integers(0, 2**53),
    ),
    st.builds(VisitEnded, st.binary(min_size=16, max_size=16), st.text(max_size=10), st.integers(0, 2**53)),
    st.builds(
        ConsentWithdrawn,
        st.binary(min_size=16, max_size=16),
        st.sampled_from(["recognition", "contact"]),
        st.just("van-dam"),
        st.integers(1, 9),
        st.integers(0, 2**53),
    ),
)


@given(FACTS)
def test_a_body_is_one_line_of_json_without_the_time_that_stands_beside_it(fact: Fact) -> None:
    body = outbox.body_of(fact)
    assert b"\n" not in body
    values = json.loads(body)
    assert "at_ms" not in values
    for name, value in values.items():
        held = getattr(fact, name)
        assert value == (held.hex() if isinstance(held, bytes) else held)
    wire.Event(1, fact.at_ms, outbox.kind_of(fact), msgspec.Raw(body))


def test_every_fact_has_a_wire_name_of_its_own() -> None:
    kinds = [outbox.kind_of(fact.__new__(fact)) for fact in Fact.__args__]
    assert kinds == [
        "visit_started",
        "greeted",
        "seen_again",
        "card_shown",
        "visit_ended",
        "consent_withdrawn",
        "consent_given",
        "wallet_moved",
        "suggestion_said",
        "suggestion_dismissed",
        "help_claimed",
        "help_released",
        "left_alone",
        "customer_joined",
        "credential_bound",
        "credential_blocked",
        "tap_replayed",
        "product_gap_met",
        "guest_left",
        "guest_saved",
        "looks_told",
        "customer_missed",
    ]
