"""A tablet shows that it is the browser that was paired: it signs what it is asked, with a key that cannot be copied.

The key is a non-extractable WebCrypto one (ECDSA over P-256 with SHA-256). Nothing is kept here between asking and
answering: a challenge and a proof carry their own end and our seal, for one tablet.
"""

import hmac
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

# From asking to answering is a fraction of a second; this is for a slow tablet.
CHALLENGE_MS: Final = 30_000
# What a copy of all cookies is worth at most; an open page proves itself again three times in it (device.js).
PROOF_MS: Final = 60_000
# Uncompressed point of P-256 (SEC 1 section 2.3.3), and r and s of a signature as WebCrypto gives them.
KEY_BYTES: Final = 65
_SIGNATURE_BYTES: Final = 64


def secret_of(pin_pepper: bytes) -> bytes:
    """The key of our seals; it outlives a restart, so tablets do not notice one."""
    return hmac.digest(pin_pepper, b"device proofs", sha256)


def is_key(key: bytes) -> bool:
    """Whether `key` is a public key of the kind that tablets make."""
    try:
        _point(key)
    except ValueError:
        return False
    return len(key) == KEY_BYTES


def challenge(secret: bytes, tablet_hash: bytes, *, now_ms: int) -> str:
    """What the tablet is asked to sign."""
    return _sealed(secret, b"challenge", tablet_hash, now_ms + CHALLENGE_MS)


def proof(secret: bytes, tablet_hash: bytes, *, now_ms: int) -> str:
    """What its cookie says after it did."""
    return _sealed(secret, b"proof", tablet_hash, now_ms + PROOF_MS)


def is_answered(
    secret: bytes, tablet_hash: bytes, device_key: bytes, *, asked: str, signature: bytes, now_ms: int
) -> bool:
    """Whether `signature` is this tablet's own under a challenge of ours that is not too old."""
    if not _holds(secret, b"challenge", tablet_hash, asked, now_ms) or len(signature) != _SIGNATURE_BYTES:
        return False
    pair = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        _point(device_key).verify(pair, asked.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_proven(secret: bytes, tablet_hash: bytes, given: str, *, now_ms: int) -> bool:
    return _holds(secret, b"proof", tablet_hash, given, now_ms)


def _point(key: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)


def _sealed(secret: bytes, what: bytes, tablet_hash: bytes, until_ms: int) -> str:
    seal = hmac.digest(secret, b"%b|%b|%d" % (what, tablet_hash, until_ms), sha256).hex()
    return f"{until_ms}.{seal}"


def _holds(secret: bytes, what: bytes, tablet_hash: bytes, given: str, now_ms: int) -> bool:
    until = given.partition(".")[0]
    if not until.isascii() or not until.isdigit() or len(until) > 15 or now_ms >= int(until):
        return False
    return hmac.compare_digest(given.encode(), _sealed(secret, what, tablet_hash, int(until)).encode())
