"""A keyboard-wedge scanner: input events as the kernel writes them, over a pseudo-terminal in place of its node.

No uinput here: the kernel of a test machine may lack it, and its events would then be untested. What differs from
a real node is the grab, an ioctl that a terminal does not know; `grab` stands in and is held by one at a time.
"""

import errno
import os
import time
from collections.abc import Iterator

from drivers.codecs.printed.layouts import LAYOUTS
from drivers.evdev import EV_KEY, EV_SYN, EVENT, SYN_DROPPED
from tests.drivers.cable import Cable

EV_MSC, MSC_SCAN = 4, 4
SHIFT, CTRL, ALT, ALTGR, ENTER, TAB, CAPS_LOCK = 42, 29, 56, 100, 28, 15, 58
KEY_S = 0.004  # between two keys of a scanner
ENDS = {"\n": ENTER, "\t": TAB}

Stroke = tuple[int, int]  # key and value


def press(*keys: int) -> Iterator[Stroke]:
    """These keys held together, the last one struck: `press(SHIFT, 30)` is a capital A."""
    for key in keys:
        yield key, 1
    for key in reversed(keys):
        yield key, 0


def strokes(text: str, layout: str = "us") -> Iterator[Stroke]:
    """What a scanner with this country setting does to type the text."""
    known = LAYOUTS[layout]
    ways: dict[str, tuple[int, ...]] = {}
    for held, keys in (((ALTGR,), known.altgr), ((SHIFT,), known.shift), ((), known.plain)):
        ways |= {character: (*held, key) for key, character in keys.items()}
    for character in text:
        yield from press(*(ways[character] if character not in ENDS else (ENDS[character],)))


class WedgeScanner(Cable):
    """`type` writes a text as a scanner does; `keys` writes any keys at any pace."""

    def __init__(self) -> None:
        super().__init__()
        self._grabbed: dict[int, int] = {}  # inode of the node, and the descriptor that has it

    def grab(self, fd: int) -> None:
        node = os.fstat(fd).st_rdev
        held = self._grabbed.get(node)
        if held is not None and held != fd and _is_open(held, node):
            raise OSError(errno.EBUSY, "grabbed by another")
        self._grabbed[node] = fd

    def type(self, text: str, *, layout: str = "us", gap_s: float = KEY_S) -> None:
        self.keys(strokes(text, layout), gap_s=gap_s)

    def keys(self, strokes: Iterator[Stroke], *, gap_s: float = KEY_S) -> None:
        """Written at once; the events' own times are `gap_s` apart, as the reader measures them."""
        at_s = time.time()
        data = b""
        for key, value in strokes:
            at_s += gap_s if value else 0
            data += event(at_s, EV_MSC, MSC_SCAN, 0x70000 + key) + event(at_s, EV_KEY, key, value)
            data += event(at_s, EV_SYN, 0, 0)
            if len(data) > 3000:  # a terminal takes 4 KiB at a time
                self.write(data)
                data = b""
        self.write(data)

    def drop(self) -> None:
        self.write(event(time.time(), EV_SYN, SYN_DROPPED, 0))


def event(at_s: float, kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(int(at_s), int(at_s % 1 * 1e6), kind, code, value)


def _is_open(fd: int, node: int) -> bool:
    try:
        return os.fstat(fd).st_rdev == node
    except OSError:
        return False
