"""What can happen to the chain of looks."""

from dataclasses import dataclass

from edge.looks.rules import Line


@dataclass(frozen=True, slots=True)
class LooksTold:
    """Lines of the chain go up: from `first` on, chained to `prev`, up to the head, which this box signed.

    Nobody of whom anything is known stands in it, so that an erasure leaves it as it is.
    """

    first: int
    prev: bytes
    lines: tuple[Line, ...]
    head: bytes
    sig: str  # base64; empty where the box has no hub
    at_ms: int
