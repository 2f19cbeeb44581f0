"""NDEF messages (NFC Forum NDEF 1.0; RTD URI, Text, Smart Poster) and the rules that find a number there."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from drivers.codecs.tags.ndef_wire import ABSOLUTE_URI, EXTERNAL, MIME, WELL_KNOWN, split
from drivers.codecs.tags.ndef_wire import MAX_RECORDS as MAX_RECORDS
from drivers.codecs.tags.ndef_wire import NdefError as NdefError
from drivers.reader import Token

RecordKind = Literal["uri", "text", "mime", "external"]

MAX_BYTES: Final = 4096
MAX_DEPTH: Final = 3
MAX_SUBJECT: Final = (
    512  # characters that a rule is tried on: a tag has hundreds of bytes, and patterns take time
)
# RTD URI 1.0, table 3: the first byte of the payload stands for one of these.
PREFIXES: Final = (
    "",
    "http://www.",
    "https://www.",
    "http://",
    "https://",
    "tel:",
    "mailto:",
    "ftp://anonymous:anonymous@",
    "ftp://ftp.",
    "ftps://",
    "sftp://",
    "smb://",
    "nfs://",
    "ftp://",
    "dav://",
    "news:",
    "telnet://",
    "imap:",
    "rtsp://",
    "urn:",
    "pop:",
    "sip:",
    "sips:",
    "tftp:",
    "btspp://",
    "btl2cap://",
    "btgoep://",
    "tcpobex://",
    "irdaobex://",
    "file://",
    "urn:epc:id:",
    "urn:epc:tag:",
    "urn:epc:pat:",
    "urn:epc:raw:",
    "urn:epc:",
    "urn:nfc:",
)


@dataclass(frozen=True, slots=True)
class NdefRule:
    """The first record of this kind that `match` finds gives its first group as the value."""

    record: RecordKind
    match: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Record:
    """A record that rules can look at. `text` is the URI or text, or a payload that is UTF-8."""

    kind: RecordKind
    type: str
    text: str = field(repr=False)


def records(message: bytes) -> tuple[Record, ...]:
    """The records of a message, those inside smart posters included, in order; raises NdefError."""
    if len(message) > MAX_BYTES:
        raise NdefError(f"ndef: longer than {MAX_BYTES} bytes")
    return tuple(_records(message, depth=1, seen=[0]))


def find(message: bytes, rules: Sequence[NdefRule]) -> Token | None:
    """The token of the first rule that matches a record; raises NdefError."""
    found = records(message)
    for rule in rules:
        for record in found:
            if record.kind != rule.record:
                continue
            for subject in _subjects(record):
                match = rule.match.search(subject)
                if match is not None and match[1]:
                    return Token("ndef", match[1], "weak", {"record": rule.record})
    return None


def _subjects(record: Record) -> tuple[str, ...]:
    """What a rule is tried on: the content, and for mime and external also `type:content`. Long ones are no match."""
    both = (record.text,) if record.kind in ("uri", "text") else (record.text, f"{record.type}:{record.text}")
    return tuple(each for each in both if len(each) <= MAX_SUBJECT)


def _records(message: bytes, *, depth: int, seen: list[int]) -> Iterator[Record]:
    if depth > MAX_DEPTH:
        raise NdefError(f"ndef: smart posters nested more than {MAX_DEPTH} deep")
    for raw in split(message):
        tnf, kind, payload = raw.tnf, raw.type, raw.payload
        seen[0] += 1
        if seen[0] > MAX_RECORDS:
            raise NdefError(f"ndef: more than {MAX_RECORDS} records")
        if tnf == WELL_KNOWN and kind == b"Sp":
            yield from _records(payload, depth=depth + 1, seen=seen)
        elif tnf == WELL_KNOWN and kind == b"U":
            yield Record("uri", "U", _uri(payload))
        elif tnf == WELL_KNOWN and kind == b"T":
            yield Record("text", "T", text(payload))
        elif tnf == ABSOLUTE_URI:
            yield Record("uri", "", _decode(kind, "utf-8"))
        elif tnf in (MIME, EXTERNAL):
            name: RecordKind = "mime" if tnf == MIME else "external"
            yield Record(name, _decode(kind, "ascii").lower(), payload.decode(errors="replace"))


def _uri(payload: bytes) -> str:
    if not payload:
        raise NdefError("ndef: a URI record is empty")
    prefix = PREFIXES[payload[0]] if payload[0] < len(PREFIXES) else ""
    return prefix + _decode(payload[1:], "utf-8")


def text(payload: bytes) -> str:
    """The text of an RTD Text payload, its language left out; raises NdefError."""
    if not payload or len(payload) < 1 + (payload[0] & 0x3F):
        raise NdefError("ndef: a text record is too short")
    body = payload[1 + (payload[0] & 0x3F) :]
    if not payload[0] & 0x80:
        return _decode(body, "utf-8")
    marked = body.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
    return _decode(body, "utf-16" if marked else "utf-16-be")


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise NdefError(f"ndef: not {encoding}") from None
