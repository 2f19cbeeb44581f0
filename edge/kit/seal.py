"""Sealing: personal values at rest, a key a customer, so that destroying the key is forgetting.

AES-256-GCM (NIST SP 800-38D) with a 12-byte random nonce in front; the place of a value (table, id,
column, version) is its associated data, so that a sealed value moved elsewhere does not open.
"""

import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.kit.errors import Corrupt

KEY_BYTES = 32
_NONCE_BYTES = 12


def key_of(content: bytes) -> bytes | None:
    """A key as it is kept in a file of its own: 32 bytes raw, or 64 hex digits; None for anything else."""
    if len(content) == KEY_BYTES:
        return content
    try:
        key = bytes.fromhex(content.decode("ascii").strip())
    except (ValueError, UnicodeDecodeError):
        return None
    return key if len(key) == KEY_BYTES else None


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plain: bytes, place: bytes) -> bytes:
    """Nonce, ciphertext and tag of `plain`, bound to `place`."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """The plain value; raises Corrupt when key, place or bytes do not belong together."""
    return opener(key)(sealed, place)


def opener(key: bytes) -> Callable[[bytes, bytes], bytes]:
    """`unseal` of one key, for several values: getting a cipher ready takes longer than opening one."""
    try:
        cipher = AESGCM(key)
    except ValueError:
        raise _corrupt() from None

    def opened(sealed: bytes, place: bytes) -> bytes:
        try:
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise _corrupt() from None

    return opened


def _corrupt() -> Corrupt:
    return Corrupt(
        "a sealed value does not open",
        code="S04",
        hint="run `welkom doctor`; the hub sends keys and values again",
    )


def trait_place(customer_id: bytes, name: str, version: int) -> bytes:
    """Associated data of one trait of one customer."""
    return b"trait|" + customer_id + b"|" + name.encode() + b"|%d" % version


def key_place(customer_id: bytes) -> bytes:
    """Associated data of a customer's wrapped key."""
    return b"customer_key|" + customer_id


def card_place(customer_id: bytes) -> bytes:
    """Associated data of a card's inner hash on its way to the hub."""
    return b"card|" + customer_id


def guest_place(shop_id: str) -> bytes:
    """Associated data of the inner hash of a card that a shop does not know, on its way to the hub."""
    return b"guest|" + shop_id.encode()


def pass_place(customer_id: bytes, hash_: bytes) -> bytes:
    """Associated data of what a pass says, by its credential's inner hash."""
    return b"pass|" + customer_id + b"|" + hash_


def beacon_place(customer_id: bytes, device: bytes) -> bytes:
    """Associated data of the identity key of a customer's radio device."""
    return b"beacon|" + customer_id + b"|" + device


def tag_place(device: bytes) -> bytes:
    """Associated data of the identity key of a tag of the shop's own."""
    return b"tag|" + device


@lru_cache(maxsize=1024)
def derive(key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one named purpose (HKDF-Expand of RFC 5869 with one block).

    Remembered: an import asks for the same two of each row. `key` is the hub's or a shop's, never a customer's.
    """
    return hmac.digest(key, purpose.encode() + b"\x01", sha256)
