"""What a printed line becomes, whichever way it came in: by a serial port or as keys of a keyboard."""

from datetime import UTC, datetime
from typing import Final

from drivers.codecs import barcode, vtap
from drivers.reader import How, Sighting, Token
from drivers.settings import ReaderSettings

# A scanner on a stand and a wallet reader print the same payload again and again while it stays in view;
# 1 s without it is "left", as for a card (contract.md, Sightings).
REPEAT_S: Final = 1.0


class Repeats:
    """Whether a frame is the same presentation as the one before: equal, and under REPEAT_S after it."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._at_s = float("-inf")

    def again(self, frame: str | None, now_s: float) -> bool:
        same = frame == self._last and now_s - self._at_s < REPEAT_S
        self._last, self._at_s = frame, now_s
        return same


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
