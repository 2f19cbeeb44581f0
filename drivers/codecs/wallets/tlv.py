"""BER-TLV as cards use it (ISO/IEC 7816-4, 5.2.2): tags and lengths of several bytes, definite lengths only."""

from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.dialogue import Damaged

MAX_TAG: Final = 4  # bytes; no card standard goes beyond 3
MAX_OBJECTS: Final = 256  # side by side; a selection has under ten
MAX_LENGTH: Final = 3  # bytes after 8x: 16 MiB, more than any card answers


@dataclass(frozen=True, slots=True)
class Tlv:
    tag: int
    value: bytes = field(repr=False)


def split(data: bytes) -> tuple[Tlv, ...]:
    """The objects side by side in `data`, padding zeros left out; raises Damaged."""
    found = []
    at = 0
    while at < len(data):
        if data[at] == 0:
            at += 1
            continue
        tag, at = _tag(data, at)
        length, at = _length(data, at)
        if at + length > len(data):
            raise Damaged("tlv: a value runs past the end")
        found.append(Tlv(tag, data[at : at + length]))
        at += length
        if len(found) > MAX_OBJECTS:
            raise Damaged(f"tlv: more than {MAX_OBJECTS} objects")
    return tuple(found)


def value(data: bytes, *path: int) -> bytes | None:
    """The value of the first object at this path of tags, or None; raises Damaged."""
    for tag in path:
        inner = next((each.value for each in split(data) if each.tag == tag), None)
        if inner is None:
            return None
        data = inner
    return data


def encode(tag: int, content: bytes) -> bytes:
    """One object; at most 65,535 bytes of content."""
    length = len(content)
    if length < 0x80:
        size = bytes([length])
    else:
        size = bytes([0x81, length]) if length < 0x100 else b"\x82" + length.to_bytes(2, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + size + content


def _tag(data: bytes, at: int) -> tuple[int, int]:
    end = at + 1
    if data[at] & 0x1F == 0x1F:
        while end < len(data) and data[end] & 0x80:
            end += 1
        end += 1
    if end > len(data) or end - at > MAX_TAG:
        raise Damaged("tlv: a tag is cut or too long")
    return int.from_bytes(data[at:end], "big"), end


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise Damaged("tlv: a length is missing")
    if data[at] < 0x80:
        return data[at], at + 1
    end = at + 1 + (data[at] & 0x7F)
    if not at + 1 < end <= min(len(data), at + 1 + MAX_LENGTH):
        raise Damaged("tlv: a length is cut, indefinite or too long")
    return int.from_bytes(data[at + 1 : end], "big"), end
