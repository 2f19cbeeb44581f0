"""What was held to a reader and is nobody's visit, for minutes and in memory alone: for staff to know and go on with.

Of strangers it keeps the keyed hashes of the card, in case its owner wants to become known; of whom wants to stay
unknown, until the next presentation, whose balance the card opens. Beside these notes the last product and the last
fob.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from drivers.codecs.printed.fob import Fob
from drivers.reader import Outcome
from edge.display import Display, Said
from edge.facts import Fact
from edge.kit.clock import ShopTime
from edge.kit.ids import NewId
from edge.kit.sqlite import Database
from edge.live import Live
from edge.recognition import tables
from edge.recognition.evidence import WEAK, Proof
from edge.recognition.rules import Hashes

# Of nobody, of somebody unnamed, or in place of a token: what a reader could not do (drivers.reader.Outcome).
NoteKind = Literal["stranger", "withheld", "blocked", "expired"] | Outcome

# An unknown card can be offered something while its owner stands there; after that it is only clutter.
NOTE_MS: Final = 3 * 60_000
# At the counter there is one person at a time: more notes than this are no longer about anybody present.
MAX_NOTES: Final = 3
NOBODY: Final = (b"", b"")  # customer and credential


@dataclass(frozen=True, slots=True)
class Note:
    """Something for staff to know that is about nobody: kept in memory only, for `NOTE_MS`."""

    kind: NoteKind
    reader: str
    at_ms: int
    # Of an unknown card, or one that saves without a name: it can become somebody's while its owner stands there.
    card: Hashes | None = field(default=None, repr=False, compare=False)
    # Of somebody who is ours and wants to stay unknown: whose balance the card opens, and what stands in the ledger
    # and the view log in place of a visit.
    customer_id: bytes = field(default=b"", repr=False, compare=False)
    id: bytes = field(default=b"", repr=False, compare=False)
    # By which card: it may be blocked meanwhile.
    credential: bytes = field(default=b"", repr=False, compare=False)
    proof: Proof = WEAK  # what it proved

    @property
    def key(self) -> str:
        """What an address may call it: it says nothing about anybody."""
        return f"{self.kind}-{self.at_ms}"


# What the display says of what staff are told. Who does not want to be recognised, or whose card is blocked, is
# nobody else's business: both are only "read".
DISPLAYED: Final[dict[NoteKind, Said]] = {
    "stranger": "stranger",
    "withheld": "withheld",
    "blocked": "withheld",
    "expired": "replayed",
    "locked": "locked",
    "no_pass": "no_pass",
    "choose_pass": "choose_pass",
    "unknown_merchant": "unknown_merchant",
    "forged": "forged",
    "replayed": "replayed",
    "unreadable": "unreadable",
    "refused": "refused",
}


@dataclass(frozen=True, slots=True)
class Scanned:
    """The product that was last held to a reader; `item` is empty for a bar code of no product of ours."""

    item: str
    code: str
    reader: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class FobRead:
    """A fob whose code was just held to a reader, to become somebody's. Its key is a secret: in memory alone."""

    fob: Fob = field(repr=False)
    reader: str
    at_ms: int


class Notes:
    """One a house, used from its event loop. What it takes in, tablets and the display are told of."""

    def __init__(
        self, db: Database[Fact], live: Live, time: ShopTime, new_id: NewId, *, display: Display
    ) -> None:
        self._db = db
        self._live = live
        self._time = time
        self._new_id = new_id
        self._display = display
        self._notes: deque[Note] = deque(maxlen=MAX_NOTES)
        self._scanned: Scanned | None = None
        self._fob: FobRead | None = None
        self._end: asyncio.TimerHandle | None = None

    def of(self, key: str) -> Note | None:
        """The note of this name, None when it is over."""
        return next((note for note in self.now() if note.key == key), None)

    def drop(self, note: Note) -> None:
        """Its card became somebody's, or is in the hands of the page that will make it so."""
        if note in self._notes:
            self._notes.remove(note)
        self._live.tell("visits")

    def drop_closed(self) -> None:
        """A card was blocked, or its owner erased: a note of it opens nothing any more."""
        for note in list(self._notes):
            if note.customer_id and not tables.opens(self._db.reader, note.credential, note.customer_id):
                self.drop(note)

    def now(self) -> list[Note]:
        """What staff should know about presentations of nobody, newest first."""
        oldest_ms = self._time.now_ms() - NOTE_MS
        while self._notes and self._notes[0].at_ms < oldest_ms:
            self._notes.popleft()
        return list(reversed(self._notes))

    def clear(self) -> None:
        """Somebody was recognised: staff have their card to look at."""
        self._notes.clear()

    def hold_product(self, scanned: Scanned) -> None:
        """The product that was just scanned, for the tablets."""
        self._scanned = scanned
        self._live.tell("products")
        self._live.tell("visits")

    def scanned(self) -> Scanned | None:
        """The product that was last scanned, for `NOTE_MS`."""
        if self._scanned and self._scanned.at_ms < self._time.now_ms() - NOTE_MS:
            self._scanned = None
        return self._scanned

    def hold_fob(self, fob: FobRead) -> None:
        """The fob that was just held to a reader, for the page on which it becomes somebody's."""
        self._fob = fob
        asyncio.get_running_loop().call_later(NOTE_MS / 1000 + 0.1, self.fob)
        self._live.tell("fob")

    def fob(self) -> FobRead | None:
        """The fob that was last held to a reader, for `NOTE_MS`."""
        if self._fob and self._fob.at_ms < self._time.now_ms() - NOTE_MS:
            self._fob = None
        return self._fob

    def fob_done(self) -> None:
        """It became somebody's, or nobody wants it: its key is not kept."""
        self._fob = None

    def stopped(self, reader: str) -> None:
        """The customer whose card was open no longer wants to be recognised: say how to go on, not about whom."""
        self.add("withheld", reader, self._time.now_ms())

    def add(
        self,
        kind: NoteKind,
        reader: str,
        now_ms: int,
        *,
        card: Hashes | None = None,
        owner: tuple[bytes, bytes] = NOBODY,
        shown: Proof = WEAK,
    ) -> None:
        """`card` of an unknown one, `owner` of who wants to stay unknown, `shown` what the card proved."""
        # Whoever comes next must not find the balance of who stood there before.
        for place, held in enumerate(self._notes):
            if held.customer_id:
                self._notes[place] = replace(held, customer_id=b"", id=b"", credential=b"")
        customer_id, presented = owner
        id_ = self._new_id() if customer_id else b""
        self._notes.append(Note(kind, reader, now_ms, card, customer_id, id_, presented, shown))
        self._live.tell("visits")
        self._display.say(DISPLAYED[kind], reader, now_ms=now_ms)
        self._forget_later()

    def _forget_later(self) -> None:
        """Let a card go when its note ends, though nobody asks for the notes any more."""
        if self._end is None and any(note.card or note.customer_id for note in self._notes):
            self._end = asyncio.get_running_loop().call_later(NOTE_MS / 1000 + 0.1, self._forget)

    def _forget(self) -> None:
        self._end = None
        self.now()
        self._forget_later()
