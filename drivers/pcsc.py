"""Contactless readers behind the PC/SC daemon (CCID): ACR1252, OMNIKEY, uTrust and others that nfcpy does not drive.

The reader polls, selects and speaks ISO-DEP by itself; what is ours is the talk. It cannot send the ECP frame that
makes an iPhone offer its pass by itself: a pass that was opened by hand is read.
"""

import threading
import time
from typing import Final

from drivers.pcsc_card import look, who
from drivers.pcsclite import (
    GONE,
    LIBRARY,
    READER_UNAVAILABLE,
    SECURITY_VIOLATION,
    Context,
    NoLibrary,
    PcscError,
    State,
)
from drivers.presentation import LEFT_S, News, Presentation, Recent, sightings
from drivers.reader import IDLE_EVERY_S, Idle, Reader, ReaderError, ReaderGone, ReaderRefused
from drivers.settings import ReaderSettings
from drivers.talks import CardLost
from drivers.threaded import Emit, Polled

WAIT_MS: Final = 250  # one wait for the daemon: how soon leaving is noticed
AGAIN_S: Final = 0.1  # before a card that was lost is tried again
SAM: Final = "SAM"  # a reader's slot for a chip of its own: the last that anybody means


def build(settings: ReaderSettings) -> Reader:
    """A PC/SC reader; `device` is a part of its name, or empty for the first there is."""
    return PcscReader(settings)


class PcscReader(Polled):
    """One reader of the daemon's; each `events()` finds it anew by its name."""

    def __init__(self, settings: ReaderSettings, *, library: str = LIBRARY) -> None:
        super().__init__(settings)
        self._library = library

    def _poll(self, emit: Emit, stop: threading.Event) -> None:
        try:
            context = Context(self._library)
        except (PcscError, NoLibrary) as error:
            raise self._why_not(error) from None
        try:
            self._watch(context, self._choose(context), emit, stop)
        except PcscError as error:
            raise self._lost(error) from None
        finally:
            context.close()

    def _choose(self, context: Context) -> str:
        wanted = self._settings.device
        names = context.readers()
        fitting = sorted((name for name in names if wanted in name), key=lambda name: SAM in name)
        if not fitting:
            seen = f"those there are: {', '.join(names)}" if names else "none is attached"
            raise ReaderGone(
                f"{self.name}: no PC/SC reader {wanted!r}; {seen}"
                if wanted
                else f"{self.name}: no PC/SC reader",
                code="no_device",
                hint="plug the reader in; set device to a part of its name",
            )
        return fitting[0]

    def _watch(self, context: Context, reader: str, emit: Emit, stop: threading.Event) -> None:
        emit(Idle(self.name))
        spoke = time.monotonic()
        state = context.wait(reader, None, WAIT_MS)
        inserted = state.card
        recent = Recent()
        card: Presentation | None = None
        while not stop.is_set():
            if not state.attached:
                raise PcscError(READER_UNAVAILABLE)
            news: News = []
            another = None
            if card is not None and not state.card and time.monotonic() - card.last_s >= LEFT_S:
                news += card.left()
                card = None
            elif card is not None and inserted:
                another = who(context, reader, stop=stop)
                if another not in (card.who, None):
                    news += card.left()
                    card = None
            if state.card:
                card = card or recent.of(another, time.monotonic(), is_one=bool(another))
                if not card.done:
                    news += self._attempt(context, reader, state, card, recent, stop)
                card.last_s = time.monotonic()
            for sighting in sightings(self.name, news):
                emit(sighting)
            if news or time.monotonic() - spoke >= IDLE_EVERY_S:
                spoke = time.monotonic()
                if not news:
                    emit(Idle(self.name))
            before, state = state, context.wait(reader, state, WAIT_MS)
            inserted = state.card and state.count != before.count

    def _attempt(
        self,
        context: Context,
        reader: str,
        state: State,
        card: Presentation,
        recent: Recent,
        stop: threading.Event,
    ) -> News:
        try:
            found, seen = look(context, reader, state.atr, self._settings, stop=stop)
        except CardLost:
            stop.wait(AGAIN_S)
            return [] if stop.is_set() else card.lost()
        recent.named(card, found)
        return card.saw(seen)

    def _why_not(self, error: PcscError | NoLibrary) -> ReaderError:
        if isinstance(error, NoLibrary):
            return ReaderRefused(
                f"{self.name}: {error}", code="no_library", hint="install Debian's libpcsclite1 and pcscd"
            )
        if error.code == SECURITY_VIOLATION:
            return ReaderRefused(
                f"{self.name}: the PC/SC daemon refuses this user",
                code="no_permission",
                hint="allow org.debian.pcsc-lite.access_pcsc to the service's user in polkit",
            )
        return ReaderGone(
            f"{self.name}: the PC/SC daemon does not answer ({error})",
            code="no_service",
            hint="install pcscd and start it: systemctl enable --now pcscd.socket",
        )

    def _lost(self, error: PcscError) -> ReaderError:
        if error.code in GONE:
            return ReaderGone(
                f"{self.name}: the reader or its daemon went away while reading",
                code="unplugged",
                hint="check the cable and pcscd; it is opened again by itself",
            )
        return self._why_not(error)
