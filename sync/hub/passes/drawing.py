"""Our lighthouse as a PNG, in any size: the pictures that a pass has to bring along. Pure.

The shapes are those of the mark on our pages (a square of 32), all of them convex; each row is cut four times.
"""

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Final

Point = tuple[float, float]
Colour = tuple[int, int, int]
# The tower, the lamp, and light to both sides.
SHAPES: Final[tuple[Sequence[Point], ...]] = (
    ((12, 30), (14, 12), (18, 12), (20, 30)),
    ((13, 12), (13, 8), (16, 5), (19, 8), (19, 12)),
    ((20, 9), (30, 5), (30, 13)),
    ((12, 9), (2, 5), (2, 13)),
)
SQUARE: Final = 32
_FINE: Final = 4
WHITE: Final[Colour] = (255, 255, 255)


def colour(text: str) -> Colour:
    """`#14323c` as three numbers."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


@cache
def lighthouse(size: int, ground: Colour | None) -> bytes:
    """A PNG of `size` by `size`: white on `ground`, or on nothing."""
    rows = (b"\0" + b"".join(_pixel(each, ground) for each in _row(y, size)) for y in range(size))
    return png(size, size, b"".join(rows))


def png(width: int, height: int, rows: bytes) -> bytes:
    """A file of rows of RGBA, each with its filter byte in front (PNG, third edition, 5 and 11)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _pixel(cover: float, ground: Colour | None) -> bytes:
    """One point, of which this part is of the mark."""
    if ground is None:
        return bytes((*WHITE, round(255 * cover)))
    return bytes((*(round(low + (255 - low) * cover) for low in ground), 255))


def _row(y: int, size: int) -> list[float]:
    """How much of each pixel is of the mark, 0 to 1; a tenth stays free on each side."""
    scale, free = SQUARE * 1.2 / size, SQUARE * 0.1
    cover = [0.0] * size
    for fine in range(_FINE):
        down = (y + (fine + 0.5) / _FINE) * scale - free
        for left, right in filter(None, (_cut(shape, down) for shape in SHAPES)):
            start, end = (left + free) / scale, (right + free) / scale
            for x in range(int(start), min(size, int(end) + 1)):
                cover[x] += max(0.0, min(end, x + 1) - max(start, x)) / _FINE
    return [min(1.0, each) for each in cover]


def _cut(shape: Sequence[Point], y: float) -> tuple[float, float] | None:
    """From where to where a line at height `y` is inside a convex shape."""
    crossings = [
        (x2 - x1) * (y - y1) / (y2 - y1) + x1
        for (x1, y1), (x2, y2) in pairwise((*shape, shape[0]))
        if (y1 > y) != (y2 > y)
    ]
    return (min(crossings), max(crossings)) if crossings else None
