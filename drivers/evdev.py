"""Linux's input events, as far as a scanner needs them: one struct and one ioctl (linux/input.h).

The package python-evdev does this too, and comes as source that wants a compiler and the kernel's headers on
every shop's box; what a scanner needs of it is this page.
"""

import fcntl
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

EVENT: Final = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED: Final = 3  # the kernel's buffer ran over: events are missing
EVIOCGRAB: Final = 0x40044590  # _IOW('E', 0x90, int): its keys go to us alone, until the file is closed


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event; `at_s` is the kernel's own time of it, in seconds. A row of codes is a card's number."""

    at_s: float
    type: int
    code: int = field(repr=False)
    value: int = field(repr=False)


def grab(fd: int) -> None:
    """Take the device's keys away from everybody else; OSError EBUSY when somebody did so already."""
    fcntl.ioctl(fd, EVIOCGRAB, 1)


def parse(data: bytes) -> tuple[list[InputEvent], bytes]:
    """Whole events, and the bytes of one that is not whole yet."""
    whole = len(data) - len(data) % EVENT.size
    return list(_events(data[:whole])), data[whole:]


def _events(data: bytes) -> Iterator[InputEvent]:
    for seconds, microseconds, kind, code, value in EVENT.iter_unpack(data):
        yield InputEvent(seconds + microseconds / 1e6, kind, code, value)
