"""One seed: a hub and its shops, days in which everything goes wrong, and what has to be true after them."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge.kit.errors import StoreError
from edge.kit.log import died
from edge.simulate import checks
from edge.simulate.box import START_MS, Box, Kept
from edge.simulate.centre import Centre
from edge.simulate.checks import Broken
from edge.simulate.disk import Clock
from edge.simulate.life import PURPOSES, AtTheCentre, InShops, People
from edge.simulate.line import FAULTS, LATE_S, Line
from sync import wire
from sync.bootstrap import MUST_REFETCH
from sync.hub import receipts
from sync.hub.tables import feed

ROUNDS: Final = 2
STEPS: Final = 25  # acts and faults a round
# The longest pauses of a conversation are 60 s (refused) and 30 s (no line): after this everything has been said.
HEAL_S: Final = 600.0
SKEWS_MS: Final = (0, 0, 40_000, -40_000, 6 * 3_600_000, -6 * 3_600_000, 9 * 365 * 86_400_000, -(10**12))


@dataclass
class Report:
    """What a seed did. `broken` is empty when every invariant held; `digest` is the same whenever it is played."""

    seed: int
    broken: list[Broken]
    steps: list[str]
    counts: dict[str, int]
    digest: str = ""


@dataclass
class World:
    """Everything there is, on one dice and one clock."""

    seed: int
    folder: Path
    shops: int
    steps: list[str] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        names = [f"s{number}" for number in range(1, self.shops + 1)]
        self.people = People(self.dice)
        self.in_shops, self.at_the_centre = InShops(self.people), AtTheCentre(self.people, names)
        self.centre = Centre(
            self.folder / "hub",
            Clock(start_ms=START_MS),
            self.dice,
            on_death=partial(self._died, "hub"),
        )
        self.boxes = [
            Box(
                name,
                self.folder / name,
                Clock(start_ms=START_MS),
                Line(self.centre, self.dice, slow_s=self.dice.choice((0.01, 0.05, 0.3))),
                self.dice,
                on_death=partial(self._died, name),
            )
            for name in names
        ]
        # Every seed leaves some kinds of trouble out: what always happens together hides what happens alone.
        kinds: list[tuple[Callable[[], Awaitable[None]], str]] = [
            (self.crash, "crash"),
            (self.cut, "partition"),
            (self.weather, "weather"),
            (self.hub_crash, "hub_crash"),
            (self.disk_full, "disk_full"),
            (self.set_clock, "clock"),
            (self.lose_replica, "replica_lost"),
            (self.put_back, "restore"),
            (self.put_back_twice, "restored_twice"),
            (self.clone, "clone"),
            (self.put_hub_back, "hub_restore"),
            (self.update, "update"),
            (self.cached, "cached"),
            (self.yes_to_a_stop, "yes_to_a_stop"),
        ]
        self.faults = [each for each in kinds if self.dice.random() < 0.6]
        for box in self.boxes:
            box.schema = self.dice.choice((wire.OLDEST, wire.SCHEMA, wire.SCHEMA))
        self.starting = asyncio.Lock()
        self.hub_is_backup = False  # and the next start has to be told so
        self.twins: list[tuple[Box, Box]] = []  # a copy, and whose it is
        self.trouble = self.dice.choice((0.1, 0.2, 0.4)) if self.faults else 0.0

    async def live(self) -> Report:
        """Play the seed to its end, or to the first thing that is not as it must be."""
        await self.centre.start()
        for box in self.boxes:
            await self.centre.register(box.registered(), box.keys.shop_key)
        everywhere = [box.name for box in self.boxes]
        for number in range(4):
            await self.at_the_centre.add_to(self.centre, everywhere[: 1 + number % len(everywhere)])
        for box in self.boxes:
            await box.start()
        for number in range(ROUNDS):
            for _ in range(STEPS):
                if not self.broken:
                    await self.step()
            await self.heal()
            self.check(f"after round {number + 1}")
            if self.broken:
                break
        ends: list[Centre | Box] = [self.centre, *self.boxes]
        for each in ends:
            each.disk.over = True
            each.end()
        digest = sha256("\n".join(self.steps).encode()).hexdigest()[:16]
        return Report(self.seed, self.broken, self.steps, self.counts, digest)

    async def step(self) -> None:
        """Let some time pass, then one act or one fault."""
        pause_s = self.dice.expovariate(1 / 0.5)
        await asyncio.sleep(pause_s if self.dice.random() < 0.95 else pause_s * 40)
        if self.dice.random() < self.trouble:
            fault, name = self.dice.choice(self.faults)
            self.note(name)
            await fault()
        elif self.dice.random() < 0.3:
            self._start_at_centre()
        else:
            self._start_in_shop()
        self.watch(self.dice.choice(self.boxes))

    def _start_in_shop(self, box: Box | None = None) -> None:
        box = box or self.dice.choice([*self.boxes, *(twin for twin, _ in self.twins)])
        act = self.in_shops.choose()
        if box.up:
            self.note(f"{box.name} {act.__name__}")
            box.process.start(_act(partial(act, box)))

    def _start_at_centre(self, act: Callable[[Centre], Awaitable[object]] | None = None) -> None:
        act = act or self.at_the_centre.choose()
        if self.centre.up:
            self.note(f"hub {act.__name__}")
            self.centre.process.start(_act(partial(act, self.centre)))

    # What goes wrong.

    async def crash(self) -> None:
        box = self.dice.choice(self.boxes)
        if box.up and box.process.doom is None:
            power, down_s = self.dice.random() < 0.5, self.dice.expovariate(1 / 5)

            def now() -> None:
                self.note(f"{box.name} is dead{' without power' if power else ''}")
                box.end()
                if power:
                    box.disk.power_cut(self.dice)
                self._later(down_s, partial(self._start, box))

            box.process.doom_after(self.dice.randint(0, 30), now)

    async def _start(self, box: Box, *, then: Callable[[Box], Awaitable[None]] | None = None) -> None:
        if box.up:
            return
        self.note(f"{box.name} starts")
        await box.start()
        if then is not None:
            await then(box)
        self.broken += checks.box_after_start(box)

    async def hub_crash(self) -> None:
        if self.centre.up and self.centre.process.doom is None:
            down_s = self.dice.expovariate(1 / 5)

            def now() -> None:
                self.note("hub is dead")
                self.centre.end()
                self._later(down_s, self._start_hub)

            self.centre.process.doom_after(self.dice.randint(0, 30), now)

    async def _start_hub(self) -> None:
        async with self.starting:  # by one hand: two processes would have one file
            if not self.centre.up:
                self.note("hub starts")
                await self.centre.start(put_back=self.hub_is_backup)
                self.hub_is_backup = self.hub_is_backup and not self.centre.up

    async def cut(self) -> None:
        line = self.dice.choice(self.boxes).line
        line.cut = not line.cut

    async def weather(self) -> None:
        line = self.dice.choice(self.boxes).line
        line.rates = {fault: self.dice.choice((0.0, 0.05, 0.3)) for fault in FAULTS}

    async def disk_full(self) -> None:
        disk = self.dice.choice(self.boxes).disk
        disk.fill(not disk.full)

    async def set_clock(self) -> None:
        self.dice.choice(self.boxes).clock.skew_ms = self.dice.choice(SKEWS_MS)

    async def cached(self) -> None:
        """A box fetches all anew behind a proxy that gives it pages of before, whatever it asks for."""
        box = self.dice.choice(self.boxes)
        box.line.rates["crossed"] = 0.9
        self._fetch_anew(box)

        async def over() -> None:
            box.line.rates["crossed"] = 0.0

        self._later(self.dice.expovariate(1 / 20), over)

    async def yes_to_a_stop(self) -> None:
        """A yes runs out, is stopped where a shop cannot hear it, and is given there to what the shop knows."""
        box = self.dice.choice(self.boxes)
        what = self.people.somebody(box), self.dice.choice(PURPOSES)

        async def said() -> None:
            box.line.cut = True
            if self.centre.up and box.up:
                self.centre.process.start(_act(partial(self.at_the_centre.withdraw, self.centre, *what)))
                box.process.start(_act(partial(self.in_shops.give, box, *what)))

        async def over() -> None:
            box.line.cut = False

        if self.centre.up and not box.line.cut:
            grant = partial(self.at_the_centre.grant, self.centre, *what, for_ms=1_000)
            self.centre.process.start(_act(grant))
            self._later(2.0, said)
            self._later(2.0 + self.dice.expovariate(1 / 10), over)

    async def lose_replica(self) -> None:
        self._fetch_anew(self.dice.choice(self.boxes))

    def _fetch_anew(self, box: Box) -> None:
        if box.up:
            box.end()
            box.disk.lose(box.disk.folder / "replica.db")
            self._later(1.0, partial(self._start, box))

    async def put_back(self) -> None:
        """A box gets its backup back; at other times one is made."""
        box = self.dice.choice(self.boxes)
        if not box.up:
            return
        if box.disk.backup is None or self.dice.random() < 0.5:
            self.note(f"{box.name} makes a backup")
            box.disk.back_up(box.db.reader)
            return
        self._put_back(box, at_once=self.dice.random() < 0.5)

    async def put_back_twice(self) -> None:
        """A box without a line gets the backup it just made, and that once more when it has said what waited."""
        box = self.dice.choice(self.boxes)
        box.line.cut = True
        for _ in range(3):
            self._start_in_shop(box)
            await asyncio.sleep(0.3)
        if box.up:
            self.note(f"{box.name} makes a backup")
            box.disk.back_up(box.db.reader)
            self._put_back(box, at_once=True)
            await asyncio.sleep(2)
            box.line.cut = False
            await asyncio.sleep(self.dice.uniform(1, 8))
            if self.dice.random() < 0.5:
                self._start_at_centre(self.at_the_centre.erase_many)
                await asyncio.sleep(self.dice.uniform(0, 2))
            self._put_back(box, at_once=True)

    def _put_back(self, box: Box, *, at_once: bool) -> None:
        """`at_once`: it is enrolled anew before it says anything."""
        if not box.up:
            return
        self.note(f"{box.name} is put back")
        box.end()
        box.put_back(self._at_hub(box))
        self._later(1.0, partial(self._start, box, then=self._renew if at_once else None))
        self._later(self.dice.expovariate(1 / 20), partial(self._renew, box))

    def _at_hub(self, box: Box) -> Counter[Kept]:
        rows = self.centre.disk.rows(f"SELECT kind, at_ms, body FROM event WHERE device_id='{box.device}'")
        return Counter(Kept(*row) for row in rows)

    async def _renew(self, box: Box) -> None:
        """A person at headquarters gives a box a new epoch, after its copies are gone."""
        if not (self.centre.up and box.up and box.memory.to_renew):
            return
        for twin, whose in list(self.twins):
            if whose is box:
                twin.end()
                self.twins.remove((twin, whose))
        self.note(f"{box.name} gets a new epoch")
        above = box.epoch()
        with suppress(StoreError):
            await self.centre.renew(box.device, above=above)
            box.memory.to_renew = False

    async def update(self) -> None:
        """A box gets the other version: the newer one, or back to the one before."""
        box = self.dice.choice(self.boxes)
        if box.up:
            box.end()
            box.schema = wire.OLDEST if box.schema == wire.SCHEMA else wire.SCHEMA
            self._later(1.0, partial(self._start, box))

    async def clone(self) -> None:
        """Somebody starts a copy of a box, keys and all; a person finds out after a while."""
        box = self.dice.choice(self.boxes)
        if not box.up or self.twins:
            return
        line = Line(self.centre, self.dice, slow_s=0.05)
        twin = box.twin(self.folder / f"{box.name}.{self.dice.randrange(10**9)}", line)
        box.memory.parted = box.memory.to_renew = True
        self.twins.append((twin, box))
        await twin.start()
        self._later(self.dice.expovariate(1 / 30), partial(self._renew, box))

    async def put_hub_back(self) -> None:
        """The hub gets its backup back; at other times one is made."""
        if not self.centre.up:
            return
        if self.centre.disk.backup is None or self.dice.random() < 0.5:
            self.note("hub makes a backup")
            self.centre.back_up()
            return
        self.centre.end()
        self.centre.put_back()
        self.hub_is_backup = True
        for box in self.boxes:
            box.memory.forget_lost(box.held() + self._at_hub(box))
            box.memory.to_renew |= box.memory.parted  # what the hub was told of it may be forgotten
        self._later(1.0, self._start_hub)

    # And how it becomes good again.

    async def heal(self) -> None:
        """Everything is up and the lines are good: within HEAL_S all must have been said (I17)."""
        self.note("heal")
        if self.centre.up:
            self.centre.process.doom = None
        await self._start_hub()
        await self.at_the_centre.compact(self.centre)  # its job comes once more before the lines are back
        for box in self.boxes:
            box.line.cut, box.line.rates = False, {}
            box.disk.fill(False)
            if box.up:
                box.process.doom = None
        for box in self.boxes:
            await self._start(box)
        for box in self.boxes:
            # A hub that was put back may know an older epoch than the box already had.
            box.memory.to_renew |= self.centre.epoch_of(box.device) < box.epoch()
            await self._renew(box)
        # What the network still holds back comes first: it may be old, and must not matter.
        await asyncio.sleep(LATE_S if any(box.line.pending for box in self.boxes) else 0)
        end_s = asyncio.get_running_loop().time() + HEAL_S
        if self.broken:
            return
        while not all(self._is_quiet(box) for box in self.boxes):
            if asyncio.get_running_loop().time() > end_s:
                late = [f"{box.name} {box.agent.state.code}" for box in self.boxes if not self._is_quiet(box)]
                self.broken.append(
                    Broken("I17", f"{', '.join(late)}: not everything was said {HEAL_S:.0f} s after")
                )
                return
            for box in self.boxes:
                if box.agent.state.code == MUST_REFETCH:  # a snapshot is fetched by threads: here from row 1
                    self._fetch_anew(box)
            await asyncio.sleep(5)
        await asyncio.sleep(1)
        for box in self.boxes:
            while box.memory.in_doubt:
                await self.in_shops.again(box)
            await box.tick()
        while not all(self._is_quiet(box) for box in self.boxes):
            await asyncio.sleep(0.5)
            if asyncio.get_running_loop().time() > end_s + HEAL_S:
                self.broken.append(Broken("I17", "not everything was said of forms that were sent again"))
                return

    def _is_quiet(self, box: Box) -> bool:
        conn = self.centre.reader
        parts = (wire.main_part(box.name), wire.urgent_part(box.name))
        knows = (
            box.uplink.hub_epoch() == self.centre.epoch()
        )  # or it has not yet spoken with a hub that was put back
        return (
            knows
            and box.depth() == 0
            and all(box.uplink.cursor(part) == feed.last(conn, part) for part in parts)
            and (self.centre.epoch_of(box.device) > box.epoch() or not self._owes_receipt(box))
        )

    def _owes_receipt(self, box: Box) -> bool:
        return any(each.device_id == box.device for each in receipts.still_open(self.centre.reader))

    def check(self, when: str) -> None:
        found = [] if self.broken else checks.everything(self.centre, self.boxes, self.people)
        self.broken += [Broken(each.invariant, f"{each.what} ({when})") for each in found]

    def watch(self, looked_at: Box) -> None:
        """What must be true at every moment, looked at in one shop at a time."""
        if looked_at.up:
            self.broken += checks.at_any_moment(looked_at)
        for box in self.boxes:
            if box.line.broken:
                self.broken.append(
                    Broken("I20", f"{box.name} asked {box.line.broken[0]} before the urgent rows")
                )
                box.line.broken.clear()

    def note(self, what: str) -> None:
        self.steps.append(f"{asyncio.get_running_loop().time():9.3f} {what}")
        kind = what.split()[-1] if what[0] in "sh" else what
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _later(self, after_s: float, work: Callable[[], Awaitable[None]]) -> None:
        asyncio.get_running_loop().call_later(after_s, lambda: _keep(asyncio.ensure_future(work())))

    def _died(self, who: str, error: BaseException) -> None:
        place = died(error) if isinstance(error, Exception) else {}
        self.note(f"{who} fails")
        self.broken.append(Broken("I17", f"{who}: a task ended by itself: {place}"))


_running: set["asyncio.Future[None]"] = set()


def _keep(task: "asyncio.Future[None]") -> None:
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _act(act: Callable[[], Awaitable[object]]) -> None:
    """An act as a tablet has it: a store that cannot write is a sentence on the page."""
    with suppress(StoreError):
        await act()
