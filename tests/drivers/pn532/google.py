"""Google Wallet on a phone: Smart Tap 2.1, written from the phone's side."""

import hashlib
import hmac
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.drivers.pn532.cards import NOT_SUPPORTED, OK
from tests.drivers.pn532.ndef import message
from tests.drivers.pn532.phone import WRONG_ORDER, Application

OSE: Final = b"OSE.VAS.01"
SMART_TAP: Final = bytes.fromhex("a000000476d0000111")
MORE, NO_PASS, AUTH_FAILED, PARSE_ERROR = b"\x91\x00", b"\x90\x01", b"\x95\x00", b"\x94\x02"


@dataclass
class Object:
    """One pass: its record type, 8 bytes of id in hex, its redemption value."""

    kind: str
    oid: str
    number: str
    language: bytes = b""

    def record(self) -> bytes:
        value = bytes([len(self.language)]) + self.language + self.number.encode()
        inner = _ndef((4, b"oid", b"", b"\x04" + bytes.fromhex(self.oid)), (1, b"T", b"n", value))
        issuer = (4, b"i", b"", b"\x04\x01\x00\xc0\xff\xee")
        return _ndef(issuer, (4, self.kind.encode(), b"", inner))


class GoogleWallet(Application):
    """`merchants`: the public keys by (collector, version). `trouble`: status words for the next GET DATA.

    `skips`: the OSE answer carries the nonce and lets the reader go without a second SELECT.
    `piece`: bytes of one answer, the rest comes over GET MORE DATA. `tampered`: the MAC is wrong.
    `point`: how its key of the session is written. `says`: the status inside the next answers to GET DATA.
    """

    names = (OSE, SMART_TAP)

    def __init__(
        self,
        *objects: Object,
        merchants: Mapping[tuple[int, int], ec.EllipticCurvePublicKey],
        skips: bool = True,
        compressed: bool = True,
        encrypted: bool = True,
        piece: int = 4096,
        trouble: tuple[bytes, ...] = (),
        versions: str = "00000001",
        tampered: bool = False,
        point: PublicFormat = PublicFormat.CompressedPoint,
        says: tuple[int, ...] = (),
    ) -> None:
        self.objects, self.merchants = objects, merchants
        self.trouble = list(trouble)
        self.sequences: list[int] = []
        self._point, self._says = point, list(says)
        self.sessions = 0
        self._skips, self._compressed, self._encrypted = skips, compressed, encrypted
        self._piece, self._versions, self._tampered = piece, versions, tampered
        self._nonce: bytes | None = None
        self._own = ec.generate_private_key(ec.SECP256R1())
        self._keys: tuple[bytes, bytes] | None = None
        self._session, self._sequence, self._rest = b"", 0, b""

    def field_off(self) -> None:
        self._nonce, self._keys, self._rest = None, None, b""

    def select(self, name: bytes) -> bytes:
        self._nonce, self._keys = os.urandom(32), None
        if name == SMART_TAP:
            chosen = _ndef((4, b"mdn", b"mdn", b"\x04" + self._nonce))
            return bytes.fromhex(self._versions) + chosen + OK
        caps = _tlv("df6d", bytes.fromhex(self._versions)[:2]) + _tlv(
            "df4d", bytes.fromhex(self._versions)[2:]
        )
        caps += _tlv("df62", b"\x03" if self._skips else b"\x02")
        entry = _tlv("4f", SMART_TAP) + _tlv("87", b"\x01") + _tlv("73", caps)
        inner = (
            _tlv("50", b"AndroidPay") + _tlv("c0", b"\0\1") + _tlv("c1", bytes.fromhex("cc00000000008080"))
        )
        if self._skips:
            inner += _tlv("c2", self._nonce) + _tlv("c3", b"\x02" + bytes(32))
        return _tlv("6f", inner + _tlv("a5", _tlv("bf0c", _tlv("61", entry)))) + OK

    def command(self, head: bytes, data: bytes) -> bytes:
        match head:
            case b"\x90\x53\0\0":
                return self._negotiate(data)
            case b"\x90\x50\0\0":
                return self._get_data(data)
            case b"\x90\xc0\0\0" if self._rest:
                return self._next_piece()
        return NOT_SUPPORTED

    def _negotiate(self, data: bytes) -> bytes:
        self.sessions += 1
        request = _records(_records(data)[b"ngr"][2:])
        self._hear(request[b"ses"])
        shown = request[b"cpr"]
        reader_nonce, live, point, version = shown[:32], shown[32], shown[33:66], shown[66:70]
        inner = _records(shown[70:])
        nonce, self._nonce = self._nonce, None  # good for one session, and for a failed one too
        signature, collector = inner[b"sig"][1:], inner[b"cld"][1:]
        key = self.merchants.get((int.from_bytes(collector, "big"), int.from_bytes(version, "big")))
        if key is None or live != 1 or nonce is None:
            return AUTH_FAILED
        signed = reader_nonce + nonce + collector + point
        try:
            key.verify(signature, signed, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return AUTH_FAILED
        reader_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        own = self._own.public_key().public_bytes(Encoding.X962, self._point)
        secret = self._own.exchange(ec.ECDH(), reader_key)
        material = _hkdf(secret, salt=own, info=signed + signature, length=48)
        self._keys = material[:16], material[16:]
        return _ndef((4, b"nrs", b"", _ndef(self._ses(), (4, b"dpk", b"", own)))) + OK

    def _get_data(self, data: bytes) -> bytes:
        if self._keys is None:
            return WRONG_ORDER
        request = _records(_records(data)[b"srq"][2:])
        if not self._hear(request[b"ses"]):
            return PARSE_ERROR
        if self.trouble:
            return self.trouble.pop(0)
        if self._says:
            return _ndef((4, b"srs", b"", _ndef(self._ses(self._says.pop(0))))) + OK
        if not self.objects:
            customer = _ndef((4, b"cus", b"", _ndef((4, b"cid", b"", b"\x04" + bytes(16)))))
            return self._srs(_ndef((4, b"asv", b"", customer))) + NO_PASS
        bundle = _ndef(*((4, b"asv", b"", each.record()) for each in self.objects))
        self._rest = self._srs(bundle)
        return self._next_piece()

    def _srs(self, bundle: bytes) -> bytes:
        assert self._keys is not None
        flags = (1 if self._encrypted else 0) | (2 if self._compressed else 0)
        body = zlib.compress(bundle) if self._compressed else bundle
        if self._encrypted:
            iv = os.urandom(12)
            seal = Cipher(algorithms.AES128(self._keys[0]), modes.CTR(iv + bytes(4))).encryptor()
            body = iv + seal.update(body) + seal.finalize()
            body += hmac.new(self._keys[1], body, hashlib.sha256).digest()
            if self._tampered:
                body = body[:-1] + bytes([body[-1] ^ 1])
        return _ndef((4, b"srs", b"", _ndef(self._ses(), (4, b"reb", b"", bytes([flags]) + body))))

    def _next_piece(self) -> bytes:
        piece, self._rest = self._rest[: self._piece], self._rest[self._piece :]
        return piece + (MORE if self._rest else OK)

    def _hear(self, ses: bytes) -> bool:
        """Take a request's session; whether its sequence has gone on from the last answer's."""
        self.sequences.append(ses[8])
        is_next = ses[:8] != self._session or ses[8] > self._sequence
        self._session, self._sequence = ses[:8], ses[8]
        return is_next and ses[9] == 1

    def _ses(self, status: int = 1) -> tuple[int, bytes, bytes, bytes]:
        self._sequence += 1
        return (4, b"ses", b"", self._session + bytes([self._sequence, status]))


def _ndef(*records: tuple[int, bytes, bytes, bytes]) -> bytes:
    """As tests.drivers.pn532.ndef.message, with ids where there are any."""
    made = b""
    for at, (tnf, kind, mark, payload) in enumerate(records):
        one = bytearray(message((tnf, kind, payload)))
        one[0] &= 0x3F
        one[0] |= (0x80 if at == 0 else 0) | (0x40 if at == len(records) - 1 else 0)
        if mark:
            one[0] |= 0x08
            size = 1 if one[0] & 0x10 else 4
            one[2 + size : 2 + size] = bytes([len(mark)])
            end = 3 + size + len(kind)
            one[end:end] = mark
        made += bytes(one)
    return made


def _records(data: bytes) -> dict[bytes, bytes]:
    """The payloads of a reader's request by type; it sends nothing but external records."""
    found = {}
    while data:
        head, kind, size = data[0], data[1], 1 if data[0] & 0x10 else 4
        length = int.from_bytes(data[2 : 2 + size], "big")
        assert head & 0x0F == 4, "an external record without an id"
        start = 2 + size + kind
        found[data[2 + size : start]], data = data[start : start + length], data[start + length :]
    return found


def _hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, by its letter."""
    key = hmac.new(salt, secret, hashlib.sha256).digest()
    block, made = b"", b""
    for number in range(1, 256):
        block = hmac.new(key, block + info + bytes([number]), hashlib.sha256).digest()
        made += block
        if len(made) >= length:
            break
    return made[:length]


def _tlv(tag: str, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 128 else bytes([0x81, len(value)])
    return bytes.fromhex(tag) + length + value
