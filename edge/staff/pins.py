"""Secrets of tablets and staff: PIN hashes, tokens, codes. At rest there are only hashes of them."""

import hmac
import secrets
from hashlib import sha256
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

# OWASP's floor for argon2id (19 MiB, 2 passes, 1 lane): some 25 ms here, so call it in a thread.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_pin(pepper: bytes, pin: str) -> str:
    """argon2id over HMAC-SHA256(pepper, pin): a stolen file alone does not give its ten thousand PINs away."""
    return _HASHER.hash(hmac.digest(pepper, pin.encode(), sha256))


def pin_fits(pepper: bytes, pin: str, pin_hash: str) -> bool:
    try:
        return _HASHER.verify(pin_hash, hmac.digest(pepper, pin.encode(), sha256))
    except (Argon2Error, InvalidHashError):
        return False


def new_token() -> str:
    """256 random bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str | bytes) -> bytes:
    """What is kept of a token, 32 bytes. Random of 256 bits needs no salt and no slow hash."""
    return sha256(token.encode() if isinstance(token, str) else token).digest()
