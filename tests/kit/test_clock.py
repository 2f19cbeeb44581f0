"""Shop time never runs backwards, whatever is done to the clock."""

from datetime import UTC, timedelta
from time import time_ns
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kit.clock import DOUBT_MS, FAR_AHEAD_MS, STEP_MS, ShopTime, SystemClock, rfc3339, utc
from tests.kit.clocks import START_MS, HandClock, StoppedBetween

YEAR_MS = 365 * 24 * 3_600_000

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, YEAR_MS)),
        st.tuples(st.just("set wall"), st.integers(0, 2 * START_MS)),
        st.tuples(st.just("step monotonic"), st.integers(-10_000, 10_000)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=30,
)


def turn(clock: HandClock, time: ShopTime, what: str, amount: int) -> ShopTime:
    """Do one step; the shop time that counts after it."""
    match what:
        case "pass":
            clock.pass_ms(amount)
        case "set wall":
            clock.set_wall(amount)
        case "step monotonic":
            clock.monotonic += amount
        case _:
            mark_ms = time.now_ms()
            clock.boot()
            return ShopTime(clock, high_water_ms=mark_ms)
    return time


@given(STEPS)
def test_time_never_runs_backwards_over_any_steps_of_the_clocks_and_restarts(
    steps: list[tuple[str, int]],
) -> None:
    clock = HandClock()
    time = ShopTime(clock)
    before_ms = time.now_ms()
    for what, amount in steps:
        time = turn(clock, time, what, amount)
        now_ms = time.now_ms()
        assert now_ms >= before_ms
        assert now_ms >= clock.wall_ms()
        before_ms = now_ms


@given(STEPS, st.integers(0, YEAR_MS))
def test_time_goes_on_at_the_pace_of_the_monotonic_clock(steps: list[tuple[str, int]], ms: int) -> None:
    clock = HandClock()
    time = ShopTime(clock)
    for what, amount in steps:
        time = turn(clock, time, what, amount)
    before_ms = time.now_ms()
    clock.pass_ms(ms)
    assert time.now_ms() == before_ms + ms


@given(STEPS, st.integers(0, 2 * START_MS), STEPS)
def test_after_the_hub_settled_it_time_again_never_runs_backwards(
    before: list[tuple[str, int]], hub_ms: int, after: list[tuple[str, int]]
) -> None:
    clock = HandClock()
    time = ShopTime(clock)
    for what, amount in before:
        time = turn(clock, time, what, amount)
    time.settle(hub_ms)
    last_ms = time.now_ms()
    assert last_ms >= clock.wall_ms()
    for what, amount in after:
        time = turn(clock, time, what, amount)
        assert time.now_ms() >= last_ms
        last_ms = time.now_ms()


def test_a_clock_set_back_holds_and_then_goes_on() -> None:
    clock = HandClock()
    time = ShopTime(clock)
    clock.set_wall(START_MS - YEAR_MS)
    assert time.now_ms() == START_MS
    clock.pass_ms(1_500)
    assert time.now_ms() == START_MS + 1_500


def test_a_clock_set_back_over_a_restart_is_held_up_by_the_high_water_mark() -> None:
    clock = HandClock(wall=START_MS - YEAR_MS)
    time = ShopTime(clock, high_water_ms=START_MS)
    assert time.now_ms() == START_MS
    clock.pass_ms(1)
    assert time.now_ms() == START_MS + 1


@pytest.mark.parametrize("ms", [40, STEP_MS + 1, YEAR_MS])
def test_a_process_that_is_stopped_between_its_two_clocks_is_not_ahead_when_it_goes_on(ms: int) -> None:
    clock = StoppedBetween()
    time = ShopTime(clock)
    for _ in range(3):
        clock.pass_ms(1_000)
        clock.stopped_ms = ms
        assert clock.wall - 1_000 <= time.now_ms() <= clock.wall
        assert time.now_ms() == clock.wall
        clock.pass_ms(250)
        assert time.now_ms() == clock.wall
        assert time.stepped() == ""


def test_a_process_that_is_stopped_while_it_makes_its_time_is_not_ahead_either() -> None:
    clock = StoppedBetween(stopped_ms=YEAR_MS)
    time = ShopTime(clock)
    assert time.now_ms() == clock.wall
    clock.pass_ms(250)
    assert time.now_ms() == clock.wall


def test_a_forward_jump_is_followed_at_once() -> None:
    clock = HandClock()
    time = ShopTime(clock)
    clock.set_wall(START_MS + YEAR_MS)
    assert time.now_ms() == START_MS + YEAR_MS


def test_the_hub_brings_time_down_once_the_wall_clock_agrees_again() -> None:
    clock = HandClock()
    time = ShopTime(clock)
    clock.set_wall(START_MS + YEAR_MS)
    time.now_ms()
    clock.set_wall(START_MS)
    assert time.now_ms() == START_MS + YEAR_MS
    assert time.settle(START_MS) == YEAR_MS
    assert time.now_ms() == START_MS


def test_the_hub_does_not_bring_time_below_a_wall_clock_that_is_still_ahead() -> None:
    clock = HandClock(wall=START_MS + FAR_AHEAD_MS + 1)
    time = ShopTime(clock)
    assert time.settle(START_MS) == FAR_AHEAD_MS + 1
    assert time.now_ms() == START_MS + FAR_AHEAD_MS + 1


def test_a_box_whose_clock_is_behind_takes_the_later_time_of_the_hub() -> None:
    clock = HandClock(wall=START_MS - YEAR_MS)
    time = ShopTime(clock)
    assert time.settle(START_MS) == -YEAR_MS
    clock.pass_ms(250)
    assert time.now_ms() == START_MS + 250


def test_the_clocks_of_the_machine_count_in_milliseconds() -> None:
    clock = SystemClock()
    before_ms = time_ns() // 1_000_000
    assert before_ms <= clock.wall_ms() <= time_ns() // 1_000_000
    first = clock.monotonic_ms()
    assert clock.monotonic_ms() >= first


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(0, "1970-01-01T00:00:00.000Z"), (START_MS + 7, "2026-11-22T09:00:00.007Z")],
)
def test_times_are_written_as_rfc3339_with_z_and_milliseconds(at_ms: int, text: str) -> None:
    assert rfc3339(at_ms) == text
    assert utc(at_ms).tzinfo is UTC


def test_an_instant_after_the_last_day_of_the_calendar_is_that_day_in_every_zone() -> None:
    beyond = utc((1 << 53) - 1)
    assert rfc3339((1 << 53) - 1) == "9999-12-30T00:00:00.000Z"
    assert (beyond.astimezone(ZoneInfo("Pacific/Kiritimati")) + timedelta(days=1)).year == 9999


@pytest.mark.parametrize("jumps", [1, 2])
def test_for_good_is_deleted_by_the_clock_as_it_is_and_not_for_a_day_after_it_jumped_ahead(
    jumps: int,
) -> None:
    clock = HandClock()
    time, start_ms = ShopTime(clock), clock.wall_ms()
    for _ in range(jumps):
        assert time.sure_ms() == clock.wall_ms()
        clock.set_wall(start_ms + YEAR_MS)
        assert time.sure_ms() is None
        clock.set_wall(start_ms)
        assert time.sure_ms() is None
        clock.pass_ms(DOUBT_MS)
        start_ms += DOUBT_MS
    assert time.now_ms() >= start_ms + YEAR_MS - DOUBT_MS
    assert time.sure_ms() == start_ms
    clock.set_wall(start_ms - YEAR_MS)
    assert time.sure_ms() == start_ms - YEAR_MS


def test_a_box_without_a_clock_battery_deletes_once_its_time_is_right_and_one_the_hub_vouches_for_at_once() -> (
    None
):
    clock = HandClock()
    time = ShopTime(clock, high_water_ms=START_MS + YEAR_MS)
    assert time.sure_ms() == START_MS
    clock.set_wall(START_MS + YEAR_MS + DOUBT_MS // 2)  # it was off for a night
    assert time.sure_ms() == clock.wall_ms()
    clock.set_wall(START_MS + 3 * YEAR_MS)
    assert time.sure_ms() is None
    clock.pass_ms(DOUBT_MS)
    time.settle(START_MS)
    assert time.sure_ms() is None
    time.settle(clock.wall_ms())
    assert time.sure_ms() == clock.wall_ms()
