"""The NDEF message of an NFC Forum Type 4 Tag: application, capability container, NDEF file."""

from typing import Final

from drivers.codecs.dialogue import Apdus, Damaged, select

APPLICATION: Final = bytes.fromhex("d2760000850101")
APPLICATION_V1: Final = bytes.fromhex("d2760000850100")
CC_FILE: Final = b"\xe1\x03"
CC_LENGTH: Final = 15  # bytes of a capability container with one file
FILE_CONTROL: Final = b"\x04\x06"
MAX_MESSAGE: Final = 4096  # bytes; nfc.md 5
OK: Final = 0x9000
NOT_FOUND: Final = 0x6A82


def read() -> Apdus[bytes | None]:
    """The message's bytes, or None for a card that has none we may read; raises Damaged."""
    _, status = yield select(APPLICATION)
    select_file = b"\x00\xa4\x00\x0c\x02"
    if status == NOT_FOUND:
        _, status = yield select(APPLICATION_V1)
        select_file = b"\x00\xa4\x00\x00\x02"  # mapping version 1 wants an answer it may leave empty
    if status != OK:
        return None
    _, status = yield select_file + CC_FILE
    if status != OK:
        return None
    cc, status = yield _read_binary(0, CC_LENGTH)
    if status != OK or len(cc) < CC_LENGTH or cc[7:9] != FILE_CONTROL:
        raise Damaged("type 4: the capability container is not one")
    max_read, readable = int.from_bytes(cc[3:5], "big"), cc[13] == 0
    if not readable:
        return None
    _, status = yield select_file + cc[9:11]
    if status != OK:
        raise Damaged("type 4: the NDEF file is not there")
    length, status = yield _read_binary(0, 2)
    if status != OK or len(length) != 2:
        raise Damaged("type 4: the NDEF file has no length")
    total = int.from_bytes(length, "big")
    if total > MAX_MESSAGE:
        return None
    message = b""
    while len(message) < total:
        piece, status = yield _read_binary(2 + len(message), max(min(max_read, 255, total - len(message)), 1))
        if status != OK or not piece:
            raise Damaged("type 4: the NDEF file is shorter than it says")
        message += piece
    return message[:total]


def _read_binary(offset: int, length: int) -> bytes:
    return b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([length])
