"""Frames of ID TECH readers (ViVOtech 2 protocol; NEO 2 Interface Developer's Guide, "Frame format").

`ViVOtech2\\0` ‖ command ‖ subcommand or status ‖ length ‖ data ‖ CRC. The CRC of a command goes low byte first,
that of an answer high byte first.
"""

import binascii
from dataclasses import dataclass, field
from typing import Final

HEADER: Final = b"ViVOtech2\0"
HEAD: Final = len(HEADER) + 4
CRC: Final = 2
MAX_DATA: Final = 4096  # bytes; a pass has a few hundred
START: Final = 0xFFFF


class VivotechError(ValueError):
    """Not a frame, or damaged; the text names the place, never the content."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader answered to `command`; `status` 0 is well."""

    command: int
    status: int
    data: bytes = field(repr=False)


def frame(command: int, subcommand: int, data: bytes = b"") -> bytes:
    """A command as it goes to the reader."""
    if len(data) > MAX_DATA:
        raise VivotechError(f"vivotech: more than {MAX_DATA} bytes")
    said = HEADER + bytes([command, subcommand]) + len(data).to_bytes(2, "big") + data
    return said + crc(said).to_bytes(CRC, "little")


def answer(said: bytes) -> Answer:
    """The whole frame of an answer; raises VivotechError."""
    if len(said) < HEAD + CRC or not said.startswith(HEADER):
        raise VivotechError("vivotech: not a frame")
    length = int.from_bytes(said[12:14], "big")
    if length > MAX_DATA or len(said) != HEAD + length + CRC:
        raise VivotechError("vivotech: the frame is not as long as it says")
    if crc(said[:-CRC]) != int.from_bytes(said[-CRC:], "big"):
        raise VivotechError("vivotech: the CRC is wrong")
    return Answer(said[10], said[11], said[HEAD:-CRC])


def crc(data: bytes) -> int:
    """CRC-16/CCITT: polynomial 1021 from FFFF, not reflected."""
    return binascii.crc_hqx(data, START)
