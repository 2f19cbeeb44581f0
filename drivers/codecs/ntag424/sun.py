"""SUN: the proof that an NTAG 424 DNA writes into the URL it shows (NXP AN12196; LRP: AN12321, AN12304).

    piece = open_picc(meta_key, bytes.fromhex(…))      # who and which tap; before a MAC is checked it proves nothing
    found = verify(piece, file_key, mac=…, mac_input=…)  # mac_ok says whether it is genuine
    found = verify_plain(uid, ctr, file_key, …)        # the same for cards that mirror UID and counter as plain text

`sun_url` finds these pieces in a URL by the settings of a reader; a driver wants `sun_url.read` only.

What a caller must do itself: refuse a `ctr` that is not above the last one of that `uid` (nfc.md 4.3), in the
transaction that acts on it. A message without counter (`ctr` None) can be replayed: it is no proof of now.
"""

import hmac
from dataclasses import dataclass, field
from typing import Final, Literal

from drivers.codecs.aes import BLOCK, cmac, decrypt_cbc, encrypt, truncate
from drivers.codecs.ntag424.lrp import Lrp

Mode = Literal["aes", "lrp"]

KEY: Final = 16  # bytes
UID: Final = 7
COUNTER: Final = 3
MAC: Final = 8
AES_PICC, LRP_PICC = 16, 24  # bytes of encrypted PICC data: the mode is told by the length
RANDOM: Final = 8  # bytes before the PICC data in LRP mode
MAX_FILE: Final = 1024  # bytes; the chip's own file has 256
MAX_MAC_INPUT: Final = 1024
HAS_UID, HAS_COUNTER, RESERVED, UID_LENGTH = 0x80, 0x40, 0x30, 0x0F
# Session vectors, AN12196 3.3 and AN12321: constant, counter 0001 and key length 0080 (bits).
SV_ENC: Final = bytes.fromhex("c33c00010080")
SV_MAC: Final = bytes.fromhex("3cc300010080")
SV_LRP: Final = bytes.fromhex("00010080")
SV_LRP_END: Final = b"\x1e\xe1"


class SunError(ValueError):
    """What was given is no SUN message, or was not made with this key; the text never repeats a value."""


@dataclass(frozen=True, slots=True)
class Picc:
    """What the card says about itself, not yet proved. `uid` or `ctr` is None where the card leaves it out."""

    uid: bytes | None = field(repr=False)
    ctr: int | None
    mode: Mode


@dataclass(frozen=True, slots=True)
class Sun:
    """A whole message. While `mac_ok` is false nothing in it is to be believed, the UID least of all."""

    uid: bytes | None = field(repr=False)
    ctr: int | None
    mac_ok: bool
    file: bytes | None = field(repr=False)
    mode: Mode


def open_picc(meta_key: bytes, data: bytes) -> Picc:
    """Decrypt PICC data of 16 (AES) or 24 bytes (LRP); SunError where it is no such thing under this key."""
    _need(meta_key, KEY, "meta key")
    if len(data) == AES_PICC:
        return _picc(decrypt_cbc(meta_key, data), "aes")
    if len(data) == LRP_PICC:
        return _picc(Lrp(meta_key).decrypt(data[RANDOM:], counter=data[:RANDOM]), "lrp")
    raise SunError(f"sun: PICC data has {AES_PICC} bytes in AES mode and {LRP_PICC} in LRP mode")


def _picc(plain: bytes, mode: Mode) -> Picc:
    """PICC data is tag ‖ [UID] ‖ [counter, least significant byte first] ‖ random padding (AN12196 3.4.1)."""
    tag, at = plain[0], 1
    has_uid, has_counter, length = bool(tag & HAS_UID), bool(tag & HAS_COUNTER), tag & UID_LENGTH
    # Without a UID the length says nothing: chips leave it 7 or 0.
    known_length = length == UID if has_uid else has_counter and length in (0, UID)
    if tag & RESERVED or not known_length:
        raise SunError(
            "sun: under this key it is no PICC data; it is damaged, or the key is another merchant's"
        )
    uid = ctr = None
    if has_uid:
        uid, at = plain[at : at + UID], at + UID
    if has_counter:
        ctr = int.from_bytes(plain[at : at + COUNTER], "little")
    return Picc(uid, ctr, mode)


def verify(picc: Picc, file_key: bytes, *, mac: bytes, mac_input: bytes, file: bytes | None = None) -> Sun:
    """Check the MAC over `mac_input` (as it was transmitted) and decrypt `file`; never raises for a wrong MAC."""
    _need(file_key, KEY, "file key")
    _need(mac, MAC, "MAC")
    if len(mac_input) > MAX_MAC_INPUT:
        raise SunError(f"sun: the MAC's input is longer than {MAX_MAC_INPUT} bytes")
    if file is not None:
        _check_file(file, picc)
    made, plain = (_aes if picc.mode == "aes" else _lrp)(picc, file_key, mac_input, file)
    return Sun(picc.uid, picc.ctr, hmac.compare_digest(made, mac), plain, picc.mode)


def verify_plain(
    uid: bytes, ctr: int | None, file_key: bytes, *, mac: bytes, mac_input: bytes, file: bytes | None = None
) -> Sun:
    """For mirrors in plain text. They do not say the mode, so LRP is tried where the AES MAC is not right."""
    _need(uid, UID, "UID")
    if ctr is not None and not 0 <= ctr < 1 << 8 * COUNTER:
        raise SunError(f"sun: a counter has {COUNTER} bytes")
    found = verify(Picc(uid, ctr, "aes"), file_key, mac=mac, mac_input=mac_input, file=file)
    if not found.mac_ok:
        other = verify(Picc(uid, ctr, "lrp"), file_key, mac=mac, mac_input=mac_input, file=file)
        return other if other.mac_ok else found
    return found


def _aes(picc: Picc, file_key: bytes, mac_input: bytes, file: bytes | None) -> tuple[bytes, bytes | None]:
    vector = _vector(picc)
    made = truncate(cmac(cmac(file_key, (SV_MAC + vector).ljust(BLOCK, b"\0")), mac_input))
    if file is None:
        return made, None
    key = cmac(file_key, (SV_ENC + vector).ljust(BLOCK, b"\0"))
    iv = encrypt(key, _counter(picc).ljust(BLOCK, b"\0"))
    return made, decrypt_cbc(key, file, iv=iv)


def _lrp(picc: Picc, file_key: bytes, mac_input: bytes, file: bytes | None) -> tuple[bytes, bytes | None]:
    vector = (SV_LRP + _vector(picc)).ljust(BLOCK - len(SV_LRP_END), b"\0") + SV_LRP_END
    session = Lrp(file_key).cmac(vector)
    made = truncate(Lrp(session).cmac(mac_input))
    if file is None:
        return made, None
    return made, Lrp(session, updated=1).decrypt(file, counter=_counter(picc) + bytes(3))


def _vector(picc: Picc) -> bytes:
    return (picc.uid or b"") + _counter(picc)


def _counter(picc: Picc) -> bytes:
    return b"" if picc.ctr is None else picc.ctr.to_bytes(COUNTER, "little")


def _check_file(file: bytes, picc: Picc) -> None:
    if not file or len(file) % BLOCK:
        raise SunError(f"sun: encrypted file data is a multiple of {BLOCK} bytes")
    if len(file) > MAX_FILE:
        raise SunError(f"sun: encrypted file data is longer than {MAX_FILE} bytes")
    if picc.ctr is None:
        raise SunError("sun: encrypted file data without a counter cannot be decrypted")


def _need(value: bytes, length: int, what: str) -> None:
    if len(value) != length:
        raise SunError(f"sun: a {what} has {length} bytes")
