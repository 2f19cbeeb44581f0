"""What a tablet's camera read is presented as if the tablet were a reader: weak, and through the same counter."""

from datetime import UTC, datetime
from typing import Final

from drivers.codecs.printed import barcode
from drivers.reader import Sighting
from edge.counter import Counter
from edge.recognition.rules import Recognition

# The Barcode Detection API's names of formats, as a scanner would say them in front of a code (ISO/IEC 15424).
AIM: Final = {
    "ean_13": "]E0",
    "ean_8": "]E4",
    "upc_a": "]E0",
    "code_128": "]C0",
    "code_39": "]A0",
    "data_matrix": "]d1",
    "qr_code": "]Q1",
}
# A GS1 code begins with its function character, which libraries give as GS or as the prefix itself.
GS1: Final = {"code_128": "]C1", "data_matrix": "]d2"}
GS: Final = "\x1d"
MAX_CODE: Final = 4096  # characters, as for a scanner's line: a full QR code has under 3,000


class NoCode(ValueError):
    """Not what a camera reads: empty, too long, or of a symbology nobody asked for."""


async def present(counter: Counter, code: str, *, symbology: str, reader: str) -> Recognition | None:
    """Take in one code that the tablet called `reader` read; what it meant, as `Counter.on_sighting` says."""
    if symbology not in AIM or not code.strip() or len(code) > MAX_CODE:
        raise NoCode
    token = barcode.decode(_prefixed(code, symbology))
    return await counter.on_sighting(Sighting(reader, datetime.now(UTC), "scan", token))


def _prefixed(code: str, symbology: str) -> str:
    """The code with its AIM prefix in front, as a scanner sends it."""
    gs1 = GS1.get(symbology, GS)
    if code.startswith((GS, gs1)) and symbology in GS1:
        return gs1 + code.removeprefix(GS).removeprefix(gs1)
    return AIM[symbology] + code
