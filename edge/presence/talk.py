"""What the house and its window worker say to each other: JSON lines; an answer's `size` bytes follow its line."""

import msgspec

from edge.kit.child import Failed
from edge.presence.windows import Shape


class Load(msgspec.Struct, frozen=True, tag=True):
    """Read every device whose customer may be recognised and located now; what was read before is dropped."""

    now_ms: int


class Make(msgspec.Struct, frozen=True, tag=True):
    """One slice; `shifts` are seconds learnt of clocks since `Load`, by the device's index."""

    number: int
    shifts: dict[int, int]


Request = Load | Make


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """The bytes are the devices' ids (16 each), then an exponent each, then a reach each."""

    devices: int
    span_s: int
    unreadable: int
    size: int


class Made(msgspec.Struct, frozen=True, tag=True):
    """The bytes are a slice of this shape. `cpu_ms`: what it cost."""

    number: int
    count: int
    bits: int
    size: int
    cpu_ms: int

    @property
    def shape(self) -> Shape:
        return Shape(self.number, self.count, self.bits)


Answer = Loaded | Made | Failed
