"""What is printed on a fob, or written in its tag, so that a shop can enrol it: its identity key and its clock.

`WELKOM-FOB:<32 hex digits>:<exponent>:<epoch>`: an Eddystone-EID key, the exponent of its rotation, and the unix time
at which its clock read nought. In capitals and digits alone, so that a QR code of 29 by 29 holds it (ISO/IEC 18004,
alphanumeric). It is a secret until it is enrolled: print it on what is thrown away, not on the fob.
"""

import re
from dataclasses import dataclass, field
from typing import Final

START: Final = "WELKOM-FOB:"
FORM: Final = re.compile(r"WELKOM-FOB:([0-9A-F]{32}):(0|[1-9][0-9]?):(0|[1-9][0-9]{0,9})", re.ASCII)


class FobError(ValueError):
    """Begins as a fob's code and is none; the text never repeats it."""


@dataclass(frozen=True, slots=True)
class Fob:
    """`epoch_s`: unix time at which its clock read nought."""

    identity_key: bytes = field(repr=False)
    exponent: int
    epoch_s: int


def read(text: str) -> Fob | None:
    """The fob of a scanned text, None for a text of anything else; raises FobError for a damaged one."""
    if not text.startswith(START):
        return None
    found = FORM.fullmatch(text.strip())
    if found is None or not 0 <= int(found[2]) <= 15:
        raise FobError("fob: its code is damaged; print it anew")
    return Fob(bytes.fromhex(found[1]), int(found[2]), int(found[3]))


def write(fob: Fob) -> str:
    """The code of a fob, as it is printed."""
    return f"{START}{fob.identity_key.hex().upper()}:{fob.exponent}:{fob.epoch_s}"
