"""The code of a web pass: a new one each half minute, made by a phone and known by a box, both without a line. Pure.

`WLK1:` and three parts in base32 (RFC 4648 section 6): the pass (80 random bits), the half minute since 1970, and 40
bits of HMAC-SHA-256 over that number, as RFC 6238 counts time. Capitals and digits alone, so that a QR code of 25 by
25 holds it (ISO/IEC 18004, alphanumeric, level M).

A pass has its secret from the chain's key and its own name, so a box needs no list of secrets: it makes the one it
needs, looks the pass up by one hash as any card, and whoever steals a box finds neither passes nor secrets in it.
"""

import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass, field
from typing import Final, Literal

from edge.recognition.evidence import Proof, Signed

START: Final = "WLK1:"
KIND: Final = "pass"  # of the token, and of the credential that is made of it
ID_BYTES: Final = 10
WINDOW_MS: Final = 30_000
# Clocks of a shop and of phones are seconds apart; a code is then good for half a minute before and after its own.
NEIGHBOURS: Final = 1
_MAC_BYTES: Final = 5
_WINDOW_LETTERS: Final = 6
_FORM: Final = re.compile(r"WLK1:([A-Z2-7]{16})([A-Z2-7]{6})([A-Z2-7]{8})", re.ASCII)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

When = Literal["now", "past", "forged"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A code that was held to a reader: which pass, the beginning of its half minute, and what that is worth."""

    name: str = field(repr=False)
    window_ms: int
    when: When

    @property
    def proof(self) -> Proof:
        """Weak, because a screen can be copied while it is shown; good once, because its half minute is spent."""
        return Proof("weak", Signed(self.window_ms))


def name_of(pass_id: bytes) -> str:
    """How a pass is called in its code, and what its credential is made of."""
    return b32encode(pass_id).decode()


def secret(chain_key: bytes, name: str) -> bytes:
    """The secret of a pass, 32 bytes: its phone keeps it, the hub and the boxes make it when they need it."""
    return hmac.digest(hmac.digest(chain_key, b"web-pass", "sha256"), name.encode(), "sha256")


def code(key: bytes, name: str, *, now_ms: int) -> str:
    """What the phone of pass `name` with the secret `key` shows at this moment."""
    window = now_ms // WINDOW_MS
    return START + name + _number(window) + _mac(key, window)


def read(chain_key: bytes, text: str, *, now_ms: int) -> Shown | None:
    """What a scanned text shows, None for a text that is no code of a pass."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    name, window = found[1], _count(found[2])
    if not hmac.compare_digest(found[3], _mac(secret(chain_key, name), window)):
        return Shown(name, window * WINDOW_MS, "forged")
    near = abs(now_ms // WINDOW_MS - window) <= NEIGHBOURS
    return Shown(name, window * WINDOW_MS, "now" if near else "past")


def pass_id(name: str) -> bytes:
    """The random bytes of a pass."""
    return b32decode(name)


def _mac(key: bytes, window: int) -> str:
    return b32encode(hmac.digest(key, b"%d" % window, "sha256")[:_MAC_BYTES]).decode()


def _number(window: int) -> str:
    """A number of 30 bits in six letters: it ends in the year 2990."""
    return "".join(_LETTERS[window >> 5 * place & 31] for place in reversed(range(_WINDOW_LETTERS)))


def _count(letters: str) -> int:
    count = 0
    for letter in letters:
        count = count << 5 | _LETTERS.index(letter)
    return count
