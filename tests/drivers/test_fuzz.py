"""A hundred thousand inputs that nobody would send: a value or the codec's own error, in little time and memory.

`make prove` does the same with a million, from other dice.
"""

import time
from collections.abc import Callable

import pytest

from drivers.codecs.dialogue import Heard
from tests.drivers.fuzz import feeds
from tests.drivers.fuzz.harness import MOST_BYTES, Report, Target, fuzz, one
from tests.drivers.fuzz.seeds import APPLE, GOOGLE, MEMBER, found
from tests.drivers.fuzz.tapes import Endless, play
from tests.drivers.fuzz.targets import TARGETS, shares
from tests.house.repo import ROOT

WHOLE = 100_000
NAMES = {target.name: target for target in TARGETS}
# Reached through others: primitives, tables, and the frames that only we make.
THROUGH_OTHERS = {"aes", "dialogue", "ecp", "gateway_clock", "layouts", "p256"}


@pytest.mark.parametrize("target", TARGETS, ids=list(NAMES))
def test_a_codec_answers_anything_with_a_value_or_its_own_error(target: Target) -> None:
    count = shares(WHOLE)[target.name]
    report = fuzz(target, count, seed=1)
    assert report.broken is None
    assert report.inputs == count >= len(target.seeds)


def test_the_shares_are_a_hundred_thousand_and_the_seeds_are_real_input() -> None:
    assert sum(shares(WHOLE).values()) >= WHOLE
    for target in TARGETS:
        taken = [one(target, seed, Report()) for seed in target.seeds]
        assert any(taken) or target.name == "vas_cryptogram", target.name  # sealed for other shops


def test_the_tapes_lead_to_the_end_of_a_talk() -> None:
    """Else all mutations would try its beginning only."""
    heard = [
        feeds.apple(APPLE[0]),
        feeds.apple(APPLE[1]),
        feeds.member(MEMBER[1]),
        *map(feeds.google, GOOGLE[:4]),
    ]
    assert all(isinstance(each, Heard) and each.tokens for each in heard)


def test_what_once_broke_a_codec_is_tried_for_ever() -> None:
    for name, inputs in found().items():
        report = Report()
        for data in inputs:
            one(NAMES[name], data, report)
        assert report.broken is None


def test_no_codec_is_left_out() -> None:
    left_out = []
    for path in (ROOT / "drivers/codecs").rglob("*.py"):
        names = set(path.relative_to(ROOT / "drivers/codecs").with_suffix("").parts)
        tried = any(target.startswith(name) for target in NAMES for name in names)
        if not tried and not names & {"__init__", *THROUGH_OTHERS}:
            left_out.append(path.name)
    assert left_out == []


@pytest.mark.parametrize(
    ("feed", "says"),
    [
        (lambda data: data[300], "IndexError"),
        (lambda data: bytearray(20 << 20), "20.0 MiB"),
        (lambda data: _busy_for(0.06), "ms on"),
    ],
)
def test_a_codec_that_breaks_a_rule_is_named_with_its_input(
    feed: Callable[[bytes], object], says: str
) -> None:
    report = fuzz(Target("planted", feed, (KeyError,), (b"seed",), 1), 3, seed=1)
    assert report.broken
    assert says in report.broken[0]
    assert b"seed".hex() in report.broken[0]


def test_a_talk_that_never_ends_is_seen() -> None:
    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield b""

    with pytest.raises(Endless):
        play(endless(), [])


def test_the_same_seed_makes_the_same_inputs_and_another_one_others() -> None:
    def inputs(seed: int) -> list[bytes]:
        seen: list[bytes] = []
        fuzz(Target("kept", seen.append, (), (b"abcdef" * 20, b"xyz"), 1), 300, seed=seed)
        return seen

    assert inputs(1) == inputs(1) != inputs(2)
    assert len(set(inputs(1))) > 250
    assert max(map(len, inputs(1))) <= MOST_BYTES


def _busy_for(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
