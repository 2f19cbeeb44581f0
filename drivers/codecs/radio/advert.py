"""A BLE advertisement into the beacon frames in it (Bluetooth Core Supplement part A; Eddystone, iBeacon, AltBeacon).

`frames` says everything, for `welkom decode`. `find_eid` is for the radio, thousands of times a second: it looks for
the one frame that can be a customer's and keeps nothing of anybody else's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from drivers.codecs.radio.eid import EID

Kind = Literal[
    "eddystone-eid", "eddystone-uid", "eddystone-url", "eddystone-tlm", "ibeacon", "altbeacon", "other"
]

MAX_ADVERT: Final = 1650  # bytes: extended advertising, Core 5.4 Vol 4 part E 7.8.54; legacy ones have 31
SERVICE_DATA_16, SERVICE_DATA_32, SERVICE_DATA_128, MANUFACTURER = 0x16, 0x20, 0x21, 0xFF
UUID_BYTES: Final = {SERVICE_DATA_16: 2, SERVICE_DATA_32: 4, SERVICE_DATA_128: 16}
EDDYSTONE: Final = b"\xaa\xfe"  # UUID 0xFEAA
EDDYSTONE_UID, EDDYSTONE_URL, EDDYSTONE_TLM, EDDYSTONE_EID = 0x00, 0x10, 0x20, 0x30
EID_FRAME: Final = 2 + EID
EID_HEAD: Final = b"\x16\xaa\xfe\x30"  # service data, Eddystone, EID
APPLE: Final = b"\x4c\x00"
IBEACON: Final = b"\x02\x15"
IBEACON_LENGTH: Final = 25
ALTBEACON: Final = b"\xbe\xac"
ALTBEACON_LENGTH: Final = 26
SCHEMES: Final = ("http://www.", "https://www.", "http://", "https://")
ENDINGS: Final = (".com", ".org", ".edu", ".net", ".info", ".biz", ".gov")
MAX_URL: Final = 17  # bytes after the scheme
NO_TEMPERATURE: Final = -0x8000


class AdvertError(ValueError):
    """Not a sequence of AD structures; the text names the place, never the content."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `about` holds its fields in the words of `welkom decode`, bytes as lower-case hex."""

    kind: Kind
    about: Mapping[str, Any] = field(repr=False)


def frames(raw: bytes) -> tuple[Frame, ...]:
    """The frames in service data and manufacturer data, in order; flags, names and lists of services are none."""
    return tuple(frame for kind, body in _structures(raw) if (frame := _frame(kind, body)) is not None)


def find_eid(raw: bytes) -> bytes | None:
    """The 8 bytes of the first Eddystone-EID frame, or None, also for an advertisement that is damaged."""
    if EID_HEAD not in raw:  # nearly every advertisement
        return None
    at, end = 0, len(raw)
    while at < end and (length := raw[at]):
        if (
            raw[at + 1 : at + 4] == b"\x16\xaa\xfe"
            and length == 3 + EID_FRAME
            and raw[at + 4 : at + 5] == b"\x30"
        ):
            found = raw[at + 6 : at + 6 + EID]
            return found if len(found) == EID else None
        at += 1 + length
    return None


def service_eid(frame: bytes) -> bytes | None:
    """The 8 bytes of an Eddystone-EID frame that stands alone, as the data of service 0xFEAA; None for any other."""
    return frame[2:] if len(frame) == EID_FRAME and frame[0] == EDDYSTONE_EID else None


def _structures(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(AD type, data) of each structure; a length of nought ends them (Core Vol 3 part C 11)."""
    if len(raw) > MAX_ADVERT:
        raise AdvertError(f"advert: longer than {MAX_ADVERT} bytes")
    at = 0
    while at < len(raw) and (length := raw[at]):
        if at + 1 + length > len(raw):
            raise AdvertError(f"advert: the structure at byte {at} runs past the end")
        yield raw[at + 1], raw[at + 2 : at + 1 + length]
        at += 1 + length


def _frame(kind: int, body: bytes) -> Frame | None:
    if kind == MANUFACTURER:
        if len(body) < 2:
            return None
        return _manufacturer(int.from_bytes(body[:2], "little"), body)
    size = UUID_BYTES.get(kind)
    if size is None or len(body) < size:
        return None
    if kind == SERVICE_DATA_16 and body.startswith(EDDYSTONE):
        found = _eddystone(body[2:])
        if found is not None:
            return found
    return Frame("other", {"type": kind, "service": body[:size][::-1].hex(), "data": body[size:].hex()})


def _manufacturer(company: int, body: bytes) -> Frame:
    if body.startswith(APPLE + IBEACON) and len(body) == IBEACON_LENGTH:
        about = {
            "uuid": str(UUID(bytes=body[4:20])),
            "major": int.from_bytes(body[20:22], "big"),
            "minor": int.from_bytes(body[22:24], "big"),
            "power1m": _signed(body[24:]),
        }
        return Frame("ibeacon", about)
    if body[2:4] == ALTBEACON and len(body) == ALTBEACON_LENGTH:
        about = {
            "company": company,
            "id": body[4:24].hex(),
            "power1m": _signed(body[24:25]),
            "reserved": body[25],
        }
        return Frame("altbeacon", about)
    return Frame("other", {"type": MANUFACTURER, "company": company, "data": body[2:].hex()})


def _eddystone(frame: bytes) -> Frame | None:
    """The frame in the service data of 0xFEAA, or None where it is not whole or of another kind (0x40: Find Hub)."""
    match frame[:1]:
        case b"\x00" if len(frame) in (18, 20):
            namespace, instance = frame[2:12].hex(), frame[12:18].hex()
            about = {"tx0": _signed(frame[1:2]), "namespace": namespace, "instance": instance}
            return Frame("eddystone-uid", about)
        case b"\x10" if 3 <= len(frame) <= 3 + MAX_URL:
            url = _url(frame[2], frame[3:])
            return None if url is None else Frame("eddystone-url", {"tx0": _signed(frame[1:2]), "url": url})
        case b"\x20":
            return _telemetry(frame)
        case b"\x30" if len(frame) == EID_FRAME:
            return Frame("eddystone-eid", {"tx0": _signed(frame[1:2]), "eid": frame[2:].hex()})
    return None


def _url(scheme: int, rest: bytes) -> str | None:
    if scheme >= len(SCHEMES):
        return None
    parts = [SCHEMES[scheme]]
    for byte in rest:
        if byte < 2 * len(ENDINGS):
            parts.append(ENDINGS[byte % len(ENDINGS)] + ("/" if byte < len(ENDINGS) else ""))
        elif 0x20 < byte < 0x7F:
            parts.append(chr(byte))
        else:
            return None
    return "".join(parts)


def _telemetry(frame: bytes) -> Frame | None:
    if len(frame) == 14 and frame[1] == 0:
        temperature = _signed(frame[4:6])
        about: dict[str, Any] = {
            "version": 0,
            "battery_mv": int.from_bytes(frame[2:4], "big"),
            "temperature_c": None if temperature == NO_TEMPERATURE else temperature / 256,
            "adverts": int.from_bytes(frame[6:10], "big"),
            "uptime_s": int.from_bytes(frame[10:14], "big") / 10,
        }
        return Frame("eddystone-tlm", about)
    if len(frame) == 18 and frame[1] == 1:
        about = {
            "version": 1,
            "encrypted": frame[2:14].hex(),
            "salt": frame[14:16].hex(),
            "mic": frame[16:].hex(),
        }
        return Frame("eddystone-tlm", about)
    return None


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)
