"""One scanned text into a token: a product's GTIN, a QR code, or any other code."""

from drivers.codecs.gs1 import Gs1, Gs1Error, body_of, is_elements, number, read
from drivers.codecs.gs1.identifiers import GTIN
from drivers.codecs.gs1.numbers import gtin14, in_store
from drivers.reader import Token


class NotAim(ValueError):
    """The line has no AIM prefix although the scanner was said to send one."""


def decode(text: str, *, aim_required: bool = False) -> Token:
    """`gs1` for a valid GTIN outside the in-store ranges, `qr` for AIM letter Q, else `barcode`; all weak.

    A product's other application identifiers (lot, expiry, …) stand in `about`.
    """
    carrier, body = body_of(text)
    if carrier is None and aim_required:
        raise NotAim("no AIM prefix before the code; switch it on in the scanner, or use format line")
    found = _product(text, carrier, body)
    if found is not None and found.gtin is not None and not in_store(found.gtin):
        others = {name: value for name, value in found.ai.items() if name != GTIN}
        return Token("gs1", found.gtin, "weak", others)
    letter = carrier[0] if carrier else None
    return Token("qr" if letter == "Q" else "barcode", body, "weak", {"symbology": letter} if letter else {})


def _product(text: str, carrier: str | None, body: str) -> Gs1 | None:
    """The GS1 data that the code says it has.

    A bare number in a QR code is a member's more often than a product's; so are eight digits that only UPC-E
    explains, unless the scanner says that they came from a code of the till.
    """
    plain = not is_elements(carrier, body) and body[:4].lower() != "http"
    if plain and (carrier or "").startswith("Q"):
        return None
    if plain:
        of_till = (carrier or "").startswith("E") or gtin14(body) is not None
        gtin = number(carrier, body) if of_till else None
        return Gs1(gtin, {}) if gtin else None
    try:
        return read(text)
    except Gs1Error:
        return None
