"""Keys on the curve P-256 (SEC 1, FIPS 186-5), which both wallets and our own app use."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.codecs.dialogue import Damaged

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey

CURVE: Final = ec.SECP256R1()
SIGNATURE: Final = ec.ECDSA(SHA256())
SCALAR: Final = 32  # bytes
COMPRESSED: Final = 33


def private_key(scalar: bytes) -> PrivateKey:
    """The key of a big endian scalar of 32 bytes; raises Damaged for one outside 1 to n - 1."""
    if len(scalar) != SCALAR:
        raise Damaged("key: a P-256 scalar has 32 bytes")
    try:
        return ec.derive_private_key(int.from_bytes(scalar, "big"), CURVE)
    except ValueError:
        raise Damaged("key: not a P-256 scalar") from None


def public_key(point: bytes) -> PublicKey:
    """The key of an encoded point, 33 or 65 bytes; raises Damaged for one that is not on the curve."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except ValueError:
        raise Damaged("key: not a point on P-256") from None


def compressed(key: PrivateKey | PublicKey) -> bytes:
    """The public point in 33 bytes: 02 or 03, then X."""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
    return public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def shared_x(ours: PrivateKey, theirs: PublicKey) -> bytes:
    """ECDH: the X coordinate, 32 bytes with its leading zeros."""
    return ours.exchange(ec.ECDH(), theirs)


def sign(key: PrivateKey, message: bytes) -> bytes:
    """ECDSA with SHA-256, DER: 70 to 72 bytes as a rule, another one at each call."""
    return key.sign(message, SIGNATURE)


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether a DER signature is this key's over this message."""
    try:
        key.verify(signature, message, SIGNATURE)
    except InvalidSignature:
        return False
    return True
