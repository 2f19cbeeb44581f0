"""The appliance, as far as its agent knows it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from sync import wire

Place = tuple[int, int]  # epoch and seq under which this box has a fact


class Unsaid(NamedTuple):
    """A fact that the hub does not hold where this box has it; `blank`: an erasure took its body."""

    place: Place
    at_ms: int
    kind: str
    body: bytes
    blank: bool


class Told(NamedTuple):
    """Where the hub holds a fact, and its chain up to there."""

    epoch: int
    seq: int
    hash: bytes


class Box(Protocol):
    def waiting(self, limit: int) -> wire.Batch | None:
        """Facts the hub does not hold yet, dense, at most `limit`; None when there are none."""

    async def settle(self, answer: wire.Answer) -> None:
        """The hub holds everything up to `answer.ack.seq`; after it `waiting` starts behind that."""

    def cursor(self, part: str) -> int:
        """Seq of the last applied row of a partition, 0 for none."""

    async def apply(self, page: wire.Page) -> None:
        """Apply rows and cursor in one transaction, skipping rows at or below the stored cursor."""

    async def heed(self, rows: Sequence[wire.Row]) -> None:
        """Take away what these rows of a hub that was put back take away; the cursor is of another count."""

    def hub_time(self, hub_time_ms: int) -> None:
        """What time it is at the hub."""

    def pins(self) -> Sequence[str]:
        """The hub's public keys that this box believes (hex): current and next; none before it met its hub."""

    async def pin(self, keys: Sequence[str]) -> None:
        """Believe these from now on."""

    def receipt(self) -> tuple[str, int] | None:
        """Partition and cursor up to which what was taken away is gone here, and the hub has no receipt yet."""

    async def receipted(self, cursor: int, *, of_hub: int) -> None:
        """The hub of epoch `of_hub` has the receipt up to `cursor`; one that was put back since has none."""

    async def make_sure(self, part: str, *, replaced: bool = False) -> None:
        """What was taken away up to the cursor of `part` is gone from logs too, so that `receipt` is for all of it.

        Does nothing but once after a start, after what went wrong half-way, and where the replica was `replaced`.
        """

    def epoch(self) -> int:
        """The epoch under which facts are numbered now."""

    def silent(self) -> bool:
        """Whether this box said nothing under its epoch, though it did under earlier ones."""

    def retained(self) -> Mapping[int, tuple[int, int]]:
        """First and last seq, by epoch, of the facts this box still holds; also of those that were acknowledged."""

    def chain(self, epoch: int, seq: int) -> str:
        """The chain (hex) up to a retained fact; empty for what is not held, 64 zeros for seq 0."""

    async def reopen(self, seq: int) -> None:
        """Of this epoch the hub holds no more than up to `seq`: what comes after waits again."""

    def unsaid(self, shared: Mapping[int, int], *, after: Place, most: int) -> Sequence[Unsaid]:
        """The first facts behind `after` that come after what is `shared` of their epoch, as they happened."""

    def chained(self, last: Told, facts: Sequence[Unsaid]) -> list[Told]:
        """Where these would stand, were they said directly after `last`."""

    async def renew(self, epoch: int, shared: Mapping[int, int], told: Mapping[Place, Told]) -> None:
        """Go on under a new epoch; of each older one the hub has what is up to `shared`, and what it was `told` in
        epochs that came after: that is known under its number there, and the rest is said anew.

        Under the epoch of now it goes on as it is, and that rest is said behind it."""

    def hub_epoch(self) -> int:
        """The hub's epoch as this box last knew it, 0 before it met its hub."""

    def owes(self) -> bool:
        """Whether the hub may lack a "no" of this shop: it is said at the end of the main partition."""

    async def up_to_date(self) -> None:
        """The main partition was followed to its end."""

    async def start_over(self, hub_epoch: int, *, empty: bool) -> None:
        """Know this epoch of the hub; where `empty`, drop what came from it and fetch all again from seq 0."""
