"""The wire format of NDEF messages (NFC Forum NDEF 1.0, 2.6 and 3.2): records apart, and records together."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.dialogue import Damaged

MAX_RECORDS: Final = 16  # that mean something in one message
MAX_CHUNKS: Final = 4 * MAX_RECORDS
WELL_KNOWN, MIME, ABSOLUTE_URI, EXTERNAL, UNCHANGED = 1, 2, 3, 4, 6
BEGIN, END, CHUNK, SHORT, HAS_ID, TNF = 0x80, 0x40, 0x20, 0x10, 0x08, 0x07


class NdefError(Damaged):
    """Damaged or over the caps; the text names the place, never the content."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One record, chunks joined; `id` is its first chunk's."""

    tnf: int
    type: bytes = field(repr=False)  # of an absolute URI it is the address
    payload: bytes = field(repr=False)
    id: bytes = field(default=b"", repr=False)


def split(message: bytes) -> Iterator[Raw]:
    """The records of a message, one level; raises NdefError."""
    at, ended, count = 0, not message, 0
    chunk: Raw | None = None
    while not ended:
        head, kind_length = _take(message, at, 2)
        size = 1 if head & SHORT else 4
        length = int.from_bytes(_take(message, at + 2, size), "big")
        at += 2 + size
        id_length = _take(message, at, 1)[0] if head & HAS_ID else 0
        at += 1 if head & HAS_ID else 0
        kind = _take(message, at, kind_length)
        mark = _take(message, at + kind_length, id_length)
        payload = _take(message, at + kind_length + id_length, length)
        at += kind_length + id_length + length
        count += 1
        if count > MAX_CHUNKS:
            raise NdefError("ndef: too many chunks")
        tnf, ended = head & TNF, bool(head & END)
        if chunk is not None:
            if tnf != UNCHANGED:
                raise NdefError("ndef: a chunked record is not finished")
            tnf, kind, payload, mark = chunk.tnf, chunk.type, chunk.payload + payload, chunk.id
        elif tnf == UNCHANGED:
            raise NdefError("ndef: a chunk without its beginning")
        raw = Raw(tnf, kind, payload, mark)
        chunk = raw if head & CHUNK else None
        if chunk is None:
            yield raw
    if chunk is not None:
        raise NdefError("ndef: a chunked record is not finished")


def join(*records: Raw) -> bytes:
    """One message of these records; short ones where the payload is under 256 bytes."""
    message = b""
    for at, each in enumerate(records):
        head = each.tnf | (BEGIN if at == 0 else 0) | (END if at == len(records) - 1 else 0)
        head |= (SHORT if len(each.payload) < 256 else 0) | (HAS_ID if each.id else 0)
        length = len(each.payload).to_bytes(1 if head & SHORT else 4, "big")
        mark = bytes([len(each.id)]) if each.id else b""
        message += bytes([head, len(each.type)]) + length + mark + each.type + each.id + each.payload
    return message


def _take(message: bytes, at: int, length: int) -> bytes:
    if at + length > len(message):
        raise NdefError("ndef: the message ends inside a record")
    return message[at : at + length]
