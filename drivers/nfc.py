"""Contactless cards and phones on a PN532, or another reader that nfcpy drives: our own loop on its driver.

`ContactlessFrontend.connect` is not used: it swallows a pulled cable, drops phones with SAK bit 0x40, and
looks at its terminate callback only between rounds.
"""

import logging
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from nfc.clf import RemoteTarget, UnsupportedTargetError, pn53x

from drivers.nfc_card import Presence, Wanted, look, presence
from drivers.nfc_channel import CardLost
from drivers.nfc_open import TROUBLE, is_glitch, open_frontend, release, trouble
from drivers.reader import IDLE_EVERY_S, Idle, Outcome, Reader, Sighting, Token
from drivers.settings import ReaderSettings
from drivers.threaded import Emit, threaded

LEFT_S: Final = 1.0  # no answer for this long is "left the field" (contract.md, Sightings)
LOOK_S: Final = 0.05  # between two rounds; the field is off meanwhile, and phones forgive gaps under 300 ms
LYING_S: Final = 0.1  # the same while a card that was read still lies there
TRIES: Final = 3  # of one presentation: a card on its way into the field is lost once or twice
GLITCHES: Final = 3  # failures in a row between us and the chip: fewer are a disturbed line

# nfcpy writes UIDs and payloads at DEBUG, and at ERROR what edge.watch says in one line.
logging.getLogger("nfc").setLevel(logging.CRITICAL)


def build(settings: ReaderSettings) -> Reader:
    """A contactless reader; each `events()` opens it anew, so that a by-id link is followed anew too."""
    return NfcReader(settings)


@dataclass(slots=True)
class _Presentation:
    """A card from the moment it is sensed until it has left."""

    who: Presence
    last_s: float
    tries: int = 0
    done: bool = False


class NfcReader:
    """One contactless reader, polled for Type A, then Type B."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._wanted = Wanted(ndef=settings.ndef, uid=settings.uid)

    @property
    def name(self) -> str:
        return self._settings.name

    def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        return threaded(self.name, self._poll)

    def _poll(self, emit: Emit, stop: threading.Event) -> None:
        device = self._settings.device
        frontend = open_frontend(self.name, device, stop=stop)
        try:
            self._sense(frontend.device, emit, stop)
        except TROUBLE:
            raise trouble(self.name, device) from None
        finally:
            release(frontend)

    def _sense(self, device: Any, emit: Emit, stop: threading.Event) -> None:
        emit(Idle(self.name))
        spoke = time.monotonic()
        senses = _Senses(device, stop)
        card: _Presentation | None = None
        while not stop.is_set():
            target = senses.next()
            now = time.monotonic()
            found: Token | Outcome | None = None
            if card is not None and (
                now - card.last_s >= LEFT_S if target is None else presence(target) != card.who
            ):
                found = None if card.done else "unreadable"  # it left before it could be read
                card = None
                if found is not None:
                    self._tell(emit, found)
            if target is not None:
                card = card or _Presentation(presence(target), now)
                card.last_s = now
                if not card.done:
                    found = self._attempt(device, target, card, stop)
                    card.last_s = time.monotonic()
                    if found is not None:
                        self._tell(emit, found)
                        spoke = card.last_s
            if time.monotonic() - spoke >= IDLE_EVERY_S:
                emit(Idle(self.name))
                spoke = time.monotonic()
            senses.rest()
            stop.wait(LYING_S if card is not None and card.done else LOOK_S)

    def _attempt(
        self, device: Any, target: Any, card: _Presentation, stop: threading.Event
    ) -> Token | Outcome | None:
        card.tries += 1
        try:
            found = look(device, target, self._wanted, stop=stop)
        except CardLost:
            card.done = card.tries >= TRIES
            return "unreadable" if card.done and not stop.is_set() else None
        card.done = True
        return found

    def _tell(self, emit: Emit, found: Token | Outcome) -> None:
        at = datetime.now(UTC)
        if isinstance(found, Token):
            emit(Sighting(self.name, at, "tap", found))
        else:
            emit(Sighting(self.name, at, "tap", None, found))


class _Senses:
    """Rounds of polling; a technology the reader cannot do is left out from then on."""

    def __init__(self, device: Any, stop: threading.Event) -> None:
        self._stop = stop
        self._polls = [(device.sense_tta, "106A"), (device.sense_ttb, "106B")]
        self._device = device
        self._glitches = 0

    def next(self) -> Any | None:
        for poll in list(self._polls):
            if self._stop.is_set():  # nfcpy's udp driver takes 1 s a technology
                break
            sense, technology = poll
            try:
                target = sense(RemoteTarget(technology))
            except (UnsupportedTargetError, ValueError):
                self._polls.remove(poll)
            except IndexError:
                pass  # an answer shorter than its standard allows
            except (OSError, pn53x.Chipset.Error) as error:
                self._bear(error)
            else:
                self._glitches = 0
                if target is not None:
                    return target
        return None

    def rest(self) -> None:
        """Switch the field off: a card that was read or halted answers again only after that."""
        try:
            self._device.mute()
        except (OSError, pn53x.Chipset.Error) as error:
            self._bear(error)

    def _bear(self, error: OSError | pn53x.Chipset.Error) -> None:
        self._glitches += 1
        if self._glitches >= GLITCHES or (isinstance(error, OSError) and not is_glitch(error)):
            raise error
