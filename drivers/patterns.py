"""How long a regular expression may take at worst: Python's matcher holds the whole process while it tries.

A static bound, and a strict one: it takes each repeat and each alternative to be tried in every combination. What it
refuses can be slow; what it lets through is done in under a second on the longest subject.
"""

import re

# The parser of `re` is its private module since 3.11; a Python without it fails at import, and in every test.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

from drivers.codecs.tags.ndef import MAX_SUBJECT

MAX_WAYS: Final = 3e7  # three unbounded repeats after ^, or two that are searched for
COMPARED: Final = 64.0  # what a group costs that is compared again, against one character
TOO_MANY: Final = float("inf")


def is_slow(pattern: str) -> bool:
    """Whether a text of MAX_SUBJECT characters can keep this (valid) pattern busy for longer than about a second."""
    tree = _parser.parse(pattern)
    begins = bool(tree) and tree[0] in ((op.AT, op.AT_BEGINNING), (op.AT, op.AT_BEGINNING_STRING))
    searched = not begins or tree.state.flags & re.MULTILINE
    ways, unbounded = _sequence(tree)
    if searched:
        ways, unbounded = ways * MAX_SUBJECT, unbounded + 1
    # Repeats beside each other share one subject: the places between n of them are in order.
    for each in range(2, unbounded + 1):
        ways /= each
    return ways > MAX_WAYS


def _sequence(tree: Any) -> tuple[float, int]:
    """In how many ways these can be tried one after the other, and how many of them have no end."""
    ways, unbounded = 1.0, 0
    for code, value in tree:
        more, ends = _one(code, value)
        ways, unbounded = min(ways * more, TOO_MANY), unbounded + ends
    return ways, unbounded


def _one(code: Any, value: Any) -> tuple[float, int]:
    if code in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, op.AT):
        return 1.0, 0
    if code is op.GROUPREF:
        return COMPARED, 0
    if code is op.SUBPATTERN:
        return _sequence(value[-1])
    if code in (op.ASSERT, op.ASSERT_NOT):
        return _sequence(value[1])
    if code is op.ATOMIC_GROUP:
        return _sequence(value)
    if code is op.BRANCH:
        each = [_sequence(tree) for tree in value[1]]
        return sum(ways for ways, _ in each), max(unbounded for _, unbounded in each)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return _repeat(*value)
    return TOO_MANY, 0


def _repeat(lowest: int, highest: int, tree: Any) -> tuple[float, int]:
    ways, unbounded = _sequence(tree)
    most = min(int(highest), MAX_SUBJECT)
    lowest = min(int(lowest), most)
    if ways == 1:
        return float(most - lowest + 1), int(most == MAX_SUBJECT and lowest < most)
    if most <= 1:
        return ways + 1, unbounded
    try:
        return ways**most * (most - lowest + 1), unbounded
    except OverflowError:
        return TOO_MANY, unbounded
