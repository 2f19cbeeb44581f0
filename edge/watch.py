"""Keeps one reader running: opens it again when it goes away, and says so once down and once up."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from drivers.reader import Idle, Reader, ReaderError, ReaderGone, Sighting

# The last one is the longest: a cable put back after an hour must be noticed as soon as one put back at once.
BACKOFF_S: Final = (0.5, 1.0, 2.0)
REFUSED_S: Final = 30.0  # a person has to act first; trying is cheap and saves them a restart
# A node that is back exists for a moment before udev has set its group: "refused" is not believed at once.
UDEV_S: Final = 10.0
STEADY_S: Final = 10.0  # up for this long: the next failure starts the back-off anew


@dataclass(slots=True)
class ReaderState:
    """What health shows of one reader; `code` and `hint` say why it is down. Only `keep` writes it."""

    up: bool = False
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    code: str | None = None
    hint: str | None = None


async def keep(
    reader: Reader,
    on_sighting: Callable[[Sighting], Awaitable[None]],
    *,
    log: Callable[..., None],
    silence_s: float = 90.0,
    backoff_s: Sequence[float] = BACKOFF_S,
    refused_s: float = REFUSED_S,
    state: ReaderState | None = None,
    on_idle: Callable[[Idle], None] | None = None,
) -> None:
    """Supervise one reader until cancelled; what `on_sighting` raises comes out here.

    Logs `reader_up` and `reader_down` once for each change, whatever it tried in between.
    """
    watch = _Watch(reader, log=log, state=state or ReaderState())
    tries = 0
    while True:
        try:
            await _listen(watch, on_sighting, silence_s=silence_s, on_idle=on_idle)
            error: ReaderError = ReaderGone(
                f"{reader.name}: the reader ended by itself",
                code="ended",
                hint="report this: a driver must not end",
            )
        except ReaderError as raised:
            error = raised
        tries = 0 if watch.was_steady() else tries
        watch.down(error)
        slowly = not error.retry and watch.down_for_s() > UDEV_S
        await asyncio.sleep(refused_s if slowly else backoff_s[min(tries, len(backoff_s) - 1)])
        tries += 1


async def _listen(
    watch: "_Watch",
    on_sighting: Callable[[Sighting], Awaitable[None]],
    *,
    silence_s: float,
    on_idle: Callable[[Idle], None] | None,
) -> None:
    # One patience for all events, as a radio has a thousand a second; it is none while a sighting is taken in.
    loop, patience = asyncio.get_running_loop(), asyncio.timeout(None)
    try:
        async with aclosing(watch.reader.events()) as events, patience:
            while True:
                patience.reschedule(loop.time() + silence_s)
                event = await anext(events, None)
                patience.reschedule(None)
                if event is None:
                    return
                watch.up()
                if isinstance(event, Sighting):
                    await on_sighting(event)
                elif on_idle is not None:
                    on_idle(event)
    except TimeoutError:
        if patience.when() is None:
            raise  # of whoever took the sighting in
        raise ReaderGone(
            f"{watch.reader.name}: silent for {silence_s:g} s",
            code="silent",
            hint="it is opened again by itself; pull and replug it if this comes back",
        ) from None


class _Watch:
    """The up and down of one reader: state, log lines and how long it has been so."""

    def __init__(self, reader: Reader, *, log: Callable[..., None], state: ReaderState) -> None:
        self.reader = reader
        self._log = log
        self._state = state
        self._told_down = False
        self._changed_s = time.monotonic()

    def up(self) -> None:
        """The device really opened: its first Idle or Sighting is here."""
        if not self._state.up:
            self._change(up=True, error=None)
            self._told_down = False
            self._log("reader_up", reader=self.reader.name)

    def down(self, error: ReaderError) -> None:
        """Not open, for this reason; a reason that changes while it is down only shows in the state."""
        if not self._told_down:
            self._change(up=False, error=error)
            self._told_down = True
            self._log("reader_down", reader=self.reader.name, code=error.code, hint=error.hint)
        self._state.code, self._state.hint = error.code, error.hint

    def was_steady(self) -> bool:
        return self._state.up and time.monotonic() - self._changed_s >= STEADY_S

    def down_for_s(self) -> float:
        return time.monotonic() - self._changed_s

    def _change(self, *, up: bool, error: ReaderError | None) -> None:
        self._state.up = up
        self._state.since = datetime.now(UTC)
        self._state.code = error.code if error else None
        self._state.hint = error.hint if error else None
        self._changed_s = time.monotonic()
