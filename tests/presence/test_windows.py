"""Whose identifier is this, at any time and on any clock: the slices against the plain rule."""

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.codecs.radio.eid import eid
from edge.kit.errors import ConfigError
from edge.presence.devices import MAX_REACH, Device, parse_keys, reach
from edge.presence.maker import Maker
from edge.presence.resolver import Here
from edge.presence.windows import NOBODY

NOW_S: Final = 1_757_812 * 1024
KEYS: Final = [bytes([number]) * 16 for number in range(1, 9)]


def fob(number: int, *, exponent: int = 10, zero_s: int = 0, reach: int = 1) -> Device:
    return Device(f"fob-{number}", KEYS[number], exponent, zero_s, reach)


def says(device: Device, at_s: float, *, ahead_s: float = 0) -> bytes:
    """What the device says at this instant when its clock runs ahead by so much."""
    clock = int(at_s + ahead_s - device.zero_s) % (1 << 32)
    return eid(device.identity_key, exponent=device.exponent, time_s=clock)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(4, 12), st.integers(-(2**31), 2**31)), min_size=1, max_size=5),
    st.integers(0, 2**32),
)
def test_every_device_is_known_at_every_instant_whatever_its_clock_and_exponent(
    kinds: Sequence[tuple[int, int]], at_s: int
) -> None:
    devices = [fob(n, exponent=exponent, zero_s=zero_s) for n, (exponent, zero_s) in enumerate(kinds)]
    resolve = Here(devices)
    for device in devices:
        assert resolve(says(device, at_s), at_s + 0.5) == device.name


@given(st.integers(0, 12), st.integers(-(10**9), 10**9), st.integers(0, 2_000_000))
def test_a_slice_holds_the_windows_that_begin_in_its_span(exponent: int, zero_s: int, number: int) -> None:
    device = fob(0, exponent=exponent, zero_s=zero_s)
    maker = Maker([device])
    made = maker.slice(number, {})
    # The plain rule: windows of 2^exponent seconds of its clock that begin in the span, not yet cut to 32 bits.
    starts_s = (maker.span_s * each - zero_s for each in (number, number + 1))
    plain = range(*(-(-start_s // (1 << exponent)) for start_s in starts_s))
    assert made.count == len(plain)
    for window in plain[:20]:
        clock = (window << exponent) % (1 << 32)
        at = made.find(int.from_bytes(eid(device.identity_key, exponent=exponent, time_s=clock), "big"))
        assert made.begin_s(at) == zero_s + (window << exponent)


@pytest.mark.parametrize("windows", [-1, 1])
def test_one_window_early_or_late_is_still_known(windows: int) -> None:
    device = fob(1)
    assert Here([device])(says(device, NOW_S + 1024 * windows), NOW_S) == "fob-1"


@pytest.mark.parametrize("windows", [-3, -2, 2, 3])
def test_two_windows_off_it_is_a_recording_and_nobody(windows: int) -> None:
    device = fob(1)
    assert Here([device])(says(device, NOW_S + 1024 * windows), NOW_S + 512) is None


def test_an_identifier_that_two_devices_say_is_nobodys() -> None:
    twins = [Device("one", KEYS[0], 10, 0), Device("other", KEYS[0], 10, 0), fob(1)]
    resolve = Here(twins)
    assert resolve(says(twins[0], NOW_S), NOW_S) is None
    assert resolve(says(twins[2], NOW_S), NOW_S) == "fob-1"
    said = int.from_bytes(says(twins[0], NOW_S), "big")
    found = resolve.table.slices[NOW_S // 1024]
    assert found.owner(found.find(said)) == NOBODY


def test_a_clash_over_two_slices_is_nobodys_either() -> None:
    """The same key twice, a window apart."""
    twins = [Device("one", KEYS[0], 10, 0), Device("other", KEYS[0], 10, 1024)]
    assert Here(twins)(says(twins[0], NOW_S), NOW_S) is None


def test_a_forgotten_device_is_nobody_at_once_and_known_again_when_it_agrees_anew() -> None:
    device = fob(1)
    resolve = Here([device])
    resolve.forget(["fob-1"])
    assert resolve(says(device, NOW_S), NOW_S) is None
    resolve.known_again(["fob-1"])
    assert resolve(says(device, NOW_S), NOW_S) == "fob-1"


@pytest.mark.parametrize("daily_s", [-13, 13])
def test_a_clock_that_drifts_is_followed_for_years(daily_s: int) -> None:
    device = fob(1)
    resolve = Here([device])
    for day in range(800):
        for window in range(3):
            at_s = NOW_S + day * 86_400 + window * 1024
            assert resolve(says(device, at_s, ahead_s=daily_s * day), at_s) == "fob-1"


def test_a_recording_that_is_played_back_cannot_drag_the_clock_along() -> None:
    device = fob(1)
    resolve = Here([device])
    recorded = says(device, NOW_S)
    known = [resolve(recorded, NOW_S + later_s) for later_s in range(0, 86_400, 10)]
    assert sum(each is not None for each in known) * 10 <= 3 * 1024
    assert resolve(says(device, NOW_S + 86_400), NOW_S + 86_400) == "fob-1"


def test_a_device_that_was_away_for_long_is_looked_for_as_far_as_it_can_be_off() -> None:
    away = reach(400, exponent=10, devices=1_000)
    device = fob(1, reach=away)
    resolve = Here([device])
    drifted_s = 400 * 13
    assert resolve(says(device, NOW_S, ahead_s=drifted_s), NOW_S) == "fob-1"
    assert abs(resolve.table.shifts[0] + drifted_s) <= 1024
    assert Here([fob(1)])(says(device, NOW_S, ahead_s=drifted_s), NOW_S) is None


def test_how_far_is_looked_stays_affordable() -> None:
    assert [reach(days, exponent=10, devices=100) for days in (0, 30, 80, 400, 100_000)] == [
        1,
        1,
        2,
        6,
        MAX_REACH,
    ]
    assert reach(400, exponent=10, devices=4_000_000) == 1


def test_a_recording_that_goes_back_over_the_edge_of_a_slice_misses_nothing() -> None:
    device = fob(1)
    resolve = Here([device])
    for at_s in (NOW_S + 5 * 1024, NOW_S + 4 * 1024 - 5, NOW_S + 5 * 1024, NOW_S - 7 * 1024 + 1, NOW_S):
        assert resolve(says(device, at_s), at_s) == "fob-1"


def test_slices_that_are_over_are_let_go() -> None:
    device = fob(1)
    resolve = Here([device])
    for span in range(6):
        assert resolve(says(device, NOW_S + 1024 * span), NOW_S + 1024 * span)
    assert len(resolve.table.slices) == 4


def test_a_key_list_is_read_whole_or_refused_with_its_line_and_never_its_key() -> None:
    good = '{"device": "d1", "identity_key": "%s", "exponent": 10, "epoch_s": 5}'
    (device,) = parse_keys([good % ("0A" * 16), "", "  "], where="keys")
    assert device == Device("d1", bytes([10]) * 16, 10, 5)
    secret = "ab" * 16
    for bad in (
        good % "ab",
        good % ("zz" * 16),
        (good % secret).replace("10,", "16,"),
        (good % secret).replace("10,", "true,"),
        (good % secret)[:-1],
        f'["{secret}"]',
        '{"device": "d1"}',
    ):
        with pytest.raises(ConfigError) as caught:
            parse_keys(["", bad], where="keys")
        assert "line 2" in str(caught.value)
        assert secret not in str(caught.value)
    with pytest.raises(ConfigError, match="line 2"):
        parse_keys([good % secret, good.replace("d1", "d2") % secret], where="keys")
