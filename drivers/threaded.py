"""A blocking poll loop as an asynchronous generator: one daemon thread a reader owns its device alone."""

import asyncio
import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from typing import Final

from drivers.reader import Idle, ReaderError, ReaderGone, Sighting
from drivers.settings import ReaderSettings

Event = Sighting | Idle
Emit = Callable[[Event], None]
Poll = Callable[[Emit, threading.Event], None]

RELEASE_S: Final = 2.0  # the seam's promise: a device is free this long after its events are left
WAITING: Final = 64  # sightings in flight before the thread waits for its consumer
FULL_CHECK_S: Final = 0.1  # how soon a thread that waits for room notices that it should stop


class Polled(ABC):
    """A reader whose device is read by blocking calls; each `events()` opens it anew, on a thread of its own."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        return self._settings.name

    def events(self) -> AsyncGenerator[Event, None]:
        return threaded(self.name, self._poll)

    @abstractmethod
    def _poll(self, emit: Emit, stop: threading.Event) -> None:
        """As `threaded` asks of a `poll`."""


async def threaded(name: str, poll: Poll) -> AsyncGenerator[Event, None]:
    """What `poll(emit, stop)` emits from its thread; leaving sets `stop` and waits at most RELEASE_S for it.

    `poll` opens and releases the device and looks at `stop` at least every 0.5 s. A ReaderError it raises
    comes out here; any other exception becomes ReaderGone `fault` without its text, which may be personal.
    """
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
    room = threading.Semaphore(WAITING)
    stop = threading.Event()
    ended = asyncio.Event()

    def tell(event: Event | BaseException | None) -> None:
        try:
            loop.call_soon_threadsafe(events.put_nowait, event)
        except RuntimeError:  # the loop is closed: nobody listens any more
            stop.set()

    def emit(event: Event) -> None:
        if isinstance(event, Idle):
            if events.empty():  # a consumer that lags needs no proof of life
                tell(event)
            return
        while not room.acquire(timeout=FULL_CHECK_S):
            if stop.is_set():
                return
        tell(event)

    def run() -> None:
        try:
            poll(emit, stop)
            tell(None)
        except BaseException as error:
            tell(error)
        finally:
            try:
                loop.call_soon_threadsafe(ended.set)
            except RuntimeError:
                stop.set()

    thread = threading.Thread(target=run, name=f"reader-{name}", daemon=True)
    thread.start()
    try:
        while (event := await events.get()) is not None:
            if isinstance(event, BaseException):
                raise _as_reader_error(name, event)
            if isinstance(event, Sighting):
                room.release()
            yield event
    finally:
        stop.set()
        with contextlib.suppress(TimeoutError):  # stuck in the kernel: the thread is a daemon
            async with asyncio.timeout(RELEASE_S):
                await ended.wait()


def _as_reader_error(name: str, error: BaseException) -> ReaderError:
    if isinstance(error, ReaderError):
        return error
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else ""
    return ReaderGone(
        f"{name}: the driver failed with {type(error).__name__}{at}",
        code="fault",
        hint="it starts again by itself; report this line if it comes back",
    )
