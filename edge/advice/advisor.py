"""What is suggested at each open visit: asked after the card is there, held in memory, never waited for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.advice import tables
from edge.advice.looking import Looking
from edge.advice.process import Worker, WorkerGone
from edge.advice.reasons import PERSONAL, Suggestion
from edge.advice.talk import Trained
from edge.consent.facts import ConsentWithdrawn
from edge.kit.clock import ShopTime, utc
from edge.kit.log import Log
from edge.kit.sqlite import Database
from edge.visits.facts import VisitEnded, VisitStarted
from edge.visits.here import arrivals

# The card goes out first; nobody reads a suggestion within this time.
AFTER_CARD_S: Final = 0.05
ASK_S: Final = 3.0
TRAIN_S: Final = 15 * 60.0
STUCK_S: Final = 20.0  # between two words of a worker that is not training
BACK_OFF_S: Final = (0.5, 60.0)
NIGHT_HOUR: Final = 3
LOOK_S: Final = 5.0
MOST_REFRESHED: Final = 100
# Visits that are asked about again after a start; more people than this are in no shop of ours.
MOST_OPEN: Final = 200


@dataclass(frozen=True, slots=True)
class Advice:
    """Suggestions of one visit, true until `until_ms`; `profiled`: the customer's own purchases were used.

    `hand`: the products that they were looking at when it was made.
    """

    customer_id: bytes = field(repr=False)
    suggestions: tuple[Suggestion, ...] = field(repr=False)
    profiled: bool
    until_ms: int
    said: frozenset[str] = field(default=frozenset(), repr=False)
    hand: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Condition:
    """How the worker is, for health and its sentence."""

    up: bool = False
    down: bool = False  # it was started and is not there now
    customers: int = 0
    baskets: int = 0
    restarts: int = 0
    trained_ms: int = 0
    duration_ms: int = 0
    ranked: bool = False


class Advisor:
    """One a house, used from its event loop; `run` keeps the worker. Without `run` there is simply no advice."""

    def __init__(
        self,
        db: Database[Any],
        time: ShopTime,
        worker: Worker,
        *,
        recipient: str,
        timezone: str,
        tell: Callable[[], None],
        log: Log,
    ) -> None:
        self._db = db
        self._time = time
        self._worker = worker
        self._recipient = recipient
        self._zone = ZoneInfo(timezone)
        self._tell = tell
        self._log = log
        self._held: dict[bytes, Advice] = {}
        self._gone: dict[bytes, set[str]] = {}  # put away at this visit, where nothing may be kept
        self._looking = Looking()
        self._changed: dict[bytes, None] = {}
        self._all_changed = False
        self._replaced = False
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._failed = ""
        self._tasks: set[asyncio.Task[None]] = set()
        worker.died = self._wake.set
        self.condition = Condition()
        # Somebody who wants to be left alone, a shop in its rush or in its quiet hours, gets no suggestions.
        self.withheld: Callable[[bytes], bool] = lambda visit_id: False
        # Nor does who had theirs this week: asked once a visit, before any are made.
        self.enough: Callable[[bytes], bool] = lambda visit_id: False

    def start(self) -> None:
        """The house answers: now there is time for a worker."""
        self._ready.set()

    def heard(self, facts: Sequence[object]) -> None:
        """What was just committed; returns at once."""
        for fact in facts:
            match fact:
                case VisitStarted():
                    self._soon(fact.visit_id, fact.customer_id)
                case VisitEnded():
                    self._drop(fact.visit_id)
                case ConsentWithdrawn():
                    self._looking.forget(fact.customer_id)
                    self.changed([fact.customer_id])

    def changed(self, customer_ids: Sequence[bytes]) -> None:
        """These customers' consents or purchases may be others now: what was made of them is dropped at once."""
        people = set(customer_ids)
        for visit_id in [each for each, advice in self._held.items() if advice.customer_id in people]:
            del self._held[visit_id]
        self._changed.update(dict.fromkeys(customer_ids))
        self._wake.set()

    def advice(self, visit_id: bytes) -> Advice | None:
        """What may be said at a visit now: its bases are asked for again, whatever was held."""
        held = self._held.get(visit_id)
        if held is None or self.withheld(visit_id):
            return None
        standing = tables.standing(
            self._db.reader, visit_id, recipient=self._recipient, now_ms=self._time.now_ms()
        )
        if standing is None or standing.customer_id != held.customer_id:
            self._drop(visit_id)
            return None
        if held.profiled and standing.profiling_ms is None:
            self.changed([held.customer_id])
            return None
        until_ms = min(held.until_ms, standing.recognition_ms)
        if held.profiled and standing.profiling_ms is not None:
            until_ms = min(until_ms, standing.profiling_ms)
        return replace(held, until_ms=until_ms)

    def suggestions(self, visit_id: bytes) -> tuple[Suggestion, ...]:
        """What may be said at a visit now, best first."""
        held = self.advice(visit_id)
        return held.suggestions if held else ()

    def was_said(self, visit_id: bytes, item: str) -> None:
        """Mark it on the page of this visit."""
        if held := self._held.get(visit_id):
            self._held[visit_id] = replace(held, said=held.said | {item})

    def put_away(self, visit_id: bytes, item: str) -> None:
        """Take a suggestion off at once, and ask for another."""
        self._gone.setdefault(visit_id, set()).add(item)
        if held := self._held.get(visit_id):
            left = tuple(each for each in held.suggestions if each.item != item)
            self._held[visit_id] = replace(held, suggestions=left)
            self._soon(visit_id, held.customer_id, after_s=0)

    def looks_at(self, visit_id: bytes, item: str) -> bool:
        """A colleague looked a product up, or scanned it, for whoever has this visit: the advice follows it.

        Whether it does; not without a basis for profiling, and not for whoever gets no advice now.
        """
        now_ms = self._time.now_ms()
        standing = tables.standing(self._db.reader, visit_id, recipient=self._recipient, now_ms=now_ms)
        if standing is None or standing.profiling_ms is None or self.withheld(visit_id):
            return False
        if self._looking.add(visit_id, standing.customer_id, item, now_ms=now_ms):
            self._soon(visit_id, standing.customer_id, after_s=0)
        return True

    def looks_away(self, visit_id: bytes, customer_id: bytes, item: str) -> None:
        """That was not for them."""
        if self._looking.remove(visit_id, item):
            self._soon(visit_id, customer_id, after_s=0)

    def wanted(self, visit_id: bytes, customer_id: bytes) -> None:
        """Somebody looks at the advice of a visit: ask again if the first answer never came."""
        if visit_id not in self._held:
            self._soon(visit_id, customer_id, after_s=0)

    async def ask(self, visit_id: bytes, customer_id: bytes, in_hand: Sequence[str] = ()) -> None:
        """Have suggestions made for a visit and tell the tablets; nothing happens where there is no worker."""
        if not self.condition.up or not self.condition.baskets:
            return
        if self.withheld(visit_id) or self.enough(visit_id):
            return
        looking = self._looking.at(visit_id, now_ms=self._time.now_ms())
        hand = tuple(dict.fromkeys((*in_hand, *looking)))
        try:
            refused = sorted(self._gone.get(visit_id, ()))
            answer = await self._worker.advise(
                customer_id, list(hand), self._time.now_ms(), timeout_s=ASK_S, refused=refused
            )
        except WorkerGone as error:
            self._log("no_advice", code=error.code, message=str(error))
            return
        made = tuple(each.suggestion() for each in answer.made)
        standing = tables.standing(
            self._db.reader, visit_id, recipient=self._recipient, now_ms=self._time.now_ms()
        )
        personal = answer.profiled or any(each.code in PERSONAL for each in made)
        if standing is None or (personal and standing.profiling_ms is None):
            return  # gone, or withdrawn while the worker thought
        before = self._held.get(visit_id)
        used = hand if answer.profiled else ()
        self._held[visit_id] = Advice(
            customer_id,
            made,
            personal,
            answer.until_ms,
            said=before.said if before else frozenset(),
            hand=used,
        )
        if ((before.suggestions, before.hand) if before else ((), ())) != (made, used):
            self._tell()

    def catalogue_changed(self) -> None:
        """Other products, or other stock: what is on the tablets may be sold out."""
        self._all_changed = True
        self._wake.set()

    def replaced(self) -> None:
        """Another replica is read from now on: what was made of the old one is not shown, and all is learnt anew."""
        self._held.clear()
        self._replaced = self._all_changed = True
        self._wake.set()

    async def run(self) -> None:
        """Keep one worker: started, trained, refreshed, trained again at night; after a death a new one."""
        await self._ready.wait()
        wait_s = BACK_OFF_S[0]
        try:
            while True:
                try:
                    await self._keep()
                except (WorkerGone, OSError) as error:
                    self.condition.restarts += 1
                    if self.condition.up or not self.condition.down:
                        wait_s = BACK_OFF_S[0]
                    self.condition.up, self.condition.down = False, True
                    self._log("advice_down", code=getattr(error, "code", "A01"), message=str(error))
                    self._tell()
                await self._worker.close()
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, BACK_OFF_S[1])
        finally:
            self.condition.up = False
            for task in self._tasks:
                task.cancel()
            await self._worker.close()

    async def _keep(self) -> None:
        """Until the worker fails, which raises WorkerGone."""
        await self._worker.open()
        await self._train()
        down, self.condition.down = self.condition.down, False
        self.condition.up = True
        self._ask_again()
        if down:
            self._log("advice_up")
            self._tell()
        while True:
            self._worker.check()
            if self._changed:
                # A feed brings thousands: a slice at a time, and what comes meanwhile joins the next.
                people = list(self._changed)[:MOST_REFRESHED]
                for each in people:
                    del self._changed[each]
                self._size(await self._worker.refresh(people, self._time.now_ms(), timeout_s=STUCK_S))
                self._ask_again(people)
                continue
            if self._all_changed:
                self._all_changed = False
                self._ask_again()
            if self._replaced or self._night():
                self._replaced = False
                await self._train()
                self._ask_again()
            self._wake.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                # An empty question, to hear whether it is still there.
                self._size(await self._worker.refresh([], self._time.now_ms(), timeout_s=STUCK_S))
                for visit_id, customer_id in self._looking.past(now_ms=self._time.now_ms()):
                    self._soon(visit_id, customer_id, after_s=0)
                self._ask_missing()

    async def _train(self) -> None:
        done = await self._worker.train(self._time.now_ms(), timeout_s=TRAIN_S)
        self._size(done)
        self.condition.duration_ms, self.condition.trained_ms = done.duration_ms, self._time.now_ms()
        self._log(
            "advice_trained", customers=done.customers, count=done.baskets, duration_ms=done.duration_ms
        )

    def _size(self, done: Trained) -> None:
        self.condition.customers, self.condition.baskets = done.customers, done.baskets
        if done.failed and done.failed != self._failed:
            self._log("advice_not_ranked", message=done.failed)
        self._failed = done.failed
        if done.ranked and not self.condition.ranked:
            self._log("advice_ranked", customers=done.customers)
            self._ask_again()
        self.condition.ranked = done.ranked

    def _night(self) -> bool:
        return is_night(self.condition.trained_ms, self._time.now_ms(), self._zone)

    def _ask_again(self, people: Sequence[bytes] | None = None) -> None:
        """Ask for the open visits (of `people`), for they have no suggestions or may need others."""
        here = arrivals(
            self._db.reader, recipient=self._recipient, now_ms=self._time.now_ms(), most=MOST_OPEN
        )
        for each in here:
            if people is None or each.customer_id in people:
                self._soon(each.visit_id, each.customer_id, after_s=0)

    def _ask_missing(self) -> None:
        """Ask for visits whose answer never came: the worker was slow then, and is there now."""
        if not self.condition.baskets:
            return
        here = arrivals(
            self._db.reader, recipient=self._recipient, now_ms=self._time.now_ms(), most=MOST_OPEN
        )
        for each in here:
            self.wanted(each.visit_id, each.customer_id)

    def _drop(self, visit_id: bytes) -> None:
        self._held.pop(visit_id, None)
        self._gone.pop(visit_id, None)
        self._looking.drop(visit_id)

    def _soon(self, visit_id: bytes, customer_id: bytes, *, after_s: float = AFTER_CARD_S) -> None:
        """Ask later: by a timer, as the first step of a task would come before the poke of this very tap."""
        if self.condition.up:  # once there is a worker, it is asked about everybody who is here
            asyncio.get_running_loop().call_later(after_s, self._begin, visit_id, customer_id)

    def _begin(self, visit_id: bytes, customer_id: bytes) -> None:
        if self.condition.up:
            task = asyncio.create_task(self.ask(visit_id, customer_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def is_night(trained_ms: int, now_ms: int, zone: ZoneInfo) -> bool:
    """Whether a night has come since the last training."""
    now, last = utc(now_ms).astimezone(zone), utc(trained_ms).astimezone(zone)
    return now.hour >= NIGHT_HOUR and (last.date() < now.date() or last.hour < NIGHT_HOUR)
