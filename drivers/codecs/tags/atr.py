"""What a contactless card is, by the answer to reset that its PC/SC reader makes up for it (PC/SC part 3, 3.1.3)."""

from typing import Final, Literal

# Its name here; those without such an answer are named so by their SAK (drivers/nfc_card).
Card = Literal["iso-dep", "type-2", "classic", "classic-4k", "other"]

# A card without ISO-DEP: the workgroup's own application id, then the standard it follows and the card's name.
STORAGE: Final = bytes.fromhex("804f0ca000000306")
NFC_A: Final = range(1, 4)  # ISO/IEC 14443 A, part 1 to 3
NAMES: Final[dict[int, Card]] = {
    0x0001: "classic",
    0x0002: "classic-4k",
    0x0003: "type-2",  # Ultralight, and the NTAG21x that most readers call so too
    0x0026: "classic",  # Mini
    0x003A: "type-2",  # Ultralight C
    0x003D: "type-2",  # Ultralight EV1
}
T1_ONLY: Final = b"\x80\x01"  # TD1 and TD2 of every contactless card


def card(atr: bytes) -> Card:
    """`other` for what is no contactless card, or one of a kind that is not read here."""
    if len(atr) < 5 or atr[0] != 0x3B or atr[1] >> 4 != 8 or atr[2:4] != T1_ONLY:
        return "other"
    historical = atr[4 : 4 + (atr[1] & 0x0F)]
    if not historical.startswith(STORAGE[:1] + b"\x4f") or STORAGE not in historical:
        return "iso-dep"
    rest = historical[len(STORAGE) :]
    if len(rest) < 3 or rest[0] not in NFC_A:
        return "other"
    return NAMES.get(int.from_bytes(rest[1:3], "big"), "other")
