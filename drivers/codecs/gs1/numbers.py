"""GTINs and check digits (GS1 General Specifications 7.9, 3.3, 1.4)."""

from typing import Final

GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})  # EAN-8, UPC-A, EAN-13, GTIN-14
# Numbers a shop gives out itself (GS1 General Specifications 1.4.5): another thing in the shop next door.
IN_STORE: Final = frozenset({"02", "04", "98", "99", *(str(n) for n in range(20, 30))})
WEIGHTS: Final = (3, 1)


def gtin14(text: str) -> str | None:
    """The number padded to 14 digits when its length and check digit are a GTIN's, else None."""
    if len(text) not in GTIN_LENGTHS or not digits(text) or not text.strip("0"):
        return None
    return text.zfill(14) if checked(text) else None


def digits(text: str) -> bool:
    """Whether it is one or more of the digits 0 to 9, and of no other script."""
    return text.isascii() and text.isdigit()


def checked(text: str) -> bool:
    """Whether the last of these digits is the check digit of the others."""
    return check_digit(text[:-1]) == text[-1]


def check_digit(text: str) -> str:
    """GS1 modulo 10 with weights 3 and 1 from the right (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * WEIGHTS[at % 2] for at, digit in enumerate(reversed(text)))
    return str(-total % 10)


def in_store(gtin: str) -> bool:
    """Whether a 14-digit GTIN lies in a range that a shop numbers itself."""
    short = gtin.startswith("000000")  # an EAN-8 has its prefix in its own first digits
    return (gtin[6:8] if short else gtin[1:3]) in IN_STORE


def upc_e(text: str) -> str | None:
    """The GTIN of the 8 digits of a UPC-E: number system 0 or 1, six digits, check digit; else None.

    The sixth digit says which zeros were left out (ISO/IEC 15420 table 7).
    """
    if len(text) != 8 or not digits(text) or text[0] not in "01":
        return None
    system, maker, how, check = text[0], text[1:6], text[6], text[7]
    if how in "012":
        item = f"{maker[:2]}{how}0000{maker[2:]}"
    elif how == "3":
        item = f"{maker[:3]}00000{maker[3:]}"
    elif how == "4":
        item = f"{maker[:4]}00000{maker[4]}"
    else:
        item = f"{maker}0000{how}"
    return gtin14(system + item + check)
