"""One card in the field of an nfcpy reader: what it is, and the talk that it gets."""

import threading
from typing import Any, Final

from drivers import talks, uids
from drivers.codecs import type2
from drivers.codecs.dialogue import Damaged
from drivers.nfc_channel import Air, Channel
from drivers.settings import ReaderSettings
from drivers.talks import NOTHING, UNREADABLE, Seen

ISO_DEP: Final = 0x20  # SAK bit 6, ISO/IEC 14443-3 table 9; a phone with SAK 60 has it too
NFC_DEP: Final = 0x40
TYPE_2: Final = 0x00  # any other SAK without ISO-DEP is MIFARE Classic, whose memory wants keys
CLASSIC_4K: Final = 0x18  # the OV-chipkaart is one: what it holds cannot be asked without keys, so no UID

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
    sak = target.sel_res[0] if target.sel_res else 0
    seen = NOTHING
    if target.sensb_res or sak & ISO_DEP:
        seen = _iso_dep(air, settings)
    elif target.rid_res or sak & NFC_DEP:
        return NOTHING  # Topaz, and devices that only speak peer to peer
    elif settings.ndef and sak == TYPE_2:
        try:
            message = air.run(type2.read())
        except Damaged:
            return UNREADABLE
        seen = talks.of_message(message, settings, is_chip=False) if message else NOTHING
    return seen or _uid(target, settings)


def _iso_dep(air: Air, settings: ReaderSettings) -> Seen:
    channel = Channel(air)
    seen = NOTHING
    try:
        seen = channel.run(talks.iso_dep(settings))
    finally:
        if seen.deselect:
            channel.deselect()
    return seen


def _uid(target: Any, settings: ReaderSettings) -> Seen:
    if not settings.uid or target.sensb_res or not target.sdd_res:
        return NOTHING
    sak = target.sel_res[0] if target.sel_res else 0
    if sak == CLASSIC_4K:
        return NOTHING
    token = uids.token(bytes(target.sdd_res), iso_dep=bool(sak & ISO_DEP))
    return NOTHING if token is None else Seen((token,))
