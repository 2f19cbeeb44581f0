"""Scanners that type like a keyboard: read from Linux's input device, grabbed so that nothing else hears them."""

import errno
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

from drivers import evdev
from drivers.codecs.printed.wedge import Wedge
from drivers.ports import INPUT, why_not
from drivers.printed import Frames
from drivers.reader import Reader, ReaderGone
from drivers.settings import ReaderSettings
from drivers.threaded import Emit, Polled

WAIT_S: Final = 0.25  # one wait for a key: how soon leaving is noticed
READ_BYTES: Final = 64 * evdev.EVENT.size  # the kernel's own buffer of a keyboard holds 64 events


def build(settings: ReaderSettings) -> Reader:
    """A keyboard-wedge scanner; `device` is any path of its event node, links included."""
    return HidReader(settings)


class HidReader(Polled):
    """One input device; each `events()` opens it anew, so that a by-id link is followed anew too.

    `grab` is the one thing that a pseudo-terminal in the tests cannot do: it takes a file descriptor and raises
    OSError, as `evdev.grab` does.
    """

    def __init__(self, settings: ReaderSettings, *, grab: Callable[[int], None] = evdev.grab) -> None:
        super().__init__(settings)
        self._grab = grab

    def _poll(self, emit: Emit, stop: threading.Event) -> None:
        fd = self._open()
        try:
            self._read(fd, emit, stop)
        except OSError:
            raise ReaderGone(
                f"{self.name}: {self._settings.device} went away while reading",
                code="unplugged",
                hint="check the cable; it is opened again by itself",
            ) from None
        finally:
            os.close(fd)  # which lets the grab go too

    def _open(self) -> int:
        device = self._settings.device
        fd = -1
        try:
            fd = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            self._grab(fd)
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            raise why_not(self.name, device, error, node=INPUT) from None
        return fd

    def _read(self, fd: int, emit: Emit, stop: threading.Event) -> None:
        settings = self._settings
        idle_s = settings.idle_ms / 1000
        wedge = Wedge(
            settings.layout, prefix=settings.prefix, suffix=settings.suffix, idle_ms=settings.idle_ms
        )
        told = Frames(settings, os.path.realpath(settings.device), emit)
        rest = b""
        heard = time.monotonic()
        while not stop.is_set():
            frames: list[str | None] = []
            if select.select([fd], [], [], min(idle_s, WAIT_S) if wedge.begun else WAIT_S)[0]:
                heard = time.monotonic()
                data = os.read(fd, READ_BYTES)
                if not data:
                    raise OSError(errno.ENODEV, "end of file")
                events, rest = evdev.parse(rest + data)
                for event in events:
                    frames += _take(wedge, event)
            elif wedge.begun and time.monotonic() - heard >= idle_s:
                frames = wedge.gap()
            told.tell(frames)


def _take(wedge: Wedge, event: evdev.InputEvent) -> list[str | None]:
    if event.type == evdev.EV_KEY:
        return wedge.key(event.code, event.value, event.at_s)
    if event.type == evdev.EV_SYN and event.code == evdev.SYN_DROPPED:
        wedge.lost()
    return []
