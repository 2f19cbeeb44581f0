"""The shop's own app on an Android phone: the HCE dialogue of the contract, written from the app's side."""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.drivers.pn532.cards import NOT_SUPPORTED, OK
from tests.drivers.pn532.phone import WRONG_ORDER, Application

SHA: ec.ECDSA = ec.ECDSA(SHA256())


class MemberApp(Application):
    """`relayed` is what a thief recorded earlier: answered to every challenge. `heard` keeps the answers."""

    def __init__(
        self,
        member_id: str,
        *,
        issuer: ec.EllipticCurvePrivateKey,
        aid: str = "F0524543414C4C01",
        key_id: str = "00000007",
        relayed: bytes | None = None,
        relayed_nonce: bytes | None = None,
        version: int = 2,
    ) -> None:
        self.names = (bytes.fromhex(aid),)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._member, self._key_id = member_id.encode(), bytes.fromhex(key_id)
        self._point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        self._certificate = issuer.sign(b"hce-cert1" + self._key_id + self._point + self._member, SHA)
        self._relayed, self._relayed_nonce, self._version = relayed, relayed_nonce, version
        self._nonce: bytes | None = None
        self.last_nonce = b""
        self.challenges: list[bytes] = []
        self.heard: list[bytes] = []

    def select(self, name: bytes) -> bytes:
        self._nonce = self.last_nonce = self._relayed_nonce or os.urandom(16)
        return bytes([self._version]) + self._key_id + self._nonce + OK

    def command(self, head: bytes, data: bytes) -> bytes:
        if head != bytes.fromhex("80100000"):
            return NOT_SUPPORTED
        self.challenges.append(data)
        if self._nonce is None or len(data) != 16:
            return WRONG_ORDER
        nonce, self._nonce = self._nonce, None  # one proof a SELECT
        proof = self._key.sign(b"hce2" + self.names[0] + nonce + data + self._member, SHA)
        whole = b"".join(
            (
                bytes([len(self._member)]) + self._member,
                self._point,
                bytes([len(self._certificate)]) + self._certificate,
                bytes([len(proof)]) + proof,
            )
        )
        self.heard.append(whole)
        return (self._relayed or whole) + OK

    def field_off(self) -> None:
        self._nonce = None
