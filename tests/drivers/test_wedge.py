"""Keys into codes: what a keyboard-wedge scanner types, in its own layout, told apart from a person's fingers."""

from collections.abc import Iterable
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codecs.printed.layouts import LAYOUTS
from drivers.codecs.printed.lines import MAX_FRAME
from drivers.codecs.printed.wedge import Wedge
from tests.drivers.wedge import ALT, ALTGR, CAPS_LOCK, CTRL, ENTER, SHIFT, TAB, Stroke, press, strokes

GS = "\x1d"


def read(
    wedge: Wedge, keys: Iterable[Stroke], *, gap_s: float = 0.004, start_s: float = 0.0
) -> list[str | None]:
    frames: list[str | None] = []
    at_s = start_s
    for key, value in keys:
        at_s += gap_s if value else 0
        frames += wedge.key(key, value, at_s)
    return frames


@pytest.mark.parametrize("end", [ENTER, 96, TAB])
def test_enter_on_either_side_and_tab_end_a_code(end: int) -> None:
    assert read(Wedge("us"), [*strokes("4006381333931"), *press(end)]) == ["4006381333931"]


def test_shift_gives_capitals_and_signs() -> None:
    keys = [*press(27), *press(SHIFT, 46), *press(2), *press(SHIFT, 4), *press(43), *press(ENTER)]
    assert read(Wedge("us"), keys) == ["]C1#\\"]


def test_shift_that_is_held_over_several_keys_counts_until_it_is_let_go() -> None:
    keys = [(SHIFT, 1), *press(30), *press(48), (SHIFT, 0), *press(46), *press(ENTER)]
    assert read(Wedge("us"), keys) == ["ABc"]


def test_caps_lock_turns_letters_and_no_digits() -> None:
    keys = [
        *press(CAPS_LOCK),
        *press(30),
        *press(2),
        *press(SHIFT, 30),
        *press(CAPS_LOCK),
        *press(30),
        *press(ENTER),
    ]
    assert read(Wedge("us"), keys) == ["A1aa"]


def test_the_keypad_types_digits() -> None:
    keys = [*press(79), *press(80), *press(81), *press(82), *press(83), *press(ENTER)]
    assert read(Wedge("us"), keys) == ["1230."]


@pytest.mark.parametrize(
    ("layout", "keys", "text"),
    [
        ("de", [press(21), press(44)], "zy"),  # QWERTZ: the letters at Y and Z change places
        ("de", [press(53), press(SHIFT, 8), press(ALTGR, 16)], "-/@"),
        ("fr", [press(SHIFT, 2), press(SHIFT, 11), press(2), press(7)], "10&-"),  # AZERTY: digits want Shift
        ("fr", [press(16), press(30), press(39)], "aqm"),
        ("fr", [press(ALTGR, 12), press(SHIFT, 16), press(SHIFT, 3)], "]A2"),  # an AIM prefix
        ("be", [press(SHIFT, 5), press(7), press(13), press(ALTGR, 3)], "4§-@"),
        ("gb", [press(SHIFT, 3), press(SHIFT, 40), press(43), press(86)], '"@#\\'),
    ],
)  # fmt: skip
def test_a_layout_gives_what_stands_on_its_own_keys(
    layout: str, keys: list[Iterable[Stroke]], text: str
) -> None:
    assert read(Wedge(layout), [*chain(*keys), *press(ENTER)]) == [text]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_can_type_a_loyalty_number_an_address_and_an_aim_prefix(layout: str) -> None:
    text = "]Q1https://shop.example/c/Az09?p=1&m=0F-_#%$*+"
    assert read(Wedge(layout), [*strokes(text, layout), *press(ENTER)]) == [text]


@pytest.mark.parametrize(
    "way",
    [
        [*press(CTRL, 27)],  # Ctrl+]
        [(ALT, 1), *press(82), *press(80), *press(73), (ALT, 0)],  # Alt and 029 on the keypad
        [(ALT, 1), *press(82), *press(82), *press(80), *press(73), (ALT, 0)],  # Alt and 0029
    ],
)
def test_a_group_separator_comes_through_as_control_or_as_an_alt_number(way: list[Stroke]) -> None:
    keys = [*strokes("]C110ABC"), *way, *strokes("21123\n")]
    assert read(Wedge("us"), keys) == [f"]C110ABC{GS}21123"]


def test_the_wrong_country_setting_is_unreadable_and_not_another_number() -> None:
    dead_end = [*strokes("40063"), *press(59), *press(ENTER)]  # F1 types nothing
    assert read(Wedge("us"), dead_end) == [None]


def test_a_key_of_its_own_that_types_nothing_is_no_frame() -> None:
    assert read(Wedge("us"), [*press(113), *press(ENTER), *press(59)]) == []


def test_prefix_and_suffix_are_taken_off_and_without_them_it_is_unreadable() -> None:
    wedge = Wedge("us", prefix="<", suffix=">")
    assert read(wedge, strokes("<CARD-1>\nCARD-2>\n<>\n")) == ["CARD-1", None]


def test_one_that_prefix_and_suffix_share_is_not_enough_for_both() -> None:
    assert read(Wedge("us", prefix="**", suffix="**"), strokes("***\n")) == [None]


def test_a_gap_ends_a_code_of_a_scanner_that_sends_no_enter() -> None:
    wedge = Wedge("us", idle_ms=50)
    assert read(wedge, strokes("CARD-1")) == []
    assert wedge.begun
    assert read(wedge, strokes("CARD-2"), start_s=1.0) == ["CARD-1"]
    assert wedge.gap() == ["CARD-2"]
    assert not wedge.begun


def test_what_a_person_types_is_dropped_and_the_next_scan_is_whole() -> None:
    wedge = Wedge("us", idle_ms=50)
    assert read(wedge, strokes("2900000012345\n"), gap_s=0.15) == []
    assert read(wedge, strokes("x"), start_s=5) == []
    assert read(wedge, strokes("2900000012346\n"), start_s=9) == ["2900000012346"]


@pytest.mark.parametrize("text", ["1234\n", "1234", "2900000012345\n", "A1\n"])
def test_fingers_that_roll_over_four_keys_in_a_tenth_of_a_second_are_no_scanner(text: str) -> None:
    wedge = Wedge("us", idle_ms=100)
    assert read(wedge, strokes(text), gap_s=0.034) + wedge.gap() == []
    assert read(wedge, strokes("2900000012346\n"), start_s=9) == ["2900000012346"]


def test_a_scanner_may_pause_in_a_code_as_long_as_idle_ms_says() -> None:
    wedge = Wedge("us", idle_ms=500)
    assert read(wedge, strokes("290000")) == []
    assert read(wedge, strokes("0012345\n"), start_s=0.4) == ["2900000012345"]


def test_a_short_code_with_its_enter_is_a_code() -> None:
    assert read(Wedge("us"), strokes("A1\n")) == ["A1"]


def test_keys_that_the_kernel_dropped_make_that_code_unreadable_and_no_other() -> None:
    wedge = Wedge("us")
    frames = read(wedge, [*strokes("290000"), (SHIFT, 1)])
    wedge.lost()
    assert frames + read(wedge, strokes("0012345\n2900000012346\n")) == [None, "2900000012346"]


def test_a_code_over_four_kib_is_one_unreadable() -> None:
    assert read(Wedge("us"), strokes("x" * (MAX_FRAME + 1) + "\nCARD-1\n")) == [None, "CARD-1"]


KEYS = st.tuples(st.integers(0, 0x2FF), st.integers(-1, 3), st.floats(0, 0.2))
LIKELY = st.tuples(
    st.sampled_from((SHIFT, CTRL, ALT, ALTGR, ENTER, TAB, 27, 30, 71, 79, 82)),
    st.integers(0, 1),
    st.floats(0, 0.2),
)


@given(st.sampled_from(sorted(LAYOUTS)), st.lists(KEYS | LIKELY, max_size=60))
def test_any_keys_give_texts_or_unreadables_and_nothing_else(
    layout: str, keys: list[tuple[int, int, float]]
) -> None:
    wedge, at_s = Wedge(layout), 0.0
    for key, value, gap_s in keys:
        at_s += gap_s
        for frame in wedge.key(key, value, at_s):
            assert frame is None or (frame.strip() and len(frame) <= MAX_FRAME)
    wedge.gap()
    assert not wedge.begun
