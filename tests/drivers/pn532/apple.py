"""Apple Wallet on a phone: VAS as its community describes it, written from the phone's side."""

import hashlib
import time
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.drivers.pn532.cards import NOT_SUPPORTED, OK
from tests.drivers.pn532.phone import WRONG_ORDER, Application

LOCKED, NO_PASS, BAD_DATA = b"\x62\x87", b"\x6a\x83", b"\x6a\x80"
EPOCH_S: Final = 978_307_200  # 2001-01-01T00:00:00Z in Unix time: where a phone counts from


@dataclass
class Pass:
    """One pass as its maker issued it; `reader_key` is the public key from its pass.json."""

    pass_type_id: str
    message: str
    reader_key: ec.EllipticCurvePublicKey
    variant: int = 1
    tampered: bool = False

    def cryptogram(self, at_s: int) -> bytes:
        own = ec.generate_private_key(ec.SECP256R1())
        secret = own.exchange(ec.ECDH(), self.reader_key)
        merchant = hashlib.sha256(self.pass_type_id.encode("ascii")).digest()
        purpose = b"ApplePay encrypted VAS data"
        info = bytes([13]) + b"id-aes256-GCM" + purpose + merchant if self.variant == 1 else purpose
        key = hashlib.sha256(secret + (1).to_bytes(4, "big") + info).digest()
        seal = Cipher(algorithms.AES256(key), modes.GCM(bytes(16))).encryptor()
        if self.variant == 2:
            seal.authenticate_additional_data(merchant)
        sealed = seal.update(at_s.to_bytes(4, "big") + self.message.encode()) + seal.finalize() + seal.tag
        if self.tampered:
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        return hashlib.sha256(_x(self.reader_key)).digest()[:4] + _x(own.public_key()) + sealed


class AppleWallet(Application):
    """`status` is given in place of every pass while it is set; `unlock` clears it.

    `clock_s` is the phone's clock in seconds after 2001; the right time where it is left out.
    """

    names = (b"OSE.VAS.01",)

    def __init__(
        self,
        *passes: Pass,
        status: bytes | None = None,
        version: str = "0100",
        capabilities: str = "0000001e",
        clock_s: int | None = None,
    ) -> None:
        self.passes, self.status = passes, status
        self.asked: list[dict[int, bytes]] = []
        self.turned_away = False  # a failed read that was closed with DESELECT: the user has to unlock anew
        self._version, self._capabilities = version, capabilities
        self._failed_in_mode_0, self._closed, self._clock_s = False, False, clock_s

    def unlock(self) -> None:
        self.status, self.turned_away = None, False

    def select(self, name: bytes) -> bytes:
        self._closed = False
        inner = _tlv("50", b"ApplePay") + _tlv("9f21", bytes.fromhex(self._version))
        inner += _tlv("9f24", b"\xc0\x5d\x48\xd0") + _tlv("9f23", bytes.fromhex(self._capabilities))
        return b"\x6a\x82" if self.turned_away else _tlv("6f", inner) + OK

    def command(self, head: bytes, data: bytes) -> bytes:
        if head != bytes.fromhex("80ca0101"):
            return NOT_SUPPORTED
        asked = _read(data)
        if (
            asked.get(0x9F22) != b"\x01\x00"
            or len(asked.get(0x9F25, b"")) != 32
            or len(asked.get(0x9F26, b"")) != 4
        ):
            return BAD_DATA
        if self._closed:
            return WRONG_ORDER
        self.asked.append(asked)
        flags = asked[0x9F26][3]
        self._closed = flags & 3 == 2 or not flags & 0x80
        answer = self._answer(asked[0x9F25])
        self._failed_in_mode_0 = flags & 3 != 2 and answer[-2:] != OK
        return answer

    def deselected(self) -> None:
        self.turned_away = self._failed_in_mode_0

    def _answer(self, merchant: bytes) -> bytes:
        if self.status is not None:
            return self.status
        for each in self.passes:
            if hashlib.sha256(each.pass_type_id.encode("ascii")).digest() == merchant:
                now_s = int(time.time()) - EPOCH_S if self._clock_s is None else self._clock_s
                body = _tlv("9f2a", b"") + _tlv("9f27", each.cryptogram(now_s))
                return _tlv("70", body) + OK
        return NO_PASS


def _x(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:33]


def _tlv(tag: str, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 128 else bytes([0x81, len(value)])
    return bytes.fromhex(tag) + length + value


def _read(data: bytes) -> dict[int, bytes]:
    """The objects of GET DATA: two-byte tags, one-byte lengths."""
    found = {}
    while data:
        found[int.from_bytes(data[:2], "big")], data = data[3 : 3 + data[2]], data[3 + data[2] :]
    return found
