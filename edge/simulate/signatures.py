"""Signatures that cost a hash: a fifth of a story's time went into curves, and nobody in a story forges anything.

They bind the same content to the same key, so a request that was changed, or of another key, is refused all the same.
What the curve itself promises is held by `tests/sync/test_signing.py`, `test_signet.py` and `test_receipts.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from sync import receipt, signet
from sync.hub import proving, signer


@dataclass(frozen=True, slots=True)
class Public:
    """As much of an Ed25519PublicKey as is asked of one."""

    raw: bytes

    @classmethod
    @cache
    def from_public_bytes(cls, raw: bytes) -> "Public":
        if len(raw) != 32:
            raise ValueError("a public key has 32 bytes")
        return cls(raw)

    def public_bytes_raw(self) -> bytes:
        return self.raw

    def verify(self, signature: bytes, content: bytes) -> None:
        if signature != _bound(self.raw, content):
            raise InvalidSignature


@dataclass(frozen=True, slots=True)
class Private:
    """As much of an Ed25519PrivateKey as is asked of one."""

    public: Public

    @classmethod
    def from_private_bytes(cls, seed: bytes) -> "Private":
        return cls(Public(sha256(seed).digest()))

    def public_key(self) -> Public:
        return self.public

    def sign(self, content: bytes) -> bytes:
        return _bound(self.public.raw, content)


def _bound(public: bytes, content: bytes) -> bytes:
    return blake2b(content, key=public).digest()


_PUBLIC: Final = "Ed25519PublicKey"
_PRIVATE: Final = "Ed25519PrivateKey"
_PLACES: Final[tuple[tuple[Any, str, type], ...]] = (
    (proving, _PUBLIC, Public),
    (receipt, _PUBLIC, Public),
    (signet, _PUBLIC, Public),
    (signer, _PRIVATE, Private),
)


@contextmanager
def cheap() -> Iterator[None]:
    """While inside, the hub and its shops sign and verify so."""
    real = [(place, name, getattr(place, name)) for place, name, _ in _PLACES]
    for place, name, ours in _PLACES:
        setattr(place, name, ours)
    try:
        yield
    finally:
        for place, name, theirs in real:
            setattr(place, name, theirs)
