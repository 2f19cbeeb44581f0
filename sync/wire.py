"""The messages between a shop and the hub as bytes, and back: the contract both sides are held to.

Everything is newline-delimited JSON with a `schema` in each message. What comes off the wire is hostile until it
went through a `decode_…` of this module, and those raise nothing but Malformed.
"""

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from sync.messages import ANSWER_BYTES as ANSWER_BYTES
from sync.messages import BATCH_BYTES as BATCH_BYTES
from sync.messages import BATCH_EVENTS as BATCH_EVENTS
from sync.messages import EMPTY as EMPTY
from sync.messages import EVENT_BYTES as EVENT_BYTES
from sync.messages import EVENTS_PATH as EVENTS_PATH
from sync.messages import FEED_PATH as FEED_PATH
from sync.messages import GUEST_PATH as GUEST_PATH
from sync.messages import OLDEST as OLDEST
from sync.messages import ONCE_CHARS as ONCE_CHARS
from sync.messages import PAGE_BYTES as PAGE_BYTES
from sync.messages import PAGE_ROWS as PAGE_ROWS
from sync.messages import PARTED as PARTED
from sync.messages import ROW_BYTES as ROW_BYTES
from sync.messages import SCHEMA as SCHEMA
from sync.messages import STATUS_PATH as STATUS_PATH
from sync.messages import WAIT_S as WAIT_S
from sync.messages import Ack as Ack
from sync.messages import Answer as Answer
from sync.messages import Batch as Batch
from sync.messages import Checkpoint as Checkpoint
from sync.messages import ConsentWithdrawn as ConsentWithdrawn
from sync.messages import Envelope as Envelope
from sync.messages import Event as Event
from sync.messages import GuestAnswer as GuestAnswer
from sync.messages import GuestAsk as GuestAsk
from sync.messages import GuestFound as GuestFound
from sync.messages import Malformed as Malformed
from sync.messages import Op as Op
from sync.messages import Page as Page
from sync.messages import Problem as Problem
from sync.messages import ReaderHealth as ReaderHealth
from sync.messages import Refused as Refused
from sync.messages import Rejection as Rejection
from sync.messages import Row as Row
from sync.messages import Sealed as Sealed
from sync.messages import Signed as Signed
from sync.messages import Status as Status
from sync.messages import Unreachable as Unreachable
from sync.messages import WalletMoved as WalletMoved
from sync.messages import WireError as WireError
from sync.rows import BODIES as BODIES
from sync.rows import Body as Body
from sync.rows import Consent as Consent
from sync.rows import Count as Count
from sync.rows import Credential as Credential
from sync.rows import Customer as Customer
from sync.rows import Guest as Guest
from sync.rows import Hex16 as Hex16
from sync.rows import Hex32 as Hex32
from sync.rows import Key as Key
from sync.rows import Kind as Kind
from sync.rows import Model as Model
from sync.rows import Name as Name
from sync.rows import Product as Product
from sync.rows import Said as Said
from sync.rows import Seq as Seq
from sync.rows import Staff as Staff
from sync.rows import Stock as Stock
from sync.rows import TokenKind as TokenKind
from sync.rows import Trait as Trait


class _Closing(Struct, frozen=True, omit_defaults=True):
    checkpoint: Raw
    key: Annotated[str, Meta(max_length=16)] = ""
    sig: Annotated[str, Meta(max_length=128)] = ""


T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_EVENT: Final = msgspec.json.Decoder(Event)
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_ANSWER: Final = msgspec.json.Decoder(Answer)
_ROW: Final = msgspec.json.Decoder(Row)
_CLOSING: Final = msgspec.json.Decoder(_Closing)
_CHECKPOINT: Final = msgspec.json.Decoder(Checkpoint)
_PROBLEM: Final = msgspec.json.Decoder(Problem)


def main_part(shop: str) -> str:
    """The partition of everything resident in a shop."""
    return f"shop:{shop}"


def urgent_part(shop: str) -> str:
    """The partition drained before all else: withdrawn consents, blocks, erasures and keys."""
    return f"shop:{shop}:urgent"


def shop_of(part: str) -> str:
    """Whose a shop's partition is."""
    return part.split(":")[1]


def fit(batch: Batch) -> Batch:
    """The longest prefix of `batch` that goes in one upload; raises Malformed on a fact over the cap."""
    room = BATCH_BYTES - 512  # the envelope
    for count, event in enumerate(batch.events):
        size = len(event.body) + 256
        if size > EVENT_BYTES:
            raise _malformed(f"fact {event.seq} is over {EVENT_BYTES} bytes", code="TOO_LARGE")
        room -= size
        if room < 0 or count == BATCH_EVENTS:
            return msgspec.structs.replace(batch, events=batch.events[:count])
    return batch


def encode_batch(batch: Batch, device: str, *, schema: int = SCHEMA) -> bytes:
    """NDJSON of an upload: the envelope, then a line a fact; `schema` is what both sides know."""
    envelope = Envelope(
        device=device,
        epoch=batch.epoch,
        from_seq=batch.from_seq,
        schema=schema,
        prev_hash=batch.prev_hash.hex(),
    )
    return _lines([_encode(envelope), *map(_encode, batch.events)])


def decode_batch(body: bytes) -> tuple[Envelope, list[Event]]:
    """The upload in `body`, dense from `from_seq` and within the caps."""
    lines = _split(body, most=BATCH_BYTES)
    if len(lines) > BATCH_EVENTS + 1:
        raise _malformed(f"over {BATCH_EVENTS} events", code="TOO_LARGE")
    envelope = _decode(_ENVELOPE, lines[0])
    _known(envelope.schema)
    events = [_decode(_EVENT, line, most=EVENT_BYTES) for line in lines[1:]]
    for seq, event in enumerate(events, envelope.from_seq):
        if event.seq != seq:
            raise _malformed(f"event {event.seq} stands where {seq} belongs", code="MALFORMED")
        if not bytes(event.body).startswith(b"{"):
            raise _malformed(f"the body of event {seq} is no object", code="MALFORMED")
    return envelope, events


def encode_answer(answer: Answer | GuestAnswer) -> bytes:
    return _encode(answer)


def encode_ask(ask: GuestAsk) -> bytes:
    return _encode(ask)


def encode_status(status: Status) -> bytes:
    return _encode(status)


def decode_answer(body: bytes) -> Answer:
    if len(body) > ANSWER_BYTES:
        raise _malformed("the answer is too long", code="TOO_LARGE")
    answer = _decode(_ANSWER, body)
    _known(answer.schema)
    return answer


def encode_row(row: Row) -> bytes:
    """One row line, with its line end."""
    return _encode(row) + b"\n"


def encode_page(
    lines: Iterable[bytes], *, sign: Callable[[bytes], Signed] = Signed, **checkpoint: object
) -> bytes:
    """A page of row lines and its checkpoint; `checkpoint` is all of that but rows and digest."""
    rows = list(lines)
    page = b"".join(rows)
    closing = {"schema": SCHEMA, **checkpoint, "rows": len(rows), "digest": sha256(page).hexdigest()}
    signed = sign(_encode(closing))
    return page + _encode(_Closing(Raw(signed.content), signed.key, signed.sig)) + b"\n"


def decode_page(body: bytes, *, schema: int = SCHEMA, once: str = "") -> Page:
    """The page in `body`, its count and digest verified; whether it is the one asked for says `follows`.

    `once` is what was asked with: a page that says another one is an answer to another question.
    """
    lines = _split(body, most=PAGE_BYTES)
    if len(lines) > PAGE_ROWS + 1:
        raise _malformed(f"over {PAGE_ROWS} rows", code="TOO_LARGE")
    closing = _decode(_CLOSING, lines[-1])
    content = bytes(closing.checkpoint)
    checkpoint = _decode(_CHECKPOINT, content)
    _known(checkpoint.schema, schema)
    _answers(checkpoint, once)
    if checkpoint.rows != len(lines) - 1 or checkpoint.digest != sha256(_lines(lines[:-1])).hexdigest():
        raise _malformed("the page does not match its digest", code="BAD_DIGEST")
    rows = [_decode(_ROW, line, most=ROW_BYTES) for line in lines[:-1]]
    return Page(rows, checkpoint, Signed(content, closing.key, closing.sig))


def _answers(checkpoint: Checkpoint, once: str) -> None:
    if once and checkpoint.once not in ("", once):  # a hub of an earlier version says none
        raise _malformed("the page is the answer to another question", code="OTHER_ANSWER")


def follows(page: Page, part: str, *, after: int) -> None:
    """Raise Malformed unless `page` is of `part`, without a gap after `after`, and its cursor is its last row."""
    if page.checkpoint.part != part or any(row.p != part for row in page.rows):
        raise _malformed(f"the page is not of {part}", code="WRONG_PART")
    at = after
    for number, row in enumerate(page.rows):
        before = row.seq - row.skips - 1
        # The cursor may stand among what the first row skips; between two rows of one page nothing else may be.
        if row.seq <= at or before > at or (number and before != at):
            raise _malformed(f"rows of {part} after {at} are missing", code="FEED_GAP")
        at = row.seq
    if page.checkpoint.cursor != at:
        raise _malformed(f"the cursor of {part} does not stand on its last row", code="FEED_GAP")
    if not page.rows and not page.checkpoint.up_to_date:
        raise _malformed(f"an empty page of {part} says there is more", code="FEED_GAP")


def row_body(row: Row) -> Body | None:
    """The typed `d` of a put, or None for another op or a type of a later version."""
    kind = BODIES.get(row.t) if row.op == "put" else None
    return None if kind is None else decode_as(bytes(row.d), kind)


def decode_as(body: bytes, kind: type[T]) -> T:
    """`body` as one of the message types of this module."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _malformed(_where(error), code="MALFORMED") from None


def encode_problem(problem: Problem) -> bytes:
    return _encode(problem)


def decode_problem(body: bytes, *, status: int) -> Problem:
    """The problem in an error answer; whatever is not one (a proxy's page) becomes `HTTP_<status>`."""
    try:
        return _decode(_PROBLEM, body[:ANSWER_BYTES])
    except Malformed:
        return Problem(status=status, code=f"HTTP_{status}", hint="see what stands between shop and hub")


def _known(schema: int, ours: int = SCHEMA) -> None:
    if schema > ours:
        raise _malformed(f"schema {schema} is newer than {ours}", code="SCHEMA")


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _split(body: bytes, *, most: int) -> list[bytes]:
    if len(body) > most:
        raise _malformed(f"over {most} bytes", code="TOO_LARGE")
    if not body.endswith(b"\n"):
        raise _malformed("the last line is cut off", code="MALFORMED")
    return body[:-1].split(b"\n")


def _decode(decoder: "msgspec.json.Decoder[T]", line: bytes, *, most: int = BATCH_BYTES) -> T:
    if len(line) > most:
        raise _malformed(f"a line over {most} bytes", code="TOO_LARGE")
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _malformed(_where(error), code="MALFORMED") from None


_PATH: Final = re.compile(r"at `\$[\w.\[\]]*`")


def _where(error: Exception) -> str:
    """The path that was wrong, never the value that stood there."""
    place = _PATH.search(str(error))
    return f"not as the contract says{' ' + place.group() if place else ''}"


def _malformed(message: str, *, code: str) -> Malformed:
    return Malformed(
        message, code=code, hint="compare with sync/README.md; between our own sides it is a bug"
    )
