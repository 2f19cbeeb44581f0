"""Real frames that the mutations begin with, and the keys that the feeds and the frames share."""

import json
import re
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from drivers import talks
from drivers.codecs import p256, sightings
from drivers.codecs.dialogue import Apdus
from drivers.codecs.ntag424 import sun_url
from drivers.codecs.ntag424.sun_url import Cards, Keys
from drivers.codecs.printed import vivotech
from drivers.codecs.tags import ndef, refusal, type4
from drivers.codecs.wallets import hce, ose, smarttap, vas
from drivers.reader import Sighting, Token
from drivers.settings import ReaderSettings
from tests.drivers.fuzz.tapes import recorded
from tests.drivers.ntag424 import Ntag424
from tests.drivers.pn532 import Type2Card, Type4Card, message, smart_poster, text, uri
from tests.drivers.pn532.apple import AppleWallet, Pass
from tests.drivers.pn532.cards import PPSE
from tests.drivers.pn532.google import GoogleWallet, Object
from tests.drivers.pn532.member_app import MemberApp
from tests.drivers.pn532.phone import Application, Phone
from tests.drivers.vectors import BLE, DATA, nfc, one, vectors

FOUND: Final = Path(__file__).with_name("found.jsonl")

KEY: Final = p256.private_key(b"\x33" * 32)
META, FILE, UID = b"m" * 16, b"f" * 16, bytes.fromhex("04aabbccddeeff")
PASS_TYPE: Final = "pass.example.shop"
NONCE: Final = bytes(16)
SHOP: Final = vas.Merchant(PASS_TYPE, KEY)
COLLECTOR: Final = smarttap.Collector(20180608, 1, KEY)
ISSUER: Final = hce.Issuer(bytes.fromhex("f0524543414c4c01"), KEY.public_key())
SHAPES: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("https://shop.example/t?p={picc}&c={mac}", "mac", "aes"),
    ("https://shop.example/t?p={picc}&e={file}&c={mac}", "file", "aes"),
    ("https://shop.example/{uid}x{ctr}x{mac}", 0, "aes"),
    ("https://shop.example/l?p={picc}&e={file}&c={mac}", "file", "lrp"),
)
FAMILIES: Final = tuple(
    Cards(sun_url.template(url, mac_from=mac_from), Keys(meta_key=META, file_key=FILE))
    for url, mac_from, _ in SHAPES
)


def hexes(of: Iterable[dict[str, Any]], *names: str) -> tuple[bytes, ...]:
    """These fields of vectors, wherever they are hex."""
    return tuple(
        bytes.fromhex(value)
        for each in of
        for source in (each, each.get("expect", {}))
        for name in names
        if isinstance(value := source.get(name), str)
    )


def fresh() -> smarttap.Fresh:
    """A session without chance in it: what a tape answers belongs to it."""
    return smarttap.Fresh(bytes(8), bytes(32), KEY)


def _wallet(application: Application, read: Callable[[bytes], Apdus[Any]]) -> bytes:
    """The tape of finding a wallet and of what `read` says to it."""

    def talks() -> Apdus[Any]:
        found = yield from ose.find()
        assert found is not None
        return (yield from read(found.fci))

    return recorded(Phone(application), talks)


def _apple(*passes: Pass, **options: Any) -> bytes:
    return _wallet(AppleWallet(*passes, **options), lambda fci: vas.read(fci, [SHOP], nonce=bytes(4)))


def _google(*objects: Object, **options: Any) -> bytes:
    # Open, since each session signs with dice: sealed, no tape would fit a second time.
    keys = {(COLLECTOR.collector_id, COLLECTOR.key_version): KEY.public_key()}
    wallet = GoogleWallet(*objects, merchants=keys, encrypted=False, **options)
    return _wallet(wallet, lambda fci: smarttap.read(fci, [COLLECTOR], fresh=fresh))


CARD: Final = Object("ly", "0102030405060708", "2018")
APPLE: Final = (
    *(_apple(Pass(PASS_TYPE, "LOYALTY-0001", KEY.public_key(), variant)) for variant in (1, 2)),
    _apple(status=b"\x62\x87"),
    _apple(),
)
GOOGLE: Final = (
    _google(CARD),
    _google(*(Object(kind, CARD.oid, "x" * 40) for kind in ("ly", "of", "gc")), piece=60, compressed=False),
    _google(CARD, skips=False),
    _google(CARD, trouble=(b"\x92\x00",)),
    _google(),
)
MEMBER: Final = (
    recorded(Phone(MemberApp("M-00042", issuer=KEY)), lambda: hce.read([ISSUER], nonce=NONCE)),
    recorded(Phone(MemberApp("M-00042", issuer=KEY), pieces=60), lambda: hce.read([ISSUER], nonce=NONCE)),
)
RULES: Final = (
    ndef.NdefRule("uri", re.compile("/c/([0-9A-Z]+)$")),
    ndef.NdefRule("mime", re.compile("(.+)")),
)
LINK: Final = uri("https://shop.example/c/0042")
TYPE_4: Final = (recorded(Type4Card(ndef=LINK), type4.read), recorded(Type4Card(), type4.read))
TYPE_2: Final = tuple(bytes(Type2Card(ndef=each).memory) for each in (LINK, LINK * 4, None))
REFUSAL: Final = (recorded(Type4Card(ndef=LINK), refusal.check),)

NDEF: Final = (
    LINK,
    text("card 42"),
    smart_poster(LINK),
    message((2, b"text/plain", b"x"), (4, b"a:b", b"y")),
    bytes.fromhex("b1010255680261" + "560001" + "62"),  # a text in two chunks
    message((3, b"https://shop.example/c/7", b""), (1, b"T", b"\x82nl" + "é".encode("utf-16"))),
)
WIRE: Final = hexes(vectors("smart-tap"), "data", "getdata_response", "negotiate_response")
TLV: Final = hexes([*vectors("apple-vas"), *vectors("smart-tap", "OSE")], "data", "get_data_response")
OBJECTS: Final = tuple(
    zlib.decompress(each) for each in hexes(vectors("smart-tap", "real compressed"), "data")
)
BUNDLES: Final = (
    *hexes(vectors("smart-tap"), "reb_payload"),
    *(b"\2" + zlib.compress(each) for each in OBJECTS),
    b"\2" + zlib.compress(bytes(64 << 20)),  # 64 KiB that unpack to 64 MiB
)
CRYPTOGRAMS: Final = hexes(vectors("apple-vas"), "cryptogram")
SUN: Final = tuple(
    Ntag424(UID, url, FILE, meta_key=META, mac_from=mac_from, mode=mode)
    .url(7, file=bytes(16) if "{file}" in url else b"")
    .encode()
    for url, mac_from, mode in SHAPES
)
SETTINGS: Final = ReaderSettings(
    name="counter-1", kind="nfc", vas=(SHOP,), smarttap=(COLLECTOR,), sun=FAMILIES, hce=(ISSUER,), ndef=RULES
)
TAPS: Final = tuple(
    recorded(card, lambda: talks.iso_dep(SETTINGS))
    for card in (
        Phone(AppleWallet(Pass(PASS_TYPE, "LOYALTY-0001", KEY.public_key()))),
        Phone(GoogleWallet(CARD, merchants={(20180608, 1): KEY.public_key()})),
        Phone(MemberApp("M-00042", issuer=KEY)),
        *(Type4Card(ndef=uri(url.decode())) for url in SUN),
        Type4Card(ndef=LINK),
        Type4Card(ndef=LINK, applications=[PPSE]),
    )
)
EV2_KEY: Final = one("ntag424-ev2", "AuthenticateEV2First, AN12196 6.10")
EV2_ANSWER: Final = one("ntag424-ev2", "CommMode.FULL GetCardUID")
EV2: Final = tuple(
    b"\0\x12" + enc + b"\x91\xaf" + b"\0\x22" + resp + b"\x91\x00"
    for enc, resp in [(*hexes([EV2_KEY], "enc_rndb"), *hexes([EV2_KEY], "resp"))]
) + tuple(b"\xff" + body[:-8] for body in hexes([EV2_ANSWER], "body"))
VIVOTECH: Final = tuple(
    each + vivotech.crc(each).to_bytes(2, "big") for each in hexes(nfc("vendor"), "data")
) + hexes(nfc("vendor"), "data")
ADVERTS: Final = (
    *hexes(BLE["adv_layouts"]["cases"], "raw"),
    *(
        bytes.fromhex("0303aafe") + bytes([3 + len(frame)]) + b"\x16\xaa\xfe" + frame
        for frame in (
            b"\x00\xee" + bytes(range(16)),
            b"\x10\xba\x03shop\x07",
            bytes.fromhex("20000bb81580000000010000000f"),
            b"\x20\x01" + bytes(16),
        )
    ),
)
GS1: Final = (
    b"]C1010400638133393110LOT7\x1d17271231",
    b"https://id.gs1.org/01/04006381333931/10/LOT7?17=271231",
    b"(01)04006381333931(10)LOT7(3103)000195",
    b"]C18003004006381333931SER\x1d8008271231143059\x1d393297812345",
    b"]E04006381333931",
    b"01234565",
    b"01234531",
    b"]Q14006381333931",
    b"(01)04006381333931(10)A(10)B",
    b"]E3400638133393112345",
)
SIGHTINGS: Final = tuple(
    sightings.to_line(Sighting("counter-1", datetime(2026, 11, 22, tzinfo=UTC), "tap", token)).encode()
    for token in (
        Token("sun", "04de5f1eacc040", "strong", {"ctr": 61}),
        Token("gs1", "04006381333931", "weak"),
    )
)
REQUESTS: Final = tuple(
    json.dumps(json.loads(line)["request"]).encode()
    for line in (DATA / "decode.jsonl").read_text(encoding="utf-8").splitlines()
)


def found() -> dict[str, list[bytes]]:
    """Inputs that once broke a codec, here or elsewhere, by its name."""
    kept: dict[str, list[bytes]] = {}
    for line in FOUND.read_text(encoding="utf-8").splitlines():
        each = json.loads(line)
        kept.setdefault(each["codec"], []).append(bytes.fromhex(each["data"]))
    return kept
