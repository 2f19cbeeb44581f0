"""A reader that takes every wallet, card and app, and the phones and cards that fit it."""

from pathlib import Path

from drivers.codecs.p256 import compressed, private_key
from drivers.settings import ReaderSettings, parse_reader
from tests.drivers.pn532 import (
    AppleWallet,
    GoogleWallet,
    MemberApp,
    Object,
    Pass,
    PaymentApplication,
    Phone,
    SunCard,
)

PASS_TYPE, OTHER_TYPE = "pass.example.shop", "pass.example.garden"
COLLECTOR = 20180608
URL = "https://shop.example/t?p={picc}&c={mac}"
META_KEY, FILE_KEY = bytes(range(16)), bytes(range(16, 32))
VAS_KEY, TAP_KEY, ISSUER_KEY = (private_key(bytes([n]) * 32) for n in (0x11, 0x33, 0x55))
AID = "F0524543414C4C01"

VAS = {"pass_type_id": PASS_TYPE, "private_key": "11" * 32}
SMARTTAP = {"collector_id": COLLECTOR, "key_version": 1, "private_key": "33" * 32}
SUN = {"url": URL, "meta_key": META_KEY.hex(), "file_key": FILE_KEY.hex()}


def table(device: str, **changed: object) -> dict[str, object]:
    """A [[readers]] table of kind nfc that takes everything."""
    hce = {"aid": AID, "issuer_public_key": compressed(ISSUER_KEY).hex()}
    whole = {"name": "counter-1", "kind": "nfc", "device": device, "uid": True}
    return whole | {"vas": [VAS], "smarttap": [SMARTTAP], "sun": [SUN], "hce": [hce]} | changed


def settings(device: str, **changed: object) -> ReaderSettings:
    return parse_reader(table(device, **changed), where="readers[0]", base=Path())


def apple_pass(message: str = "LOYALTY-0001", *, pass_type: str = PASS_TYPE, **options: object) -> Pass:
    return Pass(pass_type, message, VAS_KEY.public_key(), **options)  # type: ignore[arg-type]


def iphone(*passes: Pass, status: bytes | None = None, **options: object) -> Phone:
    """With a payment wallet, as every iPhone has one."""
    return Phone(AppleWallet(*(passes or [apple_pass()]), status=status), PaymentApplication(), **options)  # type: ignore[arg-type]


def loyalty(number: str = "2018", oid: str = "0102030405060708", kind: str = "ly") -> Object:
    return Object(kind, oid, number)


def google_wallet(*objects: Object, **options: object) -> GoogleWallet:
    return GoogleWallet(
        *(objects or [loyalty()]),
        merchants={(COLLECTOR, 1): TAP_KEY.public_key()},
        **options,  # type: ignore[arg-type]
    )


def android(wallet: GoogleWallet, **options: object) -> Phone:
    return Phone(wallet, PaymentApplication(), **options)  # type: ignore[arg-type]


def member_app(member_id: str = "M-00042", **options: object) -> MemberApp:
    return MemberApp(member_id, issuer=ISSUER_KEY, aid=AID, **options)  # type: ignore[arg-type]


def sun_card(**options: object) -> SunCard:
    return SunCard(URL, **({"meta_key": META_KEY, "file_key": FILE_KEY} | options))  # type: ignore[arg-type]
