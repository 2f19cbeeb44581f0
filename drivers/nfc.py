"""Contactless cards and phones on a PN532, or another reader that nfcpy drives: our own loop on its driver.

`ContactlessFrontend.connect` is not used: it swallows a pulled cable, drops phones with SAK bit 0x40, and
looks at its terminate callback only between rounds.
"""

import logging
import threading
import time
from typing import Any, Final

from drivers.nfc_card import look, presence
from drivers.nfc_open import TROUBLE, open_frontend, release, trouble
from drivers.nfc_senses import Senses
from drivers.presentation import LEFT_S, News, Presentation, Recent, sightings
from drivers.reader import IDLE_EVERY_S, Idle, Reader
from drivers.settings import ReaderSettings
from drivers.talks import CardLost
from drivers.threaded import Emit, Polled

LOOK_S: Final = 0.05  # between two rounds; phones forgive gaps in the field under 300 ms
LYING_S: Final = 0.1  # the same while a card that was read, or a locked phone, still lies there

# nfcpy writes UIDs and payloads at DEBUG, and at ERROR what edge.watch says in one line.
logging.getLogger("nfc").setLevel(logging.CRITICAL)


def build(settings: ReaderSettings) -> Reader:
    """A contactless reader; each `events()` opens it anew, so that a by-id link is followed anew too."""
    return NfcReader(settings)


class NfcReader(Polled):
    """One contactless reader, polled for Type A, then Type B."""

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
        senses = Senses(device, stop, offers=self._settings.vas)
        recent = Recent()
        card: Presentation | None = None
        while not stop.is_set():
            target = senses.next()
            now = time.monotonic()
            news: News = []
            if card is not None and (
                now - card.last_s >= LEFT_S if target is None else presence(target) != card.who
            ):
                news += card.left()
                card = None
            if target is not None:
                who = presence(target)
                card = card or recent.of(who, now, is_one=bool(who[1]))
                if not card.done:
                    news += self._attempt(device, target, card, stop)
                card.last_s = time.monotonic()
            for sighting in sightings(self.name, news):
                emit(sighting)
            if news or time.monotonic() - spoke >= IDLE_EVERY_S:
                spoke = time.monotonic()
                if not news:
                    emit(Idle(self.name))
            senses.rest(found=target is not None)
            stop.wait(LOOK_S if card is None or not (card.done or card.waits) else LYING_S)

    def _attempt(self, device: Any, target: Any, card: Presentation, stop: threading.Event) -> News:
        try:
            return card.saw(look(device, target, self._settings, stop=stop))
        except CardLost:
            return [] if stop.is_set() else card.lost()
