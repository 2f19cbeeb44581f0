"""HMAC-SHA-256 (RFC 2104) of many short messages with few keys that stay: a reader hears a thousand a second."""

from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

_BLOCK: Final = 64  # bytes that SHA-256 takes in at a time


@lru_cache(maxsize=1024)
def _begun(key: bytes) -> tuple[Any, Any]:
    """Both hashes after their first block, which is the key's alone: half of the work, and done once."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(bytes(each ^ 0x36 for each in block)), sha256(bytes(each ^ 0x5C for each in block))


def keyed(key: bytes, message: bytes) -> bytes:
    """The 32 bytes of `hmac.digest(key, message, "sha256")`. `key` is a chain's or a shop's, never a customer's."""
    begun, around = _begun(key)
    inside, outside = begun.copy(), around.copy()
    inside.update(message)
    outside.update(inside.digest())
    return bytes(outside.digest())
