"""Bytes of a serial line into frames of text: what scanners and vendor readers print."""

from typing import Final

MAX_FRAME: Final = 4096  # bytes; the longest barcode (a full QR code) has under 3,000


class LineSplitter:
    """Frames end at CR, LF, CRLF, a suffix of control characters, or an idle gap (call `idle`).

    Each frame is a text, or None for one that is unreadable: over MAX_FRAME, or without its prefix or suffix
    (half a number could be somebody else's). Empty frames and NUL bytes vanish; text is UTF-8, else Latin-1.
    """

    def __init__(self, *, prefix: str = "", suffix: str = "") -> None:
        self._prefix = prefix.encode()
        self._suffix = suffix.encode().rstrip(b"\r\n")
        self._ends = b"\r\n"
        if self._suffix and all(
            byte < 0x20 for byte in self._suffix
        ):  # such as ETX: nothing else ends the frame
            self._ends += self._suffix[-1:]
        self._frame = bytearray()
        self._skip = False

    def feed(self, data: bytes) -> list[str | None]:
        """Frames completed by these bytes."""
        frames: list[str | None] = []
        for byte in data:
            if byte in self._ends:
                if byte not in b"\r\n":
                    self._frame.append(byte)
                frames += self.idle()
            elif byte and not self._skip:
                self._frame.append(byte)
                if len(self._frame) > MAX_FRAME:
                    frames.append(None)
                    self._frame.clear()
                    self._skip = True
        return frames

    def idle(self) -> list[str | None]:
        """The frame that a gap on the line ends, if one was begun."""
        frame = bytes(self._frame)
        self._frame.clear()
        self._skip = False
        return unwrap(frame, self._prefix, self._suffix)


def unwrap(frame: bytes, prefix: bytes, suffix: bytes) -> list[str | None]:
    """The text between prefix and suffix; None without them, nothing at all of an empty frame."""
    if not frame.strip():
        return []
    if not (frame.startswith(prefix) and frame.endswith(suffix)) or len(frame) < len(prefix) + len(suffix):
        return [None]
    body = frame[len(prefix) : len(frame) - len(suffix)]
    return [_text(body)] if body.strip() else []


def _text(frame: bytes) -> str:
    try:
        return frame.decode()
    except UnicodeDecodeError:
        return frame.decode("latin-1")
