"""The serial line to a PN532 for nfcpy: one wait and one read for what the port holds.

nfcpy reads each frame in two or three parts and sets the port up anew for each: thirteen system calls a command, here
four. Frames are those of the PN532's manual (UM0701-02, 6.2.1).
"""

import errno
import os
import select
import termios
import time
from typing import Final

import serial
from nfc.clf.transport import TTY

BAUD: Final = 115200  # a PN532 starts at it; a raised rate outlives a crash and locks the next one out
START: Final = b"\x00\x00\xff"
ACK: Final = bytes.fromhex("0000ff00ff00")
SHORTEST: Final = len(ACK)
EXTENDED: Final = 0xFF  # in place of the length: it comes in two bytes later
EXTENDED_HEAD: Final = 9
READ: Final = 4096
LEAST_S: Final = 0.05  # nfcpy asks for as little as nothing


class Line(TTY):  # type: ignore[misc]
    """One open port. Raises OSError: ETIMEDOUT for silence, EIO for half a frame, ENODEV for a port that went."""

    def __init__(self, port: str) -> None:
        self._held = bytearray()
        self._ready = select.poll()
        super().__init__(port)
        self._ready.register(self.tty.fileno(), select.POLLIN)

    def open(self, port: str, baudrate: int = BAUD) -> None:
        """Locked before anything of it is touched.

        nfcpy's own sets speed and lines and throws away what has arrived, and with it the answer that another
        reader on this port waits for.
        """
        self.close()
        self.tty = serial.Serial(port, baudrate, timeout=LEAST_S, exclusive=True)

    def read(self, timeout: float) -> bytearray:
        """The next frame, an ACK being one; `timeout` in ms for its first byte, and again for its last."""
        wait_s = max(timeout / 1000, LEAST_S)
        until_s, begun = time.monotonic() + wait_s, bool(self._held)
        while (size := whole(self._held)) is None or len(self._held) < size:
            if not self._more(until_s):
                partial, self._held = bool(self._held), bytearray()
                raise _error(errno.EIO if partial else errno.ETIMEDOUT)
            if not begun:
                until_s, begun = time.monotonic() + wait_s, True
        frame, self._held = self._held[:size], self._held[size:]
        return frame

    def write(self, frame: bytes) -> None:
        """Send a frame; what still waits to be read belongs to no question any more, and is dropped."""
        fd = self.tty.fileno()
        termios.tcflush(fd, termios.TCIFLUSH)
        self._held.clear()
        rest = memoryview(bytes(frame))
        while rest:
            try:
                rest = rest[os.write(fd, rest) :]
            except BlockingIOError:
                select.select((), (fd,), (), LEAST_S)

    def _more(self, until_s: float) -> bool:
        """Add what has come, or comes until then; False where nothing does."""
        left_s = until_s - time.monotonic()
        if not self._ready.poll(max(left_s, 0) * 1000):
            return False
        try:
            came = os.read(self.tty.fileno(), READ)
        except BlockingIOError:
            return left_s > 0
        except OSError:
            # Linux says EIO for a port that was pulled out; here that stands for a frame that got lost.
            raise _error(errno.ENODEV) from None
        if not came:
            raise _error(errno.ENODEV)
        self._held += came
        return True


def whole(held: bytes | bytearray) -> int | None:
    """How long the frame is that begins here; None where that is not told yet. What is no frame goes at once."""
    if len(held) < SHORTEST:
        return None
    if not held.startswith(START):
        return len(held)
    if held.startswith(ACK):
        return SHORTEST
    if held[3] != EXTENDED:
        return SHORTEST + 1 + held[3]
    if len(held) < EXTENDED_HEAD:
        return None
    return EXTENDED_HEAD + 1 + int.from_bytes(held[5:7], "big")


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
