"""Pokes: that a partition grew, never by what. One connection a shop carries both of its partitions."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from sync.wire import Count, Malformed, Name, decode_as

URGENT_PATH: Final = "/sync/v1/urgent"
BEAT_S: Final = 15.0  # below the 30 s at which proxies tend to cut a silent connection
LINE_BYTES: Final = 512
BEAT: Final = b": beat\n\n"


class Poke(Struct, frozen=True):
    """The partition stands at `cursor`; `kind` says which lane it is."""

    part: Name
    cursor: Count
    kind: Literal["urgent", "rows"]


def encode(poke: Poke) -> bytes:
    """One server-sent event (HTML Living Standard 9.2)."""
    return b"data: " + msgspec.json.encode(poke) + b"\n\n"


class Reading:
    """Pokes out of the bytes of a stream, however they are cut; raises Malformed for what is none."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Poke]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if max(map(len, (*lines, self._rest))) > LINE_BYTES:
            raise Malformed(
                "a poke is too long", code="TOO_LARGE", hint="see what stands between shop and hub"
            )
        return [decode_as(line[5:].strip(), Poke) for line in lines if line.startswith(b"data:")]
