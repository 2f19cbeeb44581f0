"""The cryptogram of an Apple Wallet pass (VAS): made on the phone for one reader key and one pass type.

Community knowledge; both variants are held against cryptograms of real iPhones or of our own generator
(drivers/README.md, "How to make a pass that works here").
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from drivers.codecs.dialogue import Damaged, Forged, WrongKey
from drivers.codecs.p256 import PrivateKey, compressed, public_key, shared_x

KEY_ID: Final = 4  # bytes: SHA-256 of the reader key's X, cut
COORDINATE: Final = 32
TIMESTAMP: Final = 4
TAG: Final = 16
SHORTEST: Final = KEY_ID + COORDINATE + TIMESTAMP + TAG
LONGEST: Final = 1024  # bytes; a message has at most 64
EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)
PURPOSE: Final = b"ApplePay encrypted VAS data"
ALGORITHM: Final = b"\x0did-aes256-GCM"
NONCE: Final = bytes(16)  # GCM with a 16-byte IV: J0 comes from GHASH

Variant = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class Message:
    """What a pass said, and when by its phone's clock. `unique` is the same for a copy and for nothing else."""

    text: str = field(repr=False)
    signed_at: datetime
    variant: Variant
    unique: str = field(repr=False)

    @property
    def signed(self) -> str:
        """`signed_at` as RFC 3339 in UTC with Z."""
        return self.signed_at.isoformat().removesuffix("+00:00") + "Z"


def key_id(key: PrivateKey) -> bytes:
    """The 4 bytes by which a phone names the reader key it used."""
    return sha256(compressed(key)[1:]).digest()[:KEY_ID]


def decrypt(cryptogram: bytes, pass_type_id: str, key: PrivateKey) -> Message:
    """The message; raises WrongKey for another key's, Forged where its tag is wrong, Damaged for the rest."""
    if not SHORTEST <= len(cryptogram) <= LONGEST:
        raise Damaged("vas: a cryptogram of this length cannot be")
    if cryptogram[:KEY_ID] != key_id(key):
        raise WrongKey("vas: made for another reader key")
    x, sealed = cryptogram[KEY_ID : KEY_ID + COORDINATE], cryptogram[KEY_ID + COORDINATE :]
    secret = shared_x(key, public_key(b"\x02" + x))  # the sign of Y does not change the shared X
    merchant = sha256(pass_type_id.encode()).digest()
    for variant, shared_info, associated in _variants(merchant):
        # ANSI X9.63 KDF, one block.
        secret_key = sha256(secret + b"\0\0\0\x01" + shared_info).digest()
        try:
            plain = AESGCM(secret_key).decrypt(NONCE, sealed, associated)
        except InvalidTag:
            continue
        return _message(plain, variant, x)
    raise Forged("vas: the tag is wrong")


def _variants(merchant: bytes) -> tuple[tuple[Variant, bytes, bytes | None], ...]:
    return ((1, ALGORITHM + PURPOSE + merchant, None), (2, PURPOSE, merchant))


def _message(plain: bytes, variant: Variant, x: bytes) -> Message:
    try:
        text = plain[TIMESTAMP:].decode()
    except UnicodeDecodeError:
        raise Damaged("vas: the message is not UTF-8") from None
    signed_at = EPOCH + timedelta(seconds=int.from_bytes(plain[:TIMESTAMP], "big"))
    return Message(text, signed_at, variant, sha256(x).hexdigest()[:32])
