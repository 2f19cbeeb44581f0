"""One scanned text into a token: a product's GTIN, a QR code, or any other code."""

import re
from typing import Final

from drivers.reader import Token

AIM: Final = re.compile(r"\]([A-Za-z])[0-9A-Za-z]")  # ISO/IEC 15424: flag, symbology letter, modifier
GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})  # EAN-8, UPC-A, EAN-13, GTIN-14
ADD_ON_LENGTHS: Final = frozenset({15, 18})  # ]E3: EAN-13 and a supplement of 2 or 5 digits
# Numbers a shop gives out itself (GS1 General Specifications 1.4.5): another thing in the shop next door.
IN_STORE: Final = frozenset({"02", "04", "98", "99", *(str(n) for n in range(20, 30))})


class NotAim(ValueError):
    """The line has no AIM prefix although the scanner was said to send one."""


def decode(text: str, *, aim_required: bool = False) -> Token:
    """`gs1` for a valid GTIN outside the in-store ranges, `qr` for AIM letter Q, else `barcode`; all weak."""
    match = AIM.match(text)
    if match is None and aim_required:
        raise NotAim("no AIM prefix before the code; switch it on in the scanner, or use format line")
    letter = match[1] if match else None
    body = text[match.end() :] if match else text
    about = {"symbology": letter} if letter else {}
    if letter == "Q":
        return Token("qr", body, "weak", about)
    number = body[:13] if letter == "E" and len(body) in ADD_ON_LENGTHS else body
    gtin = gtin14(number)
    if gtin is not None and not in_store(gtin):
        return Token("gs1", gtin, "weak")
    return Token("barcode", body, "weak", about)


def gtin14(text: str) -> str | None:
    """The number padded to 14 digits when its length and check digit are a GTIN's, else None."""
    if len(text) not in GTIN_LENGTHS or not (text.isascii() and text.isdigit()) or not text.strip("0"):
        return None
    padded = text.zfill(14)
    return padded if check_digit(padded[:13]) == padded[13] else None


def check_digit(digits: str) -> str:
    """GS1 modulo 10 with weights 3 and 1 from the right (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def in_store(gtin: str) -> bool:
    """Whether a 14-digit GTIN lies in a range that a shop numbers itself."""
    short = gtin.startswith("000000")  # an EAN-8 has its prefix in its own first digits
    return (gtin[6:8] if short else gtin[1:3]) in IN_STORE
