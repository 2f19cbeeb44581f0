"""Lines of a dotOrigin VTAP reader set up with the prefix `$t|`: pass type, bar, message."""

import re
from typing import Final

from drivers.codecs.printed import barcode
from drivers.reader import Evidence, Token

# Apple, Google, MIFARE, tag types 2 4 6, card emulation, scanner, Apple Access phone and watch.
TYPED: Final = re.compile(r"([AG0246EQXW])\|(.*)", re.DOTALL)
PASSES: Final = frozenset("AG")  # only these were decrypted in the reader: the others can be copied
SCANNER: Final = "Q"


class VtapError(ValueError):
    """A typed line without a message: the reader saw something and could not read it."""


def decode(line: str, *, source: str = "vtap", evidence: Evidence = "weak") -> Token:
    """Kind `vendor`, or a barcode for a scanner line; `evidence` strong counts for decrypted passes only."""
    typed = TYPED.fullmatch(line)
    if typed is None:
        return Token("vendor", line, "weak", {"source": source})
    letter, message = typed[1], typed[2]
    if not message.strip():
        raise VtapError(
            "the reader printed a pass type and no message; check the pass section in its config.txt"
        )
    if letter == SCANNER:
        return barcode.decode(message)
    strength: Evidence = evidence if letter in PASSES else "weak"
    return Token("vendor", message, strength, {"source": source, "type": letter})
