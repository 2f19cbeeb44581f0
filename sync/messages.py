"""What a shop and the hub say to each other, message by message; `sync.wire` makes bytes of it and back.

Readers ignore fields they do not know, so a field may be added without a new version.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta, Raw, Struct

from sync.rows import Count, Hex16, Hex32, Kind, Name, Said, Seq

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
    hash: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")] = (
        ""  # the chain up to `ack.seq`, as the hub holds it
    )
    rejected: Annotated[list[Rejection], Meta(max_length=BATCH_EVENTS)] = []
    throttle_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0
    hub_epoch: Seq
    hub_time_ms: Count


GuestFound = Literal["coming", "blocked", "nobody"]
Sealed = Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){0,512}$(?!\n)")]


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
    """Body of the event `wallet_moved`: one line of a shop's ledger; `stay` is that of the row `guest`."""

    line_id: Hex16
    customer_id: Hex16
    instrument: Literal["points", "stamps"]
    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    why: Literal["purchase", "reward", "correction"]
    stay: Annotated[str, Meta(pattern=r"^([0-9]{1,15}\.[0-9a-f]{64})?$(?!\n)")] = ""


# What ends the sending of facts until a person gives the box a new epoch: as `trouble` it is said to headquarters.
PARTED: Final = frozenset({"WRONG_EPOCH", "FORKED", "BROKEN_CHAIN", "HUB_AHEAD", "HUB_BEHIND"})


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
    boot: Annotated[str, Meta(max_length=32)] = (
        ""  # of the process that says so, by chance: a copy has another
    )


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details with a stable `code` and the next step; nothing personal."""

    code: Annotated[str, Meta(pattern=r"^[A-Z0-9_]{1,64}$(?!\n)")]
    title: Annotated[str, Meta(max_length=500)] = ""
    status: Annotated[int, Meta(ge=100, le=599)] = 500
    hint: Annotated[str, Meta(max_length=500)] = ""
    hub_time_ms: Count | None = None


EMPTY: Final = Raw(b"{}")  # the body of a row or fact that an erasure blanked
