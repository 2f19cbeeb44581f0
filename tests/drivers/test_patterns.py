"""Rules that a card could keep busy for ever are refused before any card comes; those that shops write are not."""

import re
import time

import pytest

from drivers.codecs.tags.ndef import MAX_SUBJECT, NdefRule, find
from drivers.patterns import is_slow
from tests.drivers.pn532 import text

WELL = [
    r"^https://shop\.example/c/([0-9A-Z]+)$",
    r"^https?://([a-z]+\.)?shop\.example/(?:c|card|klant)/([0-9A-Z]{4,16})\?id=(\d+)$",
    r"card (\d+)",
    r"/c/(.+)",
    r"^((?:[0-9A-F]{2})+)$",
    r"^application/vnd\.shop:(\w+)$",
    r"(?i)^lid[ -]?(?:nr|nummer)?[.:]? *(\d{6,12})\b",
    r"^((?:[0-9]{4}-?){3}[0-9])$",
]
SLOW = [
    r"(a+)+$",
    r"^(a+)+$",
    r"^(?:(a|a)*)$",
    r"(a|aa)+$",
    r"^(\w+\s?)*$",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(.*)(.*)(.*)x",
    r"(?m)^(.*)(.*)(.*)x",
    r"^(.*)(.*)(.*)\1x",
    r"^(.*)(.*)(.*)(.*)x",
    "^(" + "a?" * 30 + "a" * 30 + ")$",
    r"^(?=(a+)+$)b",
    r"^((?:a+){2,9})x",
]
WORST = [r"^(a*)a*a*[bc]", r"(a*)a*[bc]", "^(" + "a?" * 22 + ")[bc]", r"^(a*)a*\1[bc]", r"\A(a*?)a*?a*?[bc]"]


@pytest.mark.parametrize("pattern", WELL)
def test_what_shops_write_is_taken(pattern: str) -> None:
    assert re.compile(pattern).groups >= 1
    assert not is_slow(pattern)


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_blows_up_is_refused(pattern: str) -> None:
    re.compile(pattern)
    assert is_slow(pattern)


@pytest.mark.parametrize("pattern", WORST)
def test_the_slowest_pattern_that_is_taken_is_done_with_the_worst_text_before_anybody_notices(
    pattern: str,
) -> None:
    assert not is_slow(pattern)
    began_s = time.process_time()
    assert find(text("a" * (MAX_SUBJECT - 1) + "!"), [NdefRule("text", re.compile(pattern))]) is None
    assert time.process_time() - began_s < 2


def test_a_text_that_is_longer_than_any_rule_looks_at_is_no_match() -> None:
    rule = NdefRule("text", re.compile("(a+)"))
    assert find(text("a" * MAX_SUBJECT), [rule]) is not None
    assert find(text("a" * (MAX_SUBJECT + 1)), [rule]) is None
