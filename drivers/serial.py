"""Readers that print lines on a serial port: barcode scanners (`line`, `aim`) and VTAP readers (`vtap`)."""

import contextlib
import os
import termios
import threading
import time
from typing import Final

import serial

from drivers.codecs.printed.lines import LineSplitter
from drivers.ports import why_not
from drivers.printed import Frames
from drivers.reader import Reader, ReaderGone
from drivers.settings import ReaderSettings
from drivers.threaded import Emit, Polled

READ_S: Final = 0.05  # one blocking read: how soon leaving is noticed


def build(settings: ReaderSettings) -> Reader:
    """A serial reader; `device` is any path of a tty, links included."""
    return SerialReader(settings)


class SerialReader(Polled):
    """One serial port; each `events()` opens it anew, so that a by-id link is followed anew too."""

    def _poll(self, emit: Emit, stop: threading.Event) -> None:
        port = _open(self._settings)
        try:
            self._read(port, emit, stop)
        except (OSError, termios.error):  # SerialException is an OSError, termios.error is not
            raise ReaderGone(
                f"{self.name}: {self._settings.device} went away while reading",
                code="unplugged",
                hint="check the cable; it is opened again by itself",
            ) from None
        finally:
            _release(port)

    def _read(self, port: serial.Serial, emit: Emit, stop: threading.Event) -> None:
        settings = self._settings
        splitter = LineSplitter(prefix=settings.prefix, suffix=settings.suffix)
        told = Frames(settings, os.path.realpath(settings.device), emit)
        heard = time.monotonic()
        while not stop.is_set():
            data = port.read(port.in_waiting or 1)
            now = time.monotonic()
            frames = splitter.feed(data)
            if data:
                heard = now
            elif now - heard >= settings.idle_ms / 1000:
                frames = splitter.idle()
                heard = now
            told.tell(frames)


def _open(settings: ReaderSettings) -> serial.Serial:
    try:
        return serial.Serial(settings.device, settings.baud, timeout=READ_S, exclusive=True)
    except (OSError, termios.error, ValueError) as error:
        raise why_not(settings.name, settings.device, error) from None


def _release(port: serial.Serial) -> None:
    with contextlib.suppress(OSError, termios.error):  # it is gone already
        port.close()
