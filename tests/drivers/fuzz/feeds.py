"""How bytes are fed to each codec.

Where a MAC or a tag would keep all but honest input out, the input is sealed here with a key the codec knows: so what
lies behind it is tried too.
"""

import io
import json
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from drivers import talks
from drivers.codecs import aes, p256
from drivers.codecs.ntag424 import ev2, kdf, sun, sun_url
from drivers.codecs.ntag424.lrp import Lrp
from drivers.codecs.ntag424.sun import Picc
from drivers.codecs.printed import vivotech
from drivers.codecs.printed.layouts import LAYOUTS
from drivers.codecs.printed.lines import LineSplitter
from drivers.codecs.printed.wedge import Wedge
from drivers.codecs.radio import advert, eid, gateways
from drivers.codecs.radio.gateway_clock import GatewayClock
from drivers.codecs.wallets import hce, ose, smarttap, smarttap_bundle, vas, vas_cryptogram
from edge.commands.decode import answers
from edge.decoding import answer
from tests.drivers.fuzz import seeds
from tests.drivers.fuzz.seeds import FAMILIES, FILE, ISSUER, KEY, META, NONCE, PASS_TYPE, UID
from tests.drivers.fuzz.tapes import play, replies

COUNTRIES: Final = tuple(LAYOUTS)


def as_text(data: bytes) -> str:
    """As a line from a scanner becomes text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


# Talks


def _wallet(tape: bytes, read: Callable[[bytes], Any]) -> object:
    said = replies(tape)
    found = play(ose.find(), said[:1])
    return None if found is None else play(read(found.fci), said[1:])


def apple(tape: bytes) -> object:
    return _wallet(tape, lambda fci: vas.read(fci, [seeds.SHOP], nonce=bytes(4)))


def google(tape: bytes) -> object:
    return _wallet(tape, lambda fci: smarttap.read(fci, [seeds.COLLECTOR], fresh=seeds.fresh))


def tap(tape: bytes) -> object:
    """The whole decision tree over one card; what comes out damaged is an outcome there."""
    return play(talks.iso_dep(seeds.SETTINGS), replies(tape))


def member(tape: bytes) -> object:
    return play(hce.read([ISSUER], nonce=NONCE), replies(tape))


EV2: Final = ev2.Session(*(seeds.hexes([seeds.EV2_ANSWER], name)[0] for name in ("ti", "kenc", "kmac")))


def chip(data: bytes) -> object:
    """A card's end of an authentication, or its answer under a right MAC."""
    if data[:1] < b"\x80":
        key, rnd_a = (seeds.hexes([seeds.EV2_KEY], name)[0] for name in ("key", "rnda"))
        return play(ev2.authenticate(0, key, rnd_a=rnd_a), replies(data))
    mac = aes.truncate(aes.cmac(EV2.mac, b"\0\1\0" + EV2.ti + data[1:]))
    return ev2.answer(EV2, data[1:] + mac, counter=1)


# Behind a seal

_phone: Final = p256.private_key(b"\x44" * 32)
_vas_head: Final = vas_cryptogram.key_id(KEY) + p256.compressed(_phone)[1:]
_vas_info: Final = vas_cryptogram.ALGORITHM + vas_cryptogram.PURPOSE + sha256(PASS_TYPE.encode()).digest()
_vas_key: Final = sha256(p256.shared_x(KEY, _phone.public_key()) + b"\0\0\0\1" + _vas_info).digest()


def vas_message(plain: bytes) -> object:
    sealed = AESGCM(_vas_key).encrypt(vas_cryptogram.NONCE, plain, None)
    return vas_cryptogram.decrypt(_vas_head + sealed, PASS_TYPE, KEY)


def bundle(payload: bytes) -> object:
    """As it comes: open, compressed, or sealed for somebody else."""
    point = p256.compressed(KEY)
    return smarttap_bundle.open_bundle(
        payload, ephemeral_key=KEY, device_public_key=point, signed_data=bytes(101), signature=b""
    )


def objects(plain: bytes) -> object:
    return bundle(b"\2" + zlib.compress(plain, 1))


def picc(plain: bytes) -> object:
    return sun.open_picc(META, aes.encrypt_cbc(META, plain[:16].ljust(16, b"\0")))


def proof(data: bytes) -> object:
    """A counter, a mode, a MAC, some file data, the rest is the MAC's input."""
    said = Picc(UID, int.from_bytes(data[:3], "big"), "lrp" if data[3:4] > b"\xf0" else "aes")
    size = 16 * (data[4] % 8) if len(data) > 4 else 0
    file = data[13 : 13 + size] or None
    return sun.verify(said, FILE, mac=data[5:13], mac_input=data[13 + size :], file=file)


def proof_in_url(data: bytes) -> object:
    return sun_url.read(as_text(data), FAMILIES)


def template(data: bytes) -> object:
    """A URL on the first line, on the second where the MAC begins."""
    url, _, start = as_text(data).partition("\n")
    mac_from: Any = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else start
    return sun_url.template(url, mac_from=mac_from)


def blocks(data: bytes) -> object:
    whole = data[: len(data) // 16 % 8 * 16]
    return Lrp(META, updated=1).decrypt(whole, counter=data[:6]), Lrp(META).cmac(data[:64])


def card_key(data: bytes) -> object:
    size = data[0] if data else 0
    master, rest = data[1 : 1 + size], data[1 + size :]
    return kdf.sdm_card(master, rest, size), kdf.an10922(master, rest)


def identifier(data: bytes) -> object:
    if len(data) > 40:
        eid.agree(data[:32], data[32:64], resolver=True)
    exponent, time_s = int.from_bytes(data[16:17], "big", signed=True), int.from_bytes(data[17:22], "big")
    return eid.eid(data[:16], exponent=exponent, time_s=time_s)


def points(data: bytes) -> object:
    if len(data) == 32:
        return p256.private_key(data)
    return p256.verifies(p256.public_key(data[:33]), data[33:], b"said")


# Lines and frames


def lines(data: bytes) -> object:
    splitter = LineSplitter(prefix="<", suffix=">" if data[:1] > b"\x80" else "\x03")
    return splitter.feed(data), splitter.idle()


def keys(data: bytes) -> object:
    """Pairs of a key and of what happened to it, a few milliseconds after the one before."""
    wedge, at_s = Wedge(COUNTRIES[data[0] % len(COUNTRIES)] if data else "us"), 0.0
    for key, value in zip(data[::2], data[1::2], strict=False):
        at_s += value / 1000
        wedge.key(key, value & 3, at_s)
    return wedge.gap()


def radio(data: bytes) -> object:
    advert.find_eid(data)
    return advert.frames(data)


def gateway(data: bytes) -> object:
    """A topic to the first newline, the message after it."""
    topic, _, payload = data.partition(b"\n")
    found = gateways.read(as_text(topic), payload)
    if isinstance(found, gateways.Batch) and found.sent is not None:
        clock = GatewayClock()
        clock.follow(found.sent, arrived_ms=len(data))
        return [clock.age_ms(each.clock_ms or 0, arrived_ms=len(data)) for each in found.heard]
    return found


def frame(data: bytes) -> object:
    """As it is, or with the checksum that it should have."""
    return vivotech.answer(data if len(data) % 4 == 0 else data + vivotech.crc(data).to_bytes(2, "big"))


def requests(data: bytes) -> object:
    """As lines, and bare: the command would answer for a mistake of ours, and the lines after it go on."""
    json.dumps(answer(as_text(data)))
    return [json.loads(each) for each in answers(io.BytesIO(data))]
