"""The messages between a shop and the hub, and their version: the contract both sides are held to.

Everything is newline-delimited JSON with a `schema` in each message. Readers ignore fields they do not know,
so a field may be added without a new version. What comes off the wire is hostile until it went through a
`decode_…` of this module, and those raise nothing but Malformed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

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

SCHEMA: Final = 2  # 2: rows that were overtaken are left out, and the next one says how many (`skips`)
OLDEST: Final = SCHEMA - 1  # that is still sent rows; facts are taken from every version

EVENTS_PATH: Final = "/sync/v1/events"
FEED_PATH: Final = "/sync/v1/feed"
STATUS_PATH: Final = "/sync/v1/status"
GUEST_PATH: Final = "/sync/v1/guest"

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 1 << 20
EVENT_BYTES: Final = 64 << 10  # one line; so that one fact can never fill a batch
PAGE_ROWS: Final = 2000
PAGE_BYTES: Final = 4 << 20
ROW_BYTES: Final = 64 << 10
ANSWER_BYTES: Final = 64 << 10  # 500 rejections fit
ONCE_CHARS: Final = 32
WAIT_S: Final = 25  # below the 30 s at which proxies tend to cut a silent request

Op = Literal["put", "del", "erase"]


class WireError(Exception):
    """What failed (the message), a stable code, what to do next, whether trying again can help."""

    retry = False

    def __init__(self, message: str, *, code: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class Malformed(WireError):
    """Bytes that are not the message they should be."""


class Unreachable(WireError):
    """No line to the hub, or no sense on it: try again soon."""

    retry = True


class Refused(WireError):
    """The hub answered no, or answered what must not be believed: a person has to look."""


class Event(Struct, frozen=True, omit_defaults=True):
    """One fact of a shop. `body` stays byte-exact, because the hash chain is over those bytes.

    `hash` (hex) is there only when an erasure blanked the body: the chain then goes on from it.
    """

    seq: Seq
    at_ms: Count
    kind: Kind
    body: Raw
    hash: Hex32 | None = None


class Batch(Struct, frozen=True):
    """Facts in order, dense from `from_seq`; `prev_hash` (32 bytes) is the chain before the first of them."""

    epoch: int
    from_seq: int
    prev_hash: bytes
    events: Sequence[Event]

    @property
    def last_seq(self) -> int:
        return self.from_seq + len(self.events) - 1


class Envelope(Struct, frozen=True):
    """First line of an upload."""

    device: Name
    epoch: Seq
    from_seq: Seq
    schema: Count
    prev_hash: Hex32


class Ack(Struct, frozen=True):
    """The hub holds everything of this epoch up to `seq`."""

    epoch: Seq
    seq: Count


class Rejection(Struct, frozen=True):
    """A fact the hub keeps as a dead letter: it holds it, and does nothing with it."""

    seq: Seq
    code: Annotated[str, Meta(max_length=64)]


class Answer(Struct, frozen=True, kw_only=True):
    """What the hub says to an upload."""

    schema: Seq = SCHEMA
    ack: Ack
    hash: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = (
        ""  # the chain up to `ack.seq`, as the hub holds it
    )
    rejected: Annotated[list[Rejection], Meta(max_length=BATCH_EVENTS)] = []
    throttle_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0
    hub_epoch: Seq
    hub_time_ms: Count


GuestFound = Literal["coming", "blocked", "nobody"]
Sealed = Annotated[str, Meta(pattern="^([0-9a-f]{2}){0,512}$")]


class GuestAsk(Struct, frozen=True, kw_only=True):
    """Whose card is this? `card` (hex): the inner hash, sealed with the shop's transport key (`guest_place`)."""

    schema: Seq = SCHEMA
    card: Sealed


class GuestAnswer(Struct, frozen=True, kw_only=True):
    """`coming`: the shop's main partition says who it is up to `cursor`."""

    schema: Seq = SCHEMA
    found: GuestFound
    cursor: Count = 0
    hub_time_ms: Count


class Row(Struct, frozen=True, omit_defaults=True):
    """One row of a partition. The types `t` and their `d` are those of BODIES.

    `skips`: so many seqs directly before it are no longer there, because later rows overtook them.
    """

    p: Name
    seq: Seq
    op: Op
    t: Kind
    id: Annotated[str, Meta(min_length=1, max_length=256)]
    ver: Count
    d: Raw
    skips: Count = 0


class Checkpoint(Struct, frozen=True, kw_only=True):
    """Closes a page. `digest` is SHA-256 (hex) over the row lines with their line ends.

    `keys` are the hub's public keys, the current and the next (hex); none at a hub of an earlier version. `once` is
    the word that came with the question, so that a page of before, signed as it is, answers nothing else.
    """

    part: Name
    cursor: Count
    rows: Count
    digest: Hex32
    up_to_date: bool
    hub_time_ms: Count
    hub_epoch: Seq = 1
    keys: Annotated[list[Hex32], Meta(max_length=2)] = []
    once: Annotated[str, Meta(max_length=ONCE_CHARS)] = ""
    schema: Seq = SCHEMA


class Signed(Struct, frozen=True):
    """Bytes under the hub's signature (base64), and the id of the key that made it; see `sync.signet`."""

    content: bytes
    key: str = ""
    sig: str = ""


class _Closing(Struct, frozen=True, omit_defaults=True):
    checkpoint: Raw
    key: Annotated[str, Meta(max_length=16)] = ""
    sig: Annotated[str, Meta(max_length=128)] = ""


class Page(Struct, frozen=True):
    """Rows dense after the cursor that was asked for, and the checkpoint to store with them, as it was signed."""

    rows: Sequence[Row]
    checkpoint: Checkpoint
    signed: Signed


class ConsentWithdrawn(Struct, frozen=True, kw_only=True):
    """Body of the event `consent_withdrawn`: accepted from any shop, for withdrawing needs nobody's leave."""

    customer_id: Hex16
    purpose: Kind
    recipient: Name
    gen: Seq
    said: Said | None = None


class WalletMoved(Struct, frozen=True, kw_only=True):
    """Body of the event `wallet_moved`: one line of a shop's ledger."""

    line_id: Hex16
    customer_id: Hex16
    instrument: Literal["points", "stamps"]
    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    why: Literal["purchase", "reward", "correction"]


class ReaderHealth(Struct, frozen=True, omit_defaults=True):
    """One reader by the name that the settings give it; `code` says why it is out, empty while it reads."""

    name: Annotated[str, Meta(max_length=64)]
    code: Annotated[str, Meta(max_length=64)] = ""


class Status(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a box does: machines and counts, about nobody. `clock_ms` is its own clock, whatever the hub says."""

    version: Annotated[str, Meta(max_length=64)]
    clock_ms: Count
    schema: Seq = SCHEMA
    urgent: Count = 0  # seq of the last applied row of each partition
    main: Count = 0
    outbox: Count = 0  # facts that wait
    outbox_oldest_s: Count = 0  # since when the first of them does
    disk_free_mb: Count | None = None
    readers: Annotated[list[ReaderHealth], Meta(max_length=100)] = []
    trouble: Annotated[str, Meta(max_length=64)] = ""  # code of what keeps the box from its work
    rules: Annotated[str, Meta(max_length=64)] = ""  # id of the rules that its advice is made by


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details with a stable `code` and the next step; nothing personal."""

    code: Annotated[str, Meta(pattern="^[A-Z0-9_]{1,64}$")]
    title: Annotated[str, Meta(max_length=500)] = ""
    status: Annotated[int, Meta(ge=100, le=599)] = 500
    hint: Annotated[str, Meta(max_length=500)] = ""
    hub_time_ms: Count | None = None


EMPTY: Final = Raw(b"{}")  # the body of a row or fact that an erasure blanked

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
