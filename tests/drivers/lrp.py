"""LRP from the card's side, written a second time from NXP AN12304 2.0: whole numbers, nothing of drivers/.

A mistake made in drivers/codecs/ntag424/lrp.py cannot be made here again by being imported.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FIVES, TENS = int("55" * 16, 16), int("aa" * 16, 16)
TOP = 1 << 127


def aes(key: int, block: int) -> int:
    """One block under one key, both as numbers of 128 bits."""
    cipher = Cipher(algorithms.AES128(key.to_bytes(16, "big")), modes.ECB()).encryptor()
    return int.from_bytes(cipher.update(block.to_bytes(16, "big")), "big")


def plaintext(key: int, number: int) -> int:
    """Secret plaintext `number` (2.1): the key walks up `number + 1` times, then one step aside."""
    for _ in range(number + 1):
        key = aes(key, FIVES)
    return aes(key, TENS)


def updated_key(key: int, number: int) -> int:
    """Updated key `number` (2.1): one step aside first, then up `number` times, then aside again."""
    key = aes(key, TENS)
    for _ in range(number):
        key = aes(key, FIVES)
    return aes(key, TENS)


class Twin:
    """One key on the card. Texts are bytes; the counter of `encrypt` keeps its own length."""

    def __init__(self, key: bytes, number: int = 0) -> None:
        whole = int.from_bytes(key, "big")
        self._plaintexts = [plaintext(whole, each) for each in range(16)]
        self._key = updated_key(whole, number)

    def word(self, text: bytes) -> int:
        """Evaluation with its last step (2.2), the text in half bytes."""
        y = self._key
        for nibble in text.hex():
            y = aes(y, self._plaintexts[int(nibble, 16)])
        return aes(y, 0)

    def mac(self, message: bytes) -> bytes:
        """Appendix: CMAC over evaluation."""
        first = _times_x(self.word(bytes(16)))
        blocks = [message[at : at + 16] for at in range(0, len(message), 16)] or [b""]
        *early, last = blocks
        chain = 0
        for block in early:
            chain = self.word((chain ^ int.from_bytes(block, "big")).to_bytes(16, "big"))
        if len(last) == 16:
            end = int.from_bytes(last, "big") ^ first
        else:
            end = int(last.hex() + "80" + "00" * (15 - len(last)), 16) ^ _times_x(first)
        return self.word((chain ^ end).to_bytes(16, "big")).to_bytes(16, "big")

    def encrypt(self, text: bytes, counter: bytes) -> bytes:
        """LRICB of whole blocks, the counter going up at each (2.3)."""
        if not text:
            return b""
        sealed = aes(self.word(counter), int.from_bytes(text[:16], "big")).to_bytes(16, "big")
        up = (int.from_bytes(counter, "big") + 1) % 256 ** len(counter)
        return sealed + self.encrypt(text[16:], up.to_bytes(len(counter), "big"))


def _times_x(block: int) -> int:
    return block << 1 & (1 << 128) - 1 ^ (0x87 if block & TOP else 0)
