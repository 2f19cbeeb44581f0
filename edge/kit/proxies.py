"""Whether a proxy stood between: one on this machine asks from this machine, for somebody who is elsewhere."""

from collections.abc import Container
from typing import Final

_TRACES: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def came_through_one(headers: Container[str]) -> bool:
    """By the headers of a request, under lower-case names."""
    return any(name in headers for name in _TRACES)
