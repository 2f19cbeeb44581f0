"""A key a card out of one master key: NXP AN10922, and the open key derivation of sdm-backend."""

import hmac
from typing import Final

from drivers.codecs.aes import BLOCK, ZERO, cmac, double, encrypt, encrypt_cbc, pad, xor

MAX_INPUT: Final = 31  # bytes of AN10922 diversification input: with its constant it fills two blocks
SDM_FILE_KEY: Final = 2
KEY_LENGTHS: Final = (16, 24, 32)
# AN10922 2.3 to 2.5: the constants before the input, one a CMAC that the key is made of.
CONSTANTS: Final = {16: (0x01,), 24: (0x11, 0x12), 32: (0x41, 0x42)}


class KdfError(ValueError):
    """A master key or an input of a length that the derivation does not have."""


def an10922(master: bytes, text: bytes) -> bytes:
    """The key of a card, as long as `master` (16, 24 or 32 bytes); `text` is 1 to 31 bytes: UID ‖ AID ‖ system."""
    if len(master) not in KEY_LENGTHS:
        raise KdfError("an10922: a master key has 16, 24 or 32 bytes")
    if not 1 <= len(text) <= MAX_INPUT:
        raise KdfError(f"an10922: the input has 1 to {MAX_INPUT} bytes")
    parts = [_two_block_cmac(master, bytes([constant]) + text) for constant in CONSTANTS[len(master)]]
    if len(master) == 24:
        first, second = parts
        return first[:8] + xor(first[8:], second[:8]) + second[8:]
    return b"".join(parts)


def _two_block_cmac(key: bytes, message: bytes) -> bytes:
    """CMAC over a message that is always padded to two blocks, which plain CMAC does not do under 17 bytes."""
    subkey = double(encrypt(key, ZERO))
    if len(message) < 2 * BLOCK:
        message, subkey = pad(message, 2 * BLOCK), double(subkey)
    return encrypt_cbc(key, message[:BLOCK] + xor(message[BLOCK:], subkey))[BLOCK:]


def sdm_shared(master: bytes) -> bytes:
    """sdm-backend's undiversified key 1: the meta key of all cards of a merchant."""
    return ZERO if not any(master) else _hmac(master, b"PICCDataKey")[:BLOCK]


def sdm_card(master: bytes, uid: bytes, number: int) -> bytes:
    """sdm-backend's key `number` of the card with this UID."""
    if not any(master):
        return ZERO  # its rule for tests: the factory key
    slot = _hmac(master, b"SlotMasterKey" + bytes([number]))[:BLOCK]
    return cmac(slot, b"\x01" + _hmac(_hmac(master, b"DivBaseKey"), uid)[:BLOCK])


def sdm_file(master: bytes, uid: bytes) -> bytes:
    """sdm-backend's file key of the card with this UID."""
    return sdm_card(master, uid, SDM_FILE_KEY)


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")
