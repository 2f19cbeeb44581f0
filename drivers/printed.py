"""What a printed line becomes, whichever way it came in: by a serial port or as keys of a keyboard."""

import errno
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from drivers.codecs.printed import barcode, vtap
from drivers.reader import IDLE_EVERY_S, How, Idle, Sighting, Token
from drivers.settings import ReaderSettings
from drivers.threaded import Emit

# A scanner on a stand and a wallet reader print the same payload again and again while it stays in view;
# 1 s without it is "left", as for a card (contract.md, Sightings).
REPEAT_S: Final = 1.0
IN_VIEW: Final = 8  # codes that are remembered: two in one view are read by turns


class Repeats:
    """Whether a frame is a presentation that still goes on: read already, and under REPEAT_S ago."""

    def __init__(self) -> None:
        self._read_s: dict[str | None, float] = {}

    def again(self, frame: str | None, now_s: float) -> bool:
        same = now_s - self._read_s.pop(frame, float("-inf")) < REPEAT_S
        while len(self._read_s) >= IN_VIEW:
            del self._read_s[next(iter(self._read_s))]
        self._read_s[frame] = now_s
        return same


class Frames:
    """What one scanner reads, told once; a look at `node`, that the device still is there, when it has read nothing.

    `node` is the path of its device node. Begins with a proof of life.
    """

    def __init__(self, settings: ReaderSettings, node: str, emit: Emit) -> None:
        self._settings = settings
        self._node = node
        self._emit = emit
        self._repeats = Repeats()
        emit(Idle(settings.name))
        self._spoke_s = time.monotonic()

    def tell(self, frames: Iterable[str | None]) -> None:
        """Raises OSError when the node is gone."""
        now_s = time.monotonic()
        for frame in frames:
            if not self._repeats.again(frame, now_s):
                self._emit(sighting(frame, self._settings))
                self._spoke_s = now_s
        if now_s - self._spoke_s >= IDLE_EVERY_S:
            if not os.path.exists(self._node):
                raise OSError(errno.ENODEV, "node vanished")
            self._emit(Idle(self._settings.name))
            self._spoke_s = now_s


def sighting(frame: str | None, settings: ReaderSettings) -> Sighting:
    """A token by the settings' format, or `unreadable` for None and for what that format does not know."""
    token = _token(frame, settings) if frame is not None else None
    tapped = token.kind == "vendor" if token else settings.format == "vtap"
    how: How = "tap" if tapped else "scan"
    return Sighting(settings.name, datetime.now(UTC), how, token, None if token else "unreadable")


def _token(frame: str, settings: ReaderSettings) -> Token | None:
    try:
        if settings.format == "vtap":
            return vtap.decode(frame, source=settings.source, evidence=settings.evidence)
        return barcode.decode(frame, aim_required=settings.format == "aim")
    except (vtap.VtapError, barcode.NotAim):
        return None
