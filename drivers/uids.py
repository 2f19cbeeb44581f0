"""Which UIDs are somebody's at all: shared by every driver that reads cards."""

from typing import Final

from drivers.reader import Token

RANDOM: Final = 0x08  # first byte of a 4-byte UID that is new each time (ISO/IEC 14443-3, 6.5.4)
DOUBLE: Final = 7  # bytes; a single one (4) under ISO-DEP is a phone's


def is_random(uid: bytes) -> bool:
    return len(uid) < DOUBLE and uid[:1] == bytes([RANDOM])


def token(uid: bytes, *, iso_dep: bool) -> Token | None:
    """The weak token of a Type A card's UID; None for a random one, and for a phone's."""
    if not uid or is_random(uid) or (iso_dep and len(uid) < DOUBLE):
        return None
    return Token("uid", uid.hex(), "weak", {"technology": "nfc-a"})
