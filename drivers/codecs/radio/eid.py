"""Eddystone-EID: identifiers that change every 2^exponent seconds (google/eddystone, eid-computation.md).

Nothing in an identifier says whose it is: the appliance computes beforehand what each of its own devices says now,
and looks up what it hears. What makes that cheap for many devices:

* AES itself costs 0.1 µs, setting a key up 3 µs: `eids` makes all windows of a device in one call.
* The temporary key holds for 65,536 s (18.2 h): keep `temporary_key` of each device and pass it on.
* Devices with one exponent and one clock encrypt the same blocks: make `blocks` once, then `encrypted` a device.
* A table from identifier (8 bytes) to device for windows w-1, w and w+1 makes a sighting one look-up.
"""

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.codecs.aes import BLOCK, encrypt

KEY: Final = 16  # bytes of an identity key and of a temporary key
EID: Final = 8  # bytes of an identifier
MAX_EXPONENT: Final = 15
CLOCK_BITS: Final = 32
KEY_BITS: Final = 16  # of the clock's low bits: a temporary key holds for 2^16 s
SALT: Final = b"\xff"  # of the temporary key


class EidError(ValueError):
    """A key, an exponent or a time that the scheme does not have."""


def eid(identity_key: bytes, *, exponent: int, time_s: int) -> bytes:
    """The 8 bytes that a device says when its clock is at `time_s` (32 bits, any epoch)."""
    window = _clock(time_s) >> _exponent(exponent)
    return eids(identity_key, [window], exponent=exponent)[0]


def eids(identity_key: bytes, windows: Sequence[int], *, exponent: int) -> list[bytes]:
    """The identifiers of these windows (a clock's seconds divided by 2^exponent), in their order."""
    _exponent(exponent)
    by_key: dict[int, list[int]] = {}
    for window in windows:
        by_key.setdefault(_clock(window << exponent) >> KEY_BITS, []).append(window)
    found: dict[int, bytes] = {}
    for each in by_key.values():
        key = temporary_key(identity_key, each[0] << exponent)
        found.update(zip(each, encrypted(key, blocks(each, exponent=exponent)), strict=True))
    return [found[window] for window in windows]


def temporary_key(identity_key: bytes, time_s: int) -> bytes:
    """The key of a device for the 65,536 s around `time_s`."""
    if len(identity_key) != KEY:
        raise EidError(f"eid: an identity key has {KEY} bytes")
    return encrypt(
        identity_key, bytes(11) + SALT + bytes(2) + (_clock(time_s) >> KEY_BITS).to_bytes(2, "big")
    )


def blocks(windows: Sequence[int], *, exponent: int) -> bytes:
    """What is encrypted for these windows, one block each: the same for every device of this exponent and clock."""
    head = bytes(11) + bytes([_exponent(exponent)])
    return b"".join(head + _clock(window << exponent).to_bytes(4, "big") for window in windows)


def encrypted(key: bytes, plain: bytes) -> list[bytes]:
    """Identifiers of one device: `plain` from `blocks`, all within the 65,536 s of this temporary key."""
    said = encrypt(key, plain)
    return [said[at : at + EID] for at in range(0, len(said), BLOCK)]


def agree(own_private: bytes, other_public: bytes, *, resolver: bool) -> bytes:
    """The identity key of a device and its resolver by X25519; `resolver` says which of the two `own_private` is."""
    if len(own_private) != 32 or len(other_public) != 32:
        raise EidError("eid: an X25519 key has 32 bytes")
    private = X25519PrivateKey.from_private_bytes(own_private)
    own_public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(other_public))
    except ValueError:  # all zero: a public key of small order
        raise EidError("eid: with this public key anybody would know the secret; refuse the device") from None
    salt = own_public + other_public if resolver else other_public + own_public
    return HKDF(SHA256(), KEY, salt, b"").derive(shared)


def _exponent(exponent: int) -> int:
    if not 0 <= exponent <= MAX_EXPONENT:
        raise EidError(f"eid: an exponent is from 0 to {MAX_EXPONENT}")
    return exponent


def _clock(time_s: int) -> int:
    if not 0 <= time_s < 1 << CLOCK_BITS:
        raise EidError(f"eid: a time has {CLOCK_BITS} bits of seconds")
    return time_s
