"""The frame that makes an iPhone offer its pass by itself: Apple's Enhanced Contactless Polling, version 1.

Sent between two REQA while nobody answers; the phone never answers it, it answers the next REQA.
"""

from typing import Final

HEAD: Final = b"\x6a\x01\x00\x00"


def frame(mode: int) -> bytes:
    """The whole frame with its CRC_A; `mode` is 0 (pass or payment) or 2 (passes only), as in `vas`."""
    told = HEAD + bytes([mode])
    return told + crc_a(told)


def crc_a(data: bytes) -> bytes:
    """ISO/IEC 14443-3, 6.2.4: polynomial 8408 reflected, from 6363, low byte first."""
    crc = 0x6363
    for byte in data:
        byte = (byte ^ crc) & 0xFF
        byte = (byte ^ byte << 4) & 0xFF
        crc = crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return (crc & 0xFFFF).to_bytes(2, "little")
