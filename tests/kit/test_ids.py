"""Identifiers are UUIDv7 as RFC 9562 section 5.7 draws them, ascending within the process."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from edge.kit.clock import SystemClock
from edge.kit.ids import uuid7_source
from tests.kit.clocks import START_MS, HandClock


def test_an_id_has_version_7_and_the_variant_of_rfc_9562() -> None:
    for each in (uuid7_source(SystemClock())() for _ in range(100)):
        assert len(each) == 16
        assert uuid.UUID(bytes=each).variant == uuid.RFC_4122
        assert uuid.UUID(bytes=each).version == 7


def test_the_first_48_bits_are_the_time_of_making() -> None:
    new_id = uuid7_source(HandClock())
    assert int.from_bytes(new_id()[:6]) == START_MS


def test_version_and_variant_hold_for_the_extremes_of_chance() -> None:
    for byte in (b"\x00", b"\xff"):
        new_id = uuid7_source(HandClock(), random=lambda count, byte=byte: byte * count)
        made = uuid.UUID(bytes=new_id())
        assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_ids_of_one_millisecond_ascend_also_past_the_end_of_the_counter() -> None:
    new_id = uuid7_source(HandClock())
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == 10_000


@given(st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=200))
def test_ids_ascend_whatever_the_clock_does(steps: list[int]) -> None:
    clock = HandClock()
    new_id = uuid7_source(clock)
    last = new_id()
    for step in steps:
        clock.set_wall(max(0, clock.wall + step))
        made = new_id()
        assert made > last
        last = made


def test_threads_share_a_source_without_a_double_and_each_sees_them_ascend() -> None:
    new_id = uuid7_source(SystemClock())

    def some(_: int) -> list[bytes]:
        return [new_id() for _ in range(2_500)]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(some, range(8)))
    for each in made:
        assert each == sorted(each)
    assert len({each for some_ids in made for each in some_ids}) == 20_000
