"""HMAC-SHA-256 (RFC 2104) of short messages, for a reader hears a thousand a second.

Python's own asks OpenSSL for the method each time, which between two taps has long left the processor's cache.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

_BLOCK: Final = 64  # bytes that SHA-256 takes in at a time
_INSIDE: Final = bytes(each ^ 0x36 for each in range(256))
_AROUND: Final = bytes(each ^ 0x5C for each in range(256))


def _begin(key: bytes) -> tuple[Any, Any]:
    """Both hashes after their first block, which is the key's alone."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(block.translate(_INSIDE)), sha256(block.translate(_AROUND))


def _end(inside: Any, around: Any, message: bytes) -> bytes:
    inside.update(message)
    around.update(inside.digest())
    return bytes(around.digest())


def keyed_once(key: bytes, message: bytes) -> bytes:
    """The 32 bytes of `hmac.digest(key, message, "sha256")`. Nothing of `key` stays: it may be a customer's."""
    return _end(*_begin(key), message)


_begun: Final = lru_cache(maxsize=1024)(_begin)


def keyed(key: bytes, message: bytes) -> bytes:
    """The same with a `key` that is remembered, half of the work: a chain's or a shop's, never a customer's."""
    inside, around = _begun(key)
    return _end(inside.copy(), around.copy(), message)
