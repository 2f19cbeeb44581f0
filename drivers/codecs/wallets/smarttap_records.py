"""The records of Google Smart Tap 2.1: NDEF messages inside records, named by type or by id."""

from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.dialogue import Damaged
from drivers.codecs.tags import ndef
from drivers.codecs.tags.ndef_wire import EXTERNAL, WELL_KNOWN, NdefError, Raw, join, split

VERSION: Final = b"\x00\x01"  # "2.1"
SPOKEN: Final = 1
BINARY: Final = b"\x04"  # the format byte in front of many values: 01 ASCII, 02 UTF-8, 03 UTF-16, 05 BCD
STATUS_OK: Final = 1
PASSES_ONLY_ZLIB: Final = bytes.fromhex(
    "4000000001"
)  # what the reader can do: inflate; tap mode: passes only
EVERYTHING: Final = b"\x00"  # service type: a filter for loyalty misses generic passes
MAX_NUMBER: Final = 2048  # characters: the longest that Google's console takes is far shorter
ISSUER: Final = b"i"
CUSTOMER: Final = b"cus"


@dataclass(frozen=True, slots=True)
class Session:
    """Where the talk stands: our 8 random bytes, the sequence, and how the last command went."""

    id: bytes
    sequence: int
    status: int = STATUS_OK

    def next(self, step: int = 1) -> "Session":
        return Session(self.id, self.sequence + step & 0xFF)


@dataclass(frozen=True, slots=True)
class PassObject:
    """One object of a bundle: its record type, its id in hex without its format byte, its redemption value."""

    kind: str
    oid: str = field(repr=False)
    number: str | None = field(repr=False)


def named(message: bytes, name: bytes) -> Raw | None:
    """The first record of this name: external records have it in `type`, well-known ones in `id`."""
    return next((each for each in split(message) if name in (each.type, each.id)), None)


def negotiate(session: Session, *, handshake: bytes, collector_id: bytes, signature: bytes) -> bytes:
    """The data of NEGOTIATE; `handshake` is nonce, live bit, ephemeral key and key version in a row."""
    inner = join(_external(b"sig", BINARY + signature), _external(b"cld", BINARY + collector_id))
    request = join(_session(session), _external(b"cpr", handshake + inner))
    return join(_external(b"ngr", VERSION + request))


def get_data(session: Session, *, collector_id: bytes) -> bytes:
    """The data of GET DATA: all objects of this collector."""
    request = join(
        _session(session),
        _external(b"mer", join(_external(b"cld", BINARY + collector_id))),
        _external(b"slr", join(_external(b"str", EVERYTHING))),
        _external(b"pcr", PASSES_ONLY_ZLIB),
    )
    return join(_external(b"srq", VERSION + request))


def answer(message: bytes, name: bytes, content: bytes) -> tuple[Session, bytes | None]:
    """The session of a response `name`, and the payload of its record `content` if there; raises Damaged."""
    outer = named(message, name)
    session = None if outer is None else named(outer.payload, b"ses")
    if outer is None or session is None or len(session.payload) != 10:
        raise Damaged("smart tap: an answer without its session")
    found = named(outer.payload, content)
    state = Session(session.payload[:8], session.payload[8], session.payload[9])
    return state, None if found is None else found.payload


def nonce_of_selection(data: bytes) -> bytes | None:
    """The phone's nonce in the answer to SELECT; None where it does not speak 2.1. Raises Damaged."""
    if len(data) < 4:
        raise Damaged("smart tap: a selection without its versions")
    lowest, highest = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if not lowest <= SPOKEN <= highest:
        return None
    found = named(data[4:], b"mdn")
    if found is None or len(found.payload) != 33:
        raise Damaged("smart tap: a selection without its nonce")
    return found.payload[1:]


def objects(bundle: bytes) -> tuple[PassObject, ...]:
    """The objects of a bundle in its order, the customer record left out; raises Damaged."""
    found = []
    for service in split(bundle):
        if b"asv" not in (service.type, service.id):
            continue
        for each in split(service.payload):
            kind = each.type if each.tnf == EXTERNAL else each.id
            if kind not in (ISSUER, CUSTOMER):
                found.append(_object(kind, each.payload))
    return tuple(found)


def _object(kind: bytes, payload: bytes) -> PassObject:
    try:
        name = kind.decode("ascii")
    except UnicodeDecodeError:
        raise NdefError("ndef: a record type is not ASCII") from None
    oid, number = named(payload, b"oid"), named(payload, b"n")
    return PassObject(
        name,
        "" if oid is None else oid.payload[1:].hex(),
        None if number is None else _number(number),
    )


def _number(record: Raw) -> str | None:
    """Text as RTD Text has it, else behind a format byte; None for an empty or overlong one."""
    if record.tnf == WELL_KNOWN and record.type == b"T":
        number = ndef.text(record.payload)
    else:
        kind, value = record.payload[:1], record.payload[1:]
        if kind == BINARY:
            number = value.hex()
        elif kind == b"\x05":
            number = value.hex().rstrip("f")
        else:
            try:
                number = value.decode("utf-16-be" if kind == b"\x03" else "utf-8")
            except UnicodeDecodeError:
                raise Damaged("smart tap: a number is not text") from None
    return number if 0 < len(number) <= MAX_NUMBER else None


def _external(name: bytes, payload: bytes) -> Raw:
    return Raw(EXTERNAL, name, payload)


def _session(session: Session) -> Raw:
    return _external(b"ses", session.id + bytes([session.sequence, session.status]))
