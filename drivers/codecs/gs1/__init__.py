"""What GS1 put into a barcode: a number of the till, an element string, or a Digital Link.

`read` takes any of them and says the GTIN and every application identifier; `numbers` has check digits and the ranges
that a shop numbers itself.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.gs1.elements import SEPARATOR, bracketed, elements
from drivers.codecs.gs1.errors import Gs1Error
from drivers.codecs.gs1.identifiers import GTIN
from drivers.codecs.gs1.link import link
from drivers.codecs.gs1.numbers import gtin14, upc_e

__all__ = ["AIM", "Gs1", "Gs1Error", "body_of", "is_elements", "read"]

MAX_TEXT: Final = (
    4096  # characters; the longest code (a full QR code) has under 8,000 digits, and no label needs them
)
AIM: Final = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")  # ISO/IEC 15424: flag, symbology letter, modifier
# The carriers of element strings: GS1-128, DataMatrix, QR Code, DotCode; every DataBar.
ELEMENT_CARRIERS: Final = frozenset({"C1", "d2", "Q3", "J1", "e0", "e1", "e2", "e3"})
AROUND: Final = " \t\r\n"  # what scanners and people leave around a code; a separator is none of it
EAN_8: Final = "E4"
WITH_ADD_ON: Final = "E3"
ADD_ON_LENGTHS: Final = frozenset({15, 18})  # EAN-13 and a supplement of 2 or 5 digits


@dataclass(frozen=True, slots=True)
class Gs1:
    """`gtin` has 14 digits, or is None where the data is about something else; `ai` holds every identifier."""

    gtin: str | None
    ai: dict[str, str] = field(repr=False)


def read(text: str) -> Gs1:
    """The data of one scan, with or without its AIM prefix, or as people write it; raises Gs1Error."""
    if len(text) > MAX_TEXT:
        raise Gs1Error(f"gs1: longer than {MAX_TEXT} characters")
    carrier, body = body_of(text.strip(AROUND))
    if body[:4].lower() == "http":
        found = link(body)
    elif body.startswith("("):
        found = bracketed(body)
    elif not is_elements(carrier, body) and (gtin := number(carrier, body)) is not None:
        found = {GTIN: gtin}
    elif is_elements(carrier, body) or (carrier is None and len(body) > 14):
        found = elements(body)
    else:
        raise Gs1Error("gs1: no GTIN, element string or Digital Link; check the digits")
    if not found:
        raise Gs1Error("gs1: empty")
    return Gs1(found.get(GTIN), found)


def body_of(text: str) -> tuple[str | None, str]:
    """(letter and modifier of the AIM prefix or None, what comes after it)."""
    match = AIM.match(text)
    return (match[1] + match[2], text[match.end() :]) if match else (None, text)


def is_elements(carrier: str | None, body: str) -> bool:
    """Whether the code itself says that it holds an element string: by its prefix, or by its separators."""
    return carrier in ELEMENT_CARRIERS or (carrier is None and SEPARATOR in body)


def number(carrier: str | None, body: str) -> str | None:
    """The GTIN of a code of the till, or None.

    Eight digits are an EAN-8 or a UPC-E. No article has an EAN-8 that begins with 0, so there UPC-E goes first.
    """
    if carrier == WITH_ADD_ON and len(body) in ADD_ON_LENGTHS:
        body = body[:13]
    if carrier == EAN_8:
        return gtin14(body)
    first, second = (upc_e, gtin14) if body.startswith("0") else (gtin14, upc_e)
    return first(body) or second(body)
