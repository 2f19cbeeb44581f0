"""EV2 secure messaging of an NTAG 424 DNA: a live proof of a key, and what a shop's own cards are written with.

NXP AN12196 section 6 and the datasheet NT4H2421Gx 9.1. Select the application D2760000850101 first. Every command
after `authenticate` has a number, which both ends count from nought.
"""

import hmac
from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.aes import BLOCK, cmac, decrypt_cbc, encrypt, encrypt_cbc, pad, truncate, xor
from drivers.codecs.dialogue import Apdus, Damaged, Forged

FIRST: Final = bytes.fromhex("9071000002")
MORE: Final = 0x91AF
OK: Final = 0x9100
MAC: Final = 8  # bytes
FOR_ENC, FOR_MAC = bytes.fromhex("a55a00010080"), bytes.fromhex("5aa500010080")
TO_CARD, FROM_CARD = b"\xa5\x5a", b"\x5a\xa5"


@dataclass(frozen=True, slots=True)
class Session:
    """What both ends know after authentication: the transaction's identifier and its two keys."""

    ti: bytes
    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)


def authenticate(number: int, key: bytes, *, rnd_a: bytes) -> Apdus[Session]:
    """AuthenticateEV2First with key `number`; `rnd_a` is 16 random bytes. Forged if the card does not know it."""
    sealed, status = yield FIRST + bytes([number, 0, 0])
    if status != MORE or len(sealed) != BLOCK:
        raise Damaged("ev2: the card does not begin")
    rnd_b = decrypt_cbc(key, sealed)
    proof = encrypt_cbc(key, rnd_a + _rotated(rnd_b))
    sealed, status = yield b"\x90\xaf\0\0" + bytes([len(proof)]) + proof + b"\0"
    if status != OK or len(sealed) != 2 * BLOCK:
        raise Forged("ev2: the card does not accept the key")
    plain = decrypt_cbc(key, sealed)
    if not hmac.compare_digest(plain[4 : 4 + BLOCK], _rotated(rnd_a)):
        raise Forged("ev2: the card does not know the key")
    mixed = rnd_a[:2] + xor(rnd_a[2:8], rnd_b[:6]) + rnd_b[6:] + rnd_a[8:]
    return Session(plain[:4], cmac(key, FOR_ENC + mixed), cmac(key, FOR_MAC + mixed))


def command_mac(session: Session, ins: int, *, counter: int, header: bytes, data: bytes = b"") -> bytes:
    """The 8 bytes that end command number `counter` in the modes MAC and FULL."""
    said = bytes([ins]) + counter.to_bytes(2, "little") + session.ti + header + data
    return truncate(cmac(session.mac, said))


def command(session: Session, ins: int, *, counter: int, header: bytes, data: bytes = b"") -> bytes:
    """The APDU of command number `counter` in mode FULL: `header` open, `data` encrypted, both under the MAC."""
    sealed = b""
    if data:
        padded = pad(data, (len(data) // BLOCK + 1) * BLOCK)
        sealed = encrypt_cbc(session.enc, padded, iv=_iv(session, TO_CARD, counter))
    body = header + sealed + command_mac(session, ins, counter=counter, header=header, data=sealed)
    return bytes([0x90, ins, 0, 0, len(body)]) + body + b"\0"


def answer(session: Session, body: bytes, *, counter: int, status: int = OK) -> bytes:
    """The data of an answer in mode FULL; `counter` is that of its command plus one. Raises Forged or Damaged."""
    sealed, mac = body[:-MAC], body[-MAC:]
    said = bytes([status & 0xFF]) + counter.to_bytes(2, "little") + session.ti + sealed
    if not hmac.compare_digest(truncate(cmac(session.mac, said)), mac):
        raise Forged("ev2: the MAC is wrong")
    if not sealed:
        return b""
    if len(sealed) % BLOCK:
        raise Damaged("ev2: an answer that is no whole blocks")
    plain = decrypt_cbc(session.enc, sealed, iv=_iv(session, FROM_CARD, counter)).rstrip(b"\0")
    if not plain.endswith(b"\x80"):
        raise Damaged("ev2: an answer without its padding")
    return plain[:-1]


def _iv(session: Session, direction: bytes, counter: int) -> bytes:
    return encrypt(session.enc, (direction + session.ti + counter.to_bytes(2, "little")).ljust(BLOCK, b"\0"))


def _rotated(block: bytes) -> bytes:
    return block[1:] + block[:1]
