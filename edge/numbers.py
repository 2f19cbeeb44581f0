"""Whole numbers that a person types after a command; each is one that JSON and every database holds exactly."""

import argparse
from typing import Final

MOST: Final = 2**53 - 1  # RFC 8259, section 6; a bigint is 63 bits


def whole(text: str) -> int:
    """For `type=` of an option; raises ArgumentTypeError, whose message says what is one."""
    return _within(text, -MOST, MOST)


def port(text: str) -> int:
    """As `whole`: where something listens."""
    return _within(text, 0, 65_535)


def _within(text: str, least: int, most: int) -> int:
    try:
        found = int(text)
    except ValueError:  # also of more digits than Python reads
        found = most + 1
    if not least <= found <= most:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise argparse.ArgumentTypeError(f"{shown!r} is no whole number up to {most}")
    return found
