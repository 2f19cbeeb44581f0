"""Zstandard (RFC 8878) for bodies on the line: never unfolded beyond a cap that is known before."""

import threading
from typing import Final

import zstandard

from sync.wire import Malformed

CODING: Final = "zstd"  # its name in HTTP (RFC 9659)
BODY_BYTES: Final = 16 << 20  # of any one body, unfolded
WORTH_BYTES: Final = 512  # below that a packed body is hardly shorter
_WINDOW_BYTES: Final = 8 << 20  # as RFC 9659 allows at most; also what one unfolding may take of memory


class _Tools(threading.local):
    """What packs and unfolds in one thread: to make them for each body takes five times what the body does."""

    def __init__(self) -> None:
        self.packing = zstandard.ZstdCompressor(level=1)
        self.unfolding = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)


_tools: Final = _Tools()


def pack(body: bytes) -> bytes:
    """`body` as one frame that says its size."""
    return _tools.packing.compress(body)


def unpack(packed: bytes, *, most: int) -> bytes:
    """What `packed` unfolds to; raises Malformed (TOO_LARGE beyond `most` or BODY_BYTES, MALFORMED otherwise).

    The frame's own word about its size is not believed: no more than the cap is ever unfolded.
    """
    most = min(most, BODY_BYTES)
    try:
        with _tools.unfolding.stream_reader(packed, read_across_frames=True) as reader:
            body = bytearray()
            while piece := reader.read(min(1 << 20, most + 1 - len(body))):
                body += piece
                if len(body) > most:
                    raise Malformed(
                        f"over {most} bytes when unfolded",
                        code="TOO_LARGE",
                        hint="send less in one body; between our own sides it is a bug",
                    )
    except zstandard.ZstdError:
        raise Malformed(
            "the body is no zstd", code="MALFORMED", hint="something on the line changes it"
        ) from None
    return bytes(body)


def accepts(header: str) -> bool:
    """Whether an `Accept-Encoding` names zstd and does not refuse it (RFC 9110 section 12.5.3)."""
    for each in header.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == CODING:
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
