"""A PN532 reader chip on a pseudo-terminal, and cards to lay on it: for tests and benches, without hardware.

with Pn532() as chip:
    ... open chip.path with the nfc reader ...
    chip.present(Type2Card(ndef=uri("https://shop.example/c/ABC1")))
    chip.remove()
    chip.pull(); chip.plug()

It runs in its own thread, so synchronous tests (Playwright) can use it as well as asynchronous ones.
Commands: PN532 User Manual UM0701-02; the order is what nfcpy 1.0.4 sends.
"""

from tests.drivers.pn532.apple import LOCKED, AppleWallet, Pass
from tests.drivers.pn532.cards import (
    ApplicationCard,
    Card,
    IsoDepCard,
    Type2Card,
    Type4Card,
    TypeBCard,
    passport,
    passport_b,
    payment_card,
    phone,
    transport_card,
)
from tests.drivers.pn532.chip import Pn532
from tests.drivers.pn532.google import GoogleWallet, Object
from tests.drivers.pn532.member_app import MemberApp
from tests.drivers.pn532.ndef import external, message, mime, record, smart_poster, text, uri
from tests.drivers.pn532.phone import PaymentApplication, Phone
from tests.drivers.pn532.sun_card import SunCard

__all__ = [
    "LOCKED",
    "AppleWallet",
    "ApplicationCard",
    "Card",
    "GoogleWallet",
    "IsoDepCard",
    "MemberApp",
    "Object",
    "Pass",
    "PaymentApplication",
    "Phone",
    "Pn532",
    "SunCard",
    "Type2Card",
    "Type4Card",
    "TypeBCard",
    "external",
    "message",
    "mime",
    "passport",
    "passport_b",
    "payment_card",
    "phone",
    "record",
    "smart_poster",
    "text",
    "transport_card",
    "uri",
]
