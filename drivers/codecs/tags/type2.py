"""The NDEF message of an NFC Forum Type 2 Tag (NTAG21x, Ultralight): READ, capability container, TLVs."""

from typing import Final

from drivers.codecs.dialogue import Damaged, Frames

READ: Final = 0x30
BLOCK: Final = 16  # bytes of one READ: four pages
DATA: Final = 16  # where the TLV area begins
SECTOR: Final = 1024  # bytes reachable without SECTOR SELECT; no message we take is longer
NDEF_MAGIC: Final = 0xE1
NULL, NDEF, END = 0x00, 0x03, 0xFE


def read() -> Frames[bytes | None]:
    """The message's bytes, or None for a tag that has none we may read; raises Damaged."""
    memory = bytearray()
    head = yield bytes([READ, 0])
    if len(head) != BLOCK:
        return None  # NAK: its memory wants a password, or it is no Type 2 Tag
    memory += head
    magic, version, size, access = head[12:16]
    if magic != NDEF_MAGIC or version >> 4 != 1 or access >> 4 != 0:
        return None
    end = min(DATA + size * 8, SECTOR)
    at = DATA
    while at < end:
        yield from _fill(memory, min(at + 4, end))
        tag = memory[at]
        if tag == NULL:
            at += 1
            continue
        if tag == END:
            return None
        if at + 1 >= end:
            break
        length, at = memory[at + 1], at + 2
        if length == 0xFF:
            if at + 2 > end:
                break
            length, at = int.from_bytes(memory[at : at + 2], "big"), at + 2
        if tag == NDEF:
            if at + length > end:
                break
            yield from _fill(memory, at + length)
            return bytes(memory[at : at + length])
        at += length  # lock control, memory control, proprietary
    raise Damaged("type 2: a TLV runs past the end of the memory")


def _fill(memory: bytearray, until: int) -> Frames[None]:
    while len(memory) < until:
        block = yield bytes([READ, len(memory) // 4])
        if len(block) != BLOCK:
            raise Damaged("type 2: a block inside the declared size cannot be read")
        memory += block
