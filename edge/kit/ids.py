"""Identifiers: UUIDv7 (RFC 9562 section 5.7) as 16 bytes, ascending within this process; UUIDv8 of a hash."""

import os
import threading
from collections.abc import Callable
from uuid import UUID

from edge.kit.clock import Clock

NewId = Callable[[], bytes]


def uuid7_source(clock: Clock, *, random: Callable[[int], bytes] = os.urandom) -> NewId:
    """A source of ids that sort by time of making, also when the clock stands still or steps back."""
    lock = threading.Lock()
    last_ms, counter = 0, 0

    def new_id() -> bytes:
        nonlocal last_ms, counter
        with lock:
            now_ms = clock.wall_ms()
            if now_ms > last_ms:
                last_ms, counter = now_ms, int.from_bytes(random(2)) & 0x7FF
            else:
                counter += 1
                if counter > 0xFFF:  # 12 bits of rand_a are the counter (RFC 9562 section 6.2 method 1)
                    last_ms, counter = last_ms + 1, 0
            head = last_ms.to_bytes(6) + (0x7000 | counter).to_bytes(2)
        tail = bytearray(random(8))
        tail[0] = 0x80 | (tail[0] & 0x3F)
        return head + bytes(tail)

    return new_id


def first_id(at_ms: int) -> bytes:
    """Every UUIDv7 that is made before `at_ms` (Unix time) is smaller: its first 48 bits are the instant."""
    return max(0, at_ms).to_bytes(6)


def uuid8(digest: bytes) -> UUID:
    """A UUID of our own making (RFC 9562 section 5.8) out of the first 16 bytes of a hash."""
    said = bytearray(digest[:16])
    said[6] = 0x80 | (said[6] & 0x0F)
    said[8] = 0x80 | (said[8] & 0x3F)
    return UUID(bytes=bytes(said))
