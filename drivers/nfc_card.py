"""One card in the field of an nfcpy reader: what it is, and the talk that it gets."""

import threading
from typing import Any, Final

from drivers import talks, uids
from drivers.codecs.tags import type2
from drivers.codecs.tags.atr import Card
from drivers.nfc_channel import Air, Channel
from drivers.settings import ReaderSettings
from drivers.talks import NOTHING, Seen

ISO_DEP: Final = 0x20  # SAK bit 6, ISO/IEC 14443-3 table 9; a phone with SAK 60 has it too
NFC_DEP: Final = 0x40
TYPE_2: Final = 0x00  # any other SAK without ISO-DEP is MIFARE Classic, whose memory wants keys
CLASSIC_4K: Final = 0x18

Presence = tuple[str, bytes]


def presence(target: Any) -> Presence:
    """What tells one card in the field from the next; a random UID changes at every look and is left out."""
    if target.sensb_res:
        return ("B", b"")
    uid = bytes(target.sdd_res or b"")
    return ("A", b"" if uids.is_random(uid) else uid)


def look(device: Any, target: Any, settings: ReaderSettings, *, stop: threading.Event) -> Seen:
    """What the card comes to; raises CardLost. A refused card's UID is not taken either."""
    air = Air(device, target, stop)
    return talks.of_card(
        card(target),
        settings,
        uid=b"" if target.sensb_res else bytes(target.sdd_res or b""),
        talk=lambda: _iso_dep(air, settings),
        memory=lambda: air.run(type2.read()),
    )


def card(target: Any) -> Card:
    """By technology and SAK; `other` is Topaz, and a device that only speaks peer to peer."""
    sak = target.sel_res[0] if target.sel_res else 0
    if target.sensb_res or sak & ISO_DEP:
        return "iso-dep"
    if target.rid_res or sak & NFC_DEP:
        return "other"
    return "type-2" if sak == TYPE_2 else "classic-4k" if sak == CLASSIC_4K else "classic"


def _iso_dep(air: Air, settings: ReaderSettings) -> Seen:
    channel = Channel(air)
    seen = NOTHING
    try:
        seen = channel.run(talks.iso_dep(settings))
    finally:
        if seen.deselect:
            channel.deselect()
    return seen
