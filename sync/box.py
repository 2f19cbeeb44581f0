"""The appliance, as far as its agent knows it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sync import wire


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

    async def receipted(self, cursor: int) -> None:
        """The hub has the receipt up to `cursor`."""

    async def make_sure(self, part: str, *, replaced: bool = False) -> None:
        """What was taken away up to the cursor of `part` is gone from logs too, so that `receipt` is for all of it.

        Does nothing but once after a start, after what went wrong half-way, and where the replica was `replaced`.
        """

    def epoch(self) -> int:
        """The epoch under which facts are numbered now."""

    def retained(self) -> Mapping[int, tuple[int, int]]:
        """First and last seq, by epoch, of the facts this box still holds; also of those that were acknowledged."""

    def chain(self, epoch: int, seq: int) -> str:
        """The chain (hex) up to a retained fact; empty for what is not held, 64 zeros for seq 0."""

    async def reopen(self, seq: int) -> None:
        """Of this epoch the hub holds no more than up to `seq`: what comes after waits again."""

    async def renew(self, epoch: int, shared: Mapping[int, int]) -> None:
        """Go on under a new epoch; of each older one the hub has what is up to `shared`, the rest is said anew."""

    def hub_epoch(self) -> int:
        """The hub's epoch as this box last knew it, 0 before it met its hub."""

    async def start_over(self, hub_epoch: int, *, empty: bool) -> None:
        """Know this epoch of the hub; where `empty`, drop what came from it and fetch all again from seq 0."""
