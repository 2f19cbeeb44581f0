"""Leakage Resilient Primitive (NXP AN12304 2.0): the cipher that an NTAG 424 DNA may be switched to, for good.

Every step is one AES call under another key, so a block costs 33 calls: a SUN message takes 1 to 4 ms.
"""

from collections.abc import Iterable
from typing import Final

from drivers.codecs.aes import BLOCK, ZERO, decrypt, double, encrypt, pad, xor

UPPER: Final = b"\x55" * BLOCK  # AN12304 algorithm 1 and 2
LOWER: Final = b"\xaa" * BLOCK
NIBBLES: Final = 16


class Lrp:
    """One key with its 16 secret plaintexts and the updated key number `updated` (0 to 3)."""

    def __init__(self, key: bytes, *, updated: int = 0) -> None:
        self._plaintexts = plaintexts(key)
        self._key = updated_keys(key, updated + 1)[updated]

    def eval(self, nibbles: Iterable[int], *, final: bool = True) -> bytes:
        """16 bytes out of half bytes (algorithm 3)."""
        y = self._key
        for nibble in nibbles:
            y = encrypt(y, self._plaintexts[nibble])
        return encrypt(y, ZERO) if final else y

    def cmac(self, message: bytes) -> bytes:
        """16 bytes; CMAC with `eval` in the place of the block cipher (algorithm 6)."""
        k1 = double(self.eval(_nibbles(ZERO)))
        whole = message and len(message) % BLOCK == 0
        length = -(-len(message) // BLOCK) * BLOCK or BLOCK
        text = message if whole else pad(message, length)
        last = xor(text[-BLOCK:], k1 if whole else double(k1))
        y = ZERO
        for at in range(0, length - BLOCK, BLOCK):
            y = self.eval(_nibbles(xor(text[at : at + BLOCK], y)))
        return self.eval(_nibbles(xor(last, y)))

    def encrypt(self, blocks: bytes, *, counter: bytes) -> bytes:
        """LRICB without padding (algorithm 4): block n under the counter plus n, which wraps at its length."""
        return b"".join(encrypt(key, block) for key, block in self._keyed(blocks, counter))

    def decrypt(self, blocks: bytes, *, counter: bytes) -> bytes:
        """LRICB without padding (algorithm 5)."""
        return b"".join(decrypt(key, block) for key, block in self._keyed(blocks, counter))

    def _keyed(self, blocks: bytes, counter: bytes) -> Iterable[tuple[bytes, bytes]]:
        size = len(counter)
        number = int.from_bytes(counter, "big")
        for at in range(0, len(blocks), BLOCK):
            yield self.eval(_nibbles(number.to_bytes(size, "big"))), blocks[at : at + BLOCK]
            number = (number + 1) % (1 << 8 * size)


def plaintexts(key: bytes) -> tuple[bytes, ...]:
    """The 16 secret plaintexts of a key (algorithm 1)."""
    found, h = [], encrypt(key, UPPER)
    for _ in range(NIBBLES):
        found.append(encrypt(h, LOWER))
        h = encrypt(h, UPPER)
    return tuple(found)


def updated_keys(key: bytes, count: int) -> tuple[bytes, ...]:
    """The first `count` updated keys of a key (algorithm 2)."""
    found, h = [], encrypt(key, LOWER)
    for _ in range(count):
        found.append(encrypt(h, LOWER))
        h = encrypt(h, UPPER)
    return tuple(found)


def _nibbles(data: bytes) -> Iterable[int]:
    for byte in data:
        yield byte >> 4
        yield byte & 0x0F
