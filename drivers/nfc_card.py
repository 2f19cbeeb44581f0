"""One card in the field: who may be read, in which order, and what that makes of it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from drivers.codecs import ndef, refusal, type2, type4
from drivers.codecs.dialogue import Damaged
from drivers.nfc_channel import Air, Channel
from drivers.reader import Outcome, Token
from drivers.settings import NdefRule

ISO_DEP: Final = 0x20  # SAK bit 6, ISO/IEC 14443-3 table 9; a phone with SAK 60 has it too
NFC_DEP: Final = 0x40
TYPE_2: Final = 0x00  # any other SAK without ISO-DEP is MIFARE Classic, whose memory wants keys
CLASSIC_4K: Final = 0x18  # the OV-chipkaart is one: what it holds cannot be asked without keys, so no UID
RANDOM_UID: Final = 0x08  # first byte of a 4-byte UID that is new each time (ISO/IEC 14443-3, 6.5.4)
DOUBLE_UID: Final = 7  # bytes; a single one (4) under ISO-DEP is a phone's

Presence = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the configuration asks of cards."""

    ndef: Sequence[NdefRule]
    uid: bool


def presence(target: Any) -> Presence:
    """What tells one card in the field from the next; a random UID changes at every look and is left out."""
    if target.sensb_res:
        return ("B", b"")
    uid = bytes(target.sdd_res or b"")
    return ("A", b"" if _is_random(uid) else uid)


def look(device: Any, target: Any, wanted: Wanted, *, stop: threading.Event) -> Token | Outcome | None:
    """A token, an outcome, or None for a card that is nothing to us; raises CardLost.

    Once its application is known, a refused card is asked for nothing more, and its UID is not taken.
    """
    air = Air(device, target, stop)
    sak = target.sel_res[0] if target.sel_res else 0
    try:
        if target.sensb_res or sak & ISO_DEP:
            return _iso_dep(air, wanted) or _uid_token(target, wanted)
        if target.rid_res or sak & NFC_DEP:
            return None  # Topaz, and devices that only speak peer to peer
        if wanted.ndef and sak == TYPE_2:
            message = air.run(type2.read())
            token = ndef.find(message, wanted.ndef) if message else None
            return token or _uid_token(target, wanted)
    except (Damaged, ndef.NdefError):
        return "unreadable"
    return _uid_token(target, wanted)


def _iso_dep(air: Air, wanted: Wanted) -> Token | Outcome | None:
    channel = Channel(air)
    try:
        if channel.run(refusal.check()):
            return "refused"
        message = channel.run(type4.read()) if wanted.ndef else None
        return ndef.find(message, wanted.ndef) if message else None
    finally:
        channel.deselect()


def _uid_token(target: Any, wanted: Wanted) -> Token | None:
    if not wanted.uid or target.sensb_res or not target.sdd_res:
        return None
    uid = bytes(target.sdd_res)
    sak = target.sel_res[0] if target.sel_res else 0
    if _is_random(uid) or sak == CLASSIC_4K or (sak & ISO_DEP and len(uid) < DOUBLE_UID):
        return None
    return Token("uid", uid.hex(), "weak", {"technology": "nfc-a"})


def _is_random(uid: bytes) -> bool:
    return len(uid) < DOUBLE_UID and uid[:1] == bytes([RANDOM_UID])
