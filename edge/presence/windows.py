"""The identifiers of many devices as slices of time, so that whose an identifier is costs one look-up each. Pure.

Every device changes its identifier at its own moment. A slice holds the identifiers whose windows *begin* within one
span of wall time; at any instant four slices hold everything that may be heard, whatever the devices' clocks say:

    spans      │   s-2   │   s-1   │    s    │   s+1   │
    now                                 ↑                 a window late, a window early: both are found

So the worker makes one slice a span ahead, and nothing is made twice. An identifier is the output of AES: its top
bits are as good a hash as any, so a slice is a table of buckets that needs neither hashing nor a dict of objects.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

SPAN_EXPONENT: Final = (
    10  # 1,024 s, as long as most devices keep an identifier; longer where any keeps it longer
)
BEFORE: Final = 2  # slices behind the present one that may still be heard: one window long, one late
AFTER: Final = 1  # ahead: one early
# How far one window of listening may move a clock. Honest clocks drift by 0.2 s a window; whoever plays an old
# identifier back must not be able to drag the clock along with the recording.
STEP_S: Final = 16
NOBODY: Final = 0xFFFFFFFF  # owner of an identifier that two devices say: whose it is cannot be known
EMPTY: Final = -1


@dataclass(frozen=True, slots=True)
class Shape:
    """How a slice lies in its bytes: identifiers in order, the first of each bucket, owners, beginnings."""

    number: int
    count: int
    bits: int  # of an identifier that choose its bucket

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Bytes of the four parts; the eight-byte ones stand first, where they are aligned."""
        return 8 * self.count, 4 * ((1 << self.bits) + 1), 4 * self.count, 4 * self.count


class Slice:
    """Identifiers whose windows begin in one span; `shifts` are the devices' drifts that it was made with."""

    def __init__(self, shape: Shape, held: memoryview, shifts: Mapping[int, int], *, span_s: int) -> None:
        eids, first, owners, _ = itertools.accumulate(shape.sizes)
        self._eids = held[:eids].cast("Q")
        self._first = held[eids:first].cast("I")
        self._owners = held[first:owners].cast("I")
        self._begins = held[owners:].cast("i")  # from where the span begins
        self._down = 64 - shape.bits
        self._start_s = shape.number * span_s
        self.number = shape.number
        self.count = shape.count
        self.shifts = dict(shifts)

    def find(self, said: int) -> int:
        """The place of an identifier, EMPTY where it is nobody's."""
        bucket = said >> self._down
        for at in range(self._first[bucket], self._first[bucket + 1]):
            if self._eids[at] == said:
                return at
        return EMPTY

    def owner(self, at: int) -> int:
        return int(self._owners[at])

    def begin_s(self, at: int) -> int:
        """Unix time at which its window begins, by what was known of the device's clock when this was made."""
        return self._start_s + int(self._begins[at])


@dataclass(frozen=True, slots=True)
class Hit:
    """A device by its index, and by how many seconds its clock runs ahead of (-) or behind (+) what is known."""

    device: int
    drift_s: int


@dataclass(slots=True)
class Table:
    """The slices of one set of devices, replaced whole when that changes; `exponents`, `reaches`: a byte a device."""

    exponents: bytes = field(repr=False)
    reaches: bytes = field(repr=False)
    span_s: int
    slices: dict[int, Slice] = field(default_factory=dict)
    shifts: dict[int, int] = field(
        default_factory=dict
    )  # seconds learnt of each device's clock since it was read
    _learnt_s: dict[int, float] = field(default_factory=dict)

    def numbers(self, now_s: float) -> range:
        """The slices that are needed at this instant."""
        present = int(now_s // self.span_s)
        return range(present - BEFORE, present + AFTER + 1)

    def missing(self, now_s: float) -> list[int]:
        """Those of them that are not here, the present one first, for it matters most."""
        present = int(now_s // self.span_s)
        return sorted(
            (n for n in self.numbers(now_s) if n not in self.slices), key=lambda n: abs(n - present)
        )

    def put(self, new: Slice, *, now_s: float) -> None:
        """Take a slice in, and let those go that are over: who lies there can no longer be told by them."""
        self.slices[new.number] = new
        first = self.numbers(now_s)[0]
        for number in [n for n in self.slices if n < first]:
            del self.slices[number]

    def find(self, said: int, now_s: float) -> Hit | None:
        """Whose identifier this is at this instant; None where it is nobody's, two devices', or of another time."""
        found: Hit | None = None
        for each in self.slices.values():
            at = each.find(said)
            if at == EMPTY:
                continue
            device = each.owner(at)
            if device == NOBODY or (found is not None and found.device != device):
                return None
            begin_s = each.begin_s(at) + self.shifts.get(device, 0) - each.shifts.get(device, 0)
            drift_s = drift(begin_s, now_s, exponent=self.exponents[device], reach=self.reaches[device])
            if drift_s is not None:
                found = Hit(device, drift_s)
        return found

    def learn(self, hit: Hit, now_s: float) -> bool:
        """Follow the clock of a device that was heard outside its window; whether anything was learnt.

        One step a window, so that a recording gets old faster than it can drag the clock. A device that nobody has
        heard for long may be off by as much as it was looked for, once.
        """
        length_s = 1 << self.exponents[hit.device]
        before_s = self._learnt_s.get(hit.device)
        if not hit.drift_s or (before_s is not None and abs(now_s - before_s) < length_s):
            return False
        far = self.reaches[hit.device] > 1 and before_s is None
        most_s = self.reaches[hit.device] * length_s if far else min(STEP_S, length_s // 4 + 1)
        step_s = max(-most_s, min(most_s, hit.drift_s))
        self.shifts[hit.device] = self.shifts.get(hit.device, 0) + step_s
        self._learnt_s[hit.device] = now_s
        return True


def span_exponent(exponents: Sequence[int]) -> int:
    """A span is at least as long as any window, or a window could begin before the slices that are held."""
    return max(SPAN_EXPONENT, *exponents) if exponents else SPAN_EXPONENT


def drift(begin_s: int, now_s: float, *, exponent: int, reach: int = 1) -> int | None:
    """Seconds by which a device that says this window now is off; nought within it, None beyond `reach` windows."""
    length_s = 1 << exponent
    early_s = begin_s - now_s
    if early_s > 0:
        return -math.ceil(early_s) if early_s <= length_s * reach else None
    late_s = now_s - (begin_s + length_s)
    if late_s >= 0:
        return int(late_s) + 1 if late_s < length_s * reach else None
    return 0
