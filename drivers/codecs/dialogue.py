"""A talk with a card as a generator: it yields what to send, is sent the answer, and returns what it learnt.

house.md draws such talks as objects with next_apdu() and feed(); a generator is the same thing without the
bookkeeping of "where was I", and is tested with nothing but send().
"""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Reply = tuple[bytes, int]  # data and status word
Apdus = Generator[bytes, Reply, T]  # ISO/IEC 7816-4 commands out, replies in
Frames = Generator[bytes, bytes, T]  # raw frames of a card without ISO-DEP, CRC left out


class Damaged(ValueError):
    """The card said what its standard does not allow; the text names the place, never the content."""


def select(name: bytes) -> bytes:
    """SELECT by application name, first occurrence, with Le: some cards answer 6A82 to one without."""
    return b"\x00\xa4\x04\x00" + bytes([len(name)]) + name + b"\x00"
