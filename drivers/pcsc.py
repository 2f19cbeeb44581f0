"""Contactless readers behind the PC/SC daemon (CCID): ACR1252, OMNIKEY, uTrust and others that nfcpy does not drive.

The reader polls, selects and speaks ISO-DEP by itself; what is ours is the talk. It cannot send the ECP frame that
makes an iPhone offer its pass by itself: a pass that was opened by hand is read.
"""

import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from drivers.pcsc_card import CardLost, Wanted, look, who
from drivers.pcsclite import (
    GONE,
    LIBRARY,
    READER_UNAVAILABLE,
    SECURITY_VIOLATION,
    Context,
    NoLibrary,
    PcscError,
)
from drivers.reader import (
    IDLE_EVERY_S,
    Idle,
    Outcome,
    Reader,
    ReaderError,
    ReaderGone,
    ReaderRefused,
    Sighting,
    Token,
)
from drivers.settings import ReaderSettings
from drivers.threaded import Emit, threaded

LEFT_S: Final = 1.0  # no card for this long is "left the field" (contract.md, Sightings)
WAIT_MS: Final = 250  # one wait for the daemon: how soon leaving is noticed
AGAIN_S: Final = 0.1  # before a card that was lost is tried again
TRIES: Final = 3  # of one presentation: a card on its way into the field is lost once or twice
SAM: Final = "SAM"  # a reader's slot for a chip of its own, never a card's


def build(settings: ReaderSettings) -> Reader:
    """A PC/SC reader; `device` is a part of its name, or empty for the first there is."""
    return PcscReader(settings)


@dataclass(slots=True)
class _Presentation:
    """A card from the moment it is there until it has left."""

    last_s: float
    who: bytes | None = None  # its UID; empty for a random one, None while it has not said
    tries: int = 0
    done: bool = False


class PcscReader:
    """One reader of the daemon's; each `events()` finds it anew by its name."""

    def __init__(self, settings: ReaderSettings, *, library: str = LIBRARY) -> None:
        self._settings = settings
        self._library = library
        self._wanted = Wanted(ndef=settings.ndef, uid=settings.uid)

    @property
    def name(self) -> str:
        return self._settings.name

    def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        return threaded(self.name, self._poll)

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
        fitting = [name for name in names if wanted in name and (wanted or SAM not in name)]
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
        card: _Presentation | None = None
        inserted = state.card
        while not stop.is_set():
            if not state.attached:
                raise PcscError(READER_UNAVAILABLE)
            now = time.monotonic()
            found: Token | Outcome | None = None
            left = card is not None and (
                now - card.last_s >= LEFT_S
                if not state.card
                else inserted and who(context, reader, stop=stop) not in (card.who, None)
            )
            if card is not None and left:
                found = None if card.done else "unreadable"  # it left before it could be read
                card = None
                self._tell(emit, found)
            if state.card:
                card = card or _Presentation(now)
                card.last_s = now
                if not card.done:
                    found = self._attempt(context, reader, state.atr, card, stop)
                    card.last_s = time.monotonic()
                    self._tell(emit, found)
            if found is not None:
                spoke = now
            if time.monotonic() - spoke >= IDLE_EVERY_S:
                emit(Idle(self.name))
                spoke = time.monotonic()
            before, state = state, context.wait(reader, state, WAIT_MS)
            inserted = state.card and state.count != before.count

    def _attempt(
        self, context: Context, reader: str, atr: bytes, card: _Presentation, stop: threading.Event
    ) -> Token | Outcome | None:
        card.tries += 1
        try:
            card.who, found = look(context, reader, atr, self._wanted, stop=stop)
        except CardLost:
            card.done = card.tries >= TRIES
            stop.wait(AGAIN_S)
            return "unreadable" if card.done and not stop.is_set() else None
        card.done = True
        return found

    def _tell(self, emit: Emit, found: Token | Outcome | None) -> None:
        if found is None:
            return
        at = datetime.now(UTC)
        if isinstance(found, Token):
            emit(Sighting(self.name, at, "tap", found))
        else:
            emit(Sighting(self.name, at, "tap", None, found))

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
