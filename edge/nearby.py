"""The shell around presence: readings of the radio go in; visits are told who is near, tablets that something moved.

Whoever may not be recognised and located at this very moment is not told of, and is forgotten.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from edge.facts import Fact
from edge.kit.clock import ShopTime
from edge.kit.errors import StoreError
from edge.kit.ids import NewId
from edge.kit.sqlite import Database
from edge.live import Live
from edge.presence.arrivals import Arrivals, Near
from edge.presence.copies import Replayed
from edge.presence.estimate import Locator
from edge.presence.floor import Floor
from edge.presence.rules import Happened
from edge.presence.tracker import Out, Reading, Tracker
from edge.visits import acts

AGAIN_S: Final = 5.0  # after which a disk that was full is tried again


class Nearby:
    """One a house, used from its event loop. A device's customer is the hex of the customer's id."""

    def __init__(
        self,
        floor: Floor,
        db: Database[Fact],
        live: Live,
        time: ShopTime,
        new_id: NewId,
        *,
        locate: Callable[[], Locator],
        customer_of: Callable[[str], str],
        recipient: str,
        quiet_ms: int,
        on_replay: Callable[[Replayed], None] = lambda replayed: None,
    ) -> None:
        self._db = db
        self._live = live
        self._time = time
        self._new_id = new_id
        self._recipient = recipient
        self._quiet_ms = quiet_ms
        self._on_replay = on_replay
        self._arrivals = Arrivals(customer_of)
        self._untold: dict[str, Near] = {}  # what the disk did not take, to be told again
        self._again_s = float("-inf")
        self.tracker = Tracker(
            floor, locate=locate, new_visit=lambda: new_id().hex(), customer_of=customer_of
        )

    async def hear(self, at_s: float, readings: Sequence[Reading]) -> None:
        """Take in what was heard at one moment of devices that resolve."""
        await self._follow(self.tracker.hear(at_s, readings), at_s)

    async def pass_time(self, at_s: float) -> None:
        """Once a second: who has left by now."""
        await self._follow(self.tracker.pass_time(at_s), at_s)

    def forget(self, customer: str) -> None:
        """A consent ended, or the customer was erased: nothing of theirs is left here when this returns."""
        self.tracker.forget(customer)
        self._arrivals.forget(customer)
        self._untold.pop(customer, None)
        self._live.tell("presence")

    async def _follow(self, out: Sequence[Out], at_s: float) -> None:
        if any(isinstance(each, Happened) for each in out):
            self._live.tell("presence")
        for each in out:
            if isinstance(each, Replayed):
                self._on_replay(each)
        self._untold.update((near.customer, near) for near in self._arrivals.of(out))
        if at_s < self._again_s:
            return
        for customer, near in list(self._untold.items()):
            try:
                taken = await self._tell(near)
            except StoreError:
                self._again_s = at_s + AGAIN_S  # nobody who came in while the disk was full is lost
                raise
            self._untold.pop(customer, None)
            if not taken:
                self.forget(customer)

    async def _tell(self, near: Near) -> bool:
        """Whether the visits took it: only of somebody who may be recognised and located now."""
        act = partial(
            acts.near,
            customer_id=bytes.fromhex(near.customer),
            reader=near.scanner,
            now_ms=self._time.now_ms(),
            new_id=self._new_id,
            recipient=self._recipient,
            quiet_ms=self._quiet_ms,
        )
        done = await self._db.write(act)
        if done.facts:
            self._live.tell("visits", done.seq)
        return bool(done.facts)
