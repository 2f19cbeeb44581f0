"""A shop's whole replica in one piece: what a box that has nothing, or too little, asks for instead of the feed.

The rows are a file of zstd frames in a row; unfolded it is NDJSON, a line a `Slab` of up to SLAB_ROWS rows of one
type. It may be fetched while it is still being made, from any byte on. What makes it believable comes last: the
`Manifest` with its digest, under the hub's signature.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from sync import wire
from sync.wire import Count, Hex16, Hex32, Kind, Malformed, Name, Seq, Signed

PATH: Final = "/sync/v1/snapshot"
SLAB_ROWS: Final = 500
SLAB_BYTES: Final = 4 << 20  # of a line, unfolded
PIECE_BYTES: Final = 2 << 20  # of the file, in one answer
ANSWER_BYTES: Final = 16 << 10
ERASED: Final = "erased"  # the type of the slabs at the end: customers whom the partitions erase


class Ticket(Struct, frozen=True, kw_only=True):
    """Which snapshot to fetch, from `PATH/id`; `ready`: whether its last byte is written."""

    schema: Seq = wire.SCHEMA
    id: Hex16
    ready: bool


class Manifest(Struct, frozen=True, kw_only=True):
    """What the file holds: the rows as they stood at `cursors` (partition -> seq), all read in one transaction.

    `sha256` (hex) and `bytes` are of the file as it lies there; `rows` how many its slabs have together.
    """

    schema: Seq = wire.SCHEMA
    id: Hex16
    shop: Name
    cursors: Annotated[dict[Name, Count], Meta(max_length=16)]
    rows: Count
    bytes: Count
    sha256: Hex32


class Slab(Struct, frozen=True):
    """A line of the file: rows of one type as a list of [id, ver, d], to be read by the decoder of that type."""

    t: Kind
    rows: Raw


class _Vouched(Struct, frozen=True):
    manifest: Raw
    key: Annotated[str, Meta(max_length=16)]
    sig: Annotated[str, Meta(max_length=128)]


_TICKET: Final = msgspec.json.Decoder(Ticket)
_MANIFEST: Final = msgspec.json.Decoder(Manifest)
_VOUCHED: Final = msgspec.json.Decoder(_Vouched)


def encode_ticket(ticket: Ticket) -> bytes:
    return msgspec.json.encode(ticket)


def decode_ticket(body: bytes) -> Ticket:
    return _decode(_TICKET, body)


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes that the hub signs."""
    return msgspec.json.encode(manifest)


def encode_vouched(signed: Signed) -> bytes:
    """A manifest with its signature, as it goes out."""
    return msgspec.json.encode(_Vouched(Raw(signed.content), signed.key, signed.sig))


def decode_vouched(body: bytes) -> tuple[Manifest, Signed]:
    """The manifest and what was signed; whether the hub signed it says `signet.verify`."""
    vouched = _decode(_VOUCHED, body)
    content = bytes(vouched.manifest)
    return _decode(_MANIFEST, content), Signed(content, vouched.key, vouched.sig)


def _decode(decoder: "msgspec.json.Decoder[wire.T]", body: bytes) -> "wire.T":
    try:
        message = decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Malformed("the answer is no word about a snapshot", code="MALFORMED", hint=_HINT) from None
    if getattr(message, "schema", 0) > wire.SCHEMA:
        raise Malformed("the snapshot is of a later version", code="SCHEMA", hint="update this box")
    return message


_HINT: Final = "compare with sync/README.md; between our own sides it is a bug"
