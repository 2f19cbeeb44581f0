"""The application that phones with a wallet answer to, and which wallet it is."""

from dataclasses import dataclass, field
from typing import Final, Literal

from drivers.codecs.dialogue import OK, Apdus, Damaged, select, whole
from drivers.codecs.wallets import tlv

NAME: Final = b"OSE.VAS.01"
FCI, LABEL = 0x6F, 0x50
LABELS: Final[dict[bytes, Literal["apple", "google"]]] = {b"ApplePay": "apple", b"AndroidPay": "google"}


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet that answered; `fci` is what tag 6F holds."""

    maker: Literal["apple", "google"]
    fci: bytes = field(repr=False)


def find() -> Apdus[Wallet | None]:
    """The wallet of this phone; None for what has none, or one that we do not know."""
    answer, status = yield from whole(select(NAME))
    if status != OK:
        return None
    try:
        fci = tlv.value(answer, FCI)
        label = None if fci is None else tlv.value(fci, LABEL)
    except Damaged:
        return None
    if fci is None or label not in LABELS:
        return None
    return Wallet(LABELS[label], fci)
