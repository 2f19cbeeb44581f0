"""What a device and the hub say about the device itself, beside facts and rows."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from sync.rows import Count, Kind, Seq
from sync.wire import SCHEMA, Malformed, decode_as

DEVICE_PATH: Final = "/sync/v1/device"


class Standing(Struct, frozen=True, kw_only=True):
    """The epoch of a device; of the epoch it asked about what is held, and of the seq asked for the chain (hex).

    `at_ms` and `kind` are of the fact at that seq. `of_epoch`, `at_seq` and `once`, a word of whoever asks, say again
    what was asked, for a line may mix answers up, or give one of before. An older hub leaves all five out.
    """

    schema: Seq = SCHEMA
    of_epoch: Seq | None = None
    at_seq: Count | None = None
    once: str | None = None
    epoch: Seq
    held: Count
    hash: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")] = ""
    at_ms: Count | None = None
    kind: Kind | None = None
    hub_epoch: Seq
    hub_time_ms: Count


def standing_of(body: bytes, *, epoch: int, seq: int, once: str) -> Standing:
    """What the hub says to the question after `epoch` and `seq`; raises Malformed, also for another one's answer.

    Taken for the right one it would make the box lose the place up to which both agree: one of before the hub was
    put back says of facts which it lost that it has them.
    """
    said = decode_as(body, Standing)
    asked = (said.of_epoch, epoch), (said.at_seq, seq), (said.once, once)
    if any(answered not in (None, word) for answered, word in asked):
        raise Malformed(
            "the answer is to another question",
            code="OTHER_ANSWER",
            hint="something on the line mixes answers up: look at the proxies between the shop and the hub",
        )
    return said


def encode(message: Struct) -> bytes:
    return msgspec.json.encode(message)
