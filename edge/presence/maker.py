"""Makes slices of identifiers, for all devices at once: AES a device, and everything about it in numpy.

numpy is loaded here and nowhere else of the house's own process: in a shop without presence nothing imports this.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from drivers.codecs.aes import BLOCK, encrypt
from drivers.codecs.radio.eid import CLOCK_BITS, EID, KEY_BITS, eids, temporary_key
from edge.presence.devices import Device
from edge.presence.windows import NOBODY, Shape, Slice, Table, span_exponent

MAX_BITS: Final = 24  # of the buckets: 64 MB of them would be more than the identifiers themselves
Integers = NDArray[np.int64]


class Maker:
    """The keys of a set of devices; `make` gives one slice. The temporary keys (18.2 h) are kept between slices."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self._keys = [each.identity_key for each in devices]
        self._exponents = np.array([each.exponent for each in devices], dtype=np.int64)
        self._zeros = np.array([each.zero_s for each in devices], dtype=np.int64)
        self._temporary: list[bytes] = [b""] * len(devices)
        self._high = np.full(len(devices), -1, dtype=np.int64)  # of which the temporary key is
        self.exponents = bytes(each.exponent for each in devices)
        self.reaches = bytes(each.reach for each in devices)
        self.span_s = 1 << span_exponent(self.exponents)

    def table(self) -> Table:
        """An empty table for what is made here."""
        return Table(self.exponents, self.reaches, self.span_s)

    def make(self, number: int, shifts: Mapping[int, int]) -> tuple[Shape, bytes]:
        """One slice as its shape and bytes; `shifts` are the seconds learnt of some devices' clocks since then."""
        zeros = self._zeros.copy()
        wide = np.frombuffer(self.reaches, dtype=np.uint8).astype(np.int64) - 1
        for device, shift_s in shifts.items():
            zeros[device] += shift_s
            # A window that drift carried over the edge of a slice stands in neither of the two: one more each side.
            wide[device] += 1
        length_s = np.int64(1) << self._exponents
        start_s = number * self.span_s
        first = -((zeros - start_s) // length_s) - wide
        count = -((zeros - start_s - self.span_s) // length_s) + wide - first
        said: list[bytes] = []
        owners: list[Integers] = []
        begins: list[Integers] = []
        for each in np.unique(count[count > 0]):
            chosen = np.flatnonzero(count == each)
            windows = first[chosen, None] + np.arange(each)
            said.append(self._say(chosen, windows))
            owners.append(np.repeat(chosen, each))
            begins.append((zeros[chosen, None] + windows * length_s[chosen, None] - start_s).ravel())
        return _pack(number, b"".join(said), owners, begins)

    def slice(self, number: int, shifts: Mapping[int, int]) -> Slice:
        """The same, ready to look up in this process."""
        shape, held = self.make(number, shifts)
        return Slice(shape, memoryview(held), shifts, span_s=self.span_s)

    def _say(self, chosen: Integers, windows: Integers) -> bytes:
        """The identifiers of these devices, each for its row of windows, 16 bytes each (the first 8 count)."""
        exponents = self._exponents[chosen, None]
        clocks = (windows << exponents) & ((1 << CLOCK_BITS) - 1)
        highs = clocks >> KEY_BITS
        self._renew(chosen, highs[:, 0], clocks[:, 0])
        plain = np.zeros((*windows.shape, BLOCK), dtype=np.uint8)
        plain[..., 11] = exponents
        plain[..., 12:] = clocks.astype(">u4").view(np.uint8).reshape(*windows.shape, 4)
        row = windows.shape[1] * BLOCK
        blocks = plain.tobytes()
        temporary = self._temporary
        said = [
            encrypt(temporary[device], blocks[at : at + row])
            for device, at in zip(chosen.tolist(), range(0, len(blocks), row), strict=True)
        ]
        # Where a row crosses into the next temporary key, one key does not do.
        for place in np.flatnonzero((highs != highs[:, :1]).any(axis=1)).tolist():
            device = int(chosen[place])
            exponent = int(self._exponents[device])
            cut = [int(clock) >> exponent for clock in clocks[place]]
            said[place] = b"".join(
                each.ljust(BLOCK, b"\0") for each in eids(self._keys[device], cut, exponent=exponent)
            )
        return b"".join(said)

    def _renew(self, chosen: Integers, highs: Integers, clocks: Integers) -> None:
        old = np.flatnonzero(self._high[chosen] != highs)
        for device, clock in zip(chosen[old].tolist(), clocks[old].tolist(), strict=True):
            self._temporary[device] = temporary_key(self._keys[device], clock)
        self._high[chosen[old]] = highs[old]


def _pack(
    number: int, said: bytes, owners: Sequence[Integers], begins: Sequence[Integers]
) -> tuple[Shape, bytes]:
    found: NDArray[np.uint64] = np.frombuffer(said, dtype=">u8")[:: BLOCK // EID].astype(np.uint64)
    order = np.argsort(found)
    found = found[order]
    owner = _one(owners, np.uint32)[order]
    clash = np.flatnonzero((found[1:] == found[:-1]) & (owner[1:] != owner[:-1]))
    owner[clash] = owner[clash + 1] = NOBODY
    bits = min(MAX_BITS, max(1, len(found).bit_length()))
    edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    buckets = np.append(np.searchsorted(found, edges), len(found)).astype(np.uint32)
    parts = (found, buckets, owner, _one(begins, np.int32)[order])
    return Shape(number, len(found), bits), b"".join(part.tobytes() for part in parts)


def _one(parts: Sequence[Integers], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, dtype=kind)
