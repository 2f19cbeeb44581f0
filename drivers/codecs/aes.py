"""The few AES shapes that card protocols use, on `cryptography`: ECB, CBC without padding, CMAC and its doubling."""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK: Final = 16  # bytes
ZERO: Final = bytes(BLOCK)
REDUCE: Final = 0x87  # x^128 = x^7 + x^2 + x + 1 in GF(2^128); NIST SP 800-38B 5.3


def encrypt(key: bytes, blocks: bytes) -> bytes:
    """ECB; `blocks` is a multiple of 16 bytes."""
    return Cipher(AES(key), ECB()).encryptor().update(blocks)


def decrypt(key: bytes, blocks: bytes) -> bytes:
    """ECB; `blocks` is a multiple of 16 bytes."""
    return Cipher(AES(key), ECB()).decryptor().update(blocks)


def encrypt_cbc(key: bytes, blocks: bytes, *, iv: bytes = ZERO) -> bytes:
    """CBC; `blocks` is a multiple of 16 bytes and stays unpadded."""
    return Cipher(AES(key), CBC(iv)).encryptor().update(blocks)


def decrypt_cbc(key: bytes, blocks: bytes, *, iv: bytes = ZERO) -> bytes:
    """CBC; `blocks` is a multiple of 16 bytes and stays unpadded."""
    return Cipher(AES(key), CBC(iv)).decryptor().update(blocks)


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC, 16 bytes (NIST SP 800-38B)."""
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def double(block: bytes) -> bytes:
    """Times x in GF(2^128): how CMAC makes its subkeys."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= (1 << 128) | REDUCE
    return number.to_bytes(BLOCK, "big")


def xor(one: bytes, other: bytes) -> bytes:
    """Of two texts of one length."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def pad(message: bytes, length: int) -> bytes:
    """ISO/IEC 7816-4 padding (80 00 …) up to `length`."""
    return (message + b"\x80").ljust(length, b"\0")


def truncate(mac: bytes) -> bytes:
    """The 8 bytes of a CMAC that NXP's chips send: those at odd places."""
    return mac[1::2]
