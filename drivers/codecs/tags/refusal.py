"""Cards that are none of a shop's business: recognised by their application, and then left alone."""

from typing import Final

from drivers.codecs.dialogue import Apdus, select

# Payment (EMV contactless: PPSE), identity documents (ICAO 9303-10), public transport (Calypso, ITSO), driving
# licences (ISO/IEC 18013-3), the German identity card (BSI TR-03110), and Visa, Mastercard and Maestro cards from
# before the PPSE.
NAMES: Final = (
    b"2PAY.SYS.DDF01",
    bytes.fromhex("a0000002471001"),
    b"1TIC.ICA",
    bytes.fromhex("a0000002164954534f2d31"),
    bytes.fromhex("a0000002480200"),
    bytes.fromhex("e80704007f00070302"),
    bytes.fromhex("a0000000031010"),
    bytes.fromhex("a0000000041010"),
    bytes.fromhex("a0000000043060"),
)
# DESFire transport cards have no name to select, but list their applications: one command for all of them.
LIST_APPLICATIONS: Final = bytes.fromhex("906a000000")
MORE, COMPLETE = 0x91AF, 0x9100
# NXP's chips for one tag speak as DESFire does but have no list (NT4H2421Gx, table 23), nor room for more.
NO_SUCH_COMMAND: Final = 0x911C
# As they stand on the card: the transport cluster of the MIFARE application directory, then single schemes.
TRANSPORT: Final = tuple(
    bytes.fromhex(start)
    for start in (
        *("f206", "f210", "f211", "f213"),  # Metrocard, ORCA, Myki, Hop, Clipper, Lítačka, Ventra and others
        *("ef2011", "ef2014", "578000", "578001", "a00216"),  # Helsinki, the Nordic standard, ITSO
        *("2211af", "4f5931", "534531", "012242", "422201"),  # Leap, Oyster, Opal, İstanbulkart (both orders)
    )
)


def check() -> Apdus[bool]:
    """Whether this card is to be refused. Asks for names only, never for content.

    Payment comes first, being the most frequent; a chip that holds one tag and nothing else is asked no further.
    """
    payment, *others = NAMES
    if (yield from _has(payment)):
        return True
    listed, status = yield LIST_APPLICATIONS
    if status == NO_SUCH_COMMAND:
        return False
    if status in (MORE, COMPLETE) and any(
        listed[at : at + 3].startswith(TRANSPORT) for at in range(0, len(listed) - 2, 3)
    ):
        return True
    for name in others:
        if (yield from _has(name)):
            return True
    return False


def _has(name: bytes) -> Apdus[bool]:
    """Selected (9000, 61xx), selected with a warning (62xx, 63xx), or there but locked (6982)."""
    _, status = yield select(name)
    return status in (0x9000, 0x6982) or status >> 8 in (0x61, 0x62, 0x63)
