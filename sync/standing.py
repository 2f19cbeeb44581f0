"""What a device and the hub say about the device itself, beside facts and rows."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from sync.rows import Count, Seq
from sync.wire import SCHEMA

DEVICE_PATH: Final = "/sync/v1/device"


class Standing(Struct, frozen=True, kw_only=True):
    """The epoch of a device; of the epoch it asked about what is held, and the chain (hex) at the seq asked for."""

    schema: Seq = SCHEMA
    epoch: Seq
    held: Count
    hash: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    hub_epoch: Seq
    hub_time_ms: Count


def encode(message: Struct) -> bytes:
    return msgspec.json.encode(message)
