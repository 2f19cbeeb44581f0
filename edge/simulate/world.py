"""Everything there is in a story, on one dice and one clock, and what those do who keep it running."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.kit.errors import StoreError
from edge.kit.log import died
from edge.simulate import checks
from edge.simulate.box import START_MS, Box, Kept
from edge.simulate.centre import Centre
from edge.simulate.checks import Broken
from edge.simulate.disk import Clock
from edge.simulate.life import AtTheCentre, InShops, People
from edge.simulate.line import Line
from sync import wire


@dataclass
class Report:
    """What a seed did. `broken` is empty when every invariant held; `digest` is the same whenever it is played."""

    seed: int
    broken: list[Broken]
    steps: list[str]
    counts: dict[str, int]
    digest: str = ""


class World:
    """A hub, its shops and everybody in them; what happens is written down in `report`."""

    def __init__(self, seed: int, folder: Path, shops: int) -> None:
        self.folder = folder
        self.report = Report(seed, [], [], {})
        self.dice = dice = random.Random(seed)
        names = [f"s{number}" for number in range(1, shops + 1)]
        self.people = People(dice)
        self.in_shops, self.at_the_centre = InShops(self.people), AtTheCentre(self.people, names)
        self.centre = Centre(
            folder / "hub", Clock(start_ms=START_MS), dice, on_death=partial(self._died, "hub")
        )
        self.boxes = [
            Box(
                name,
                folder / name,
                Clock(start_ms=START_MS),
                Line(self.centre, dice, slow_s=dice.choice((0.01, 0.05, 0.3))),
                dice,
                on_death=partial(self._died, name),
            )
            for name in names
        ]
        if seed % 16:
            # Writing files anew after each deletion costs half as much as the rest of a story.
            for disk in (self.centre.disk, *(box.disk for box in self.boxes)):
                disk.at_once_bytes = 0
        self.centre.whole = seed % 16 == 1
        self.leased = seed % 8 == 5
        self.centre.fetched_from = self.fetching = seed % 16 == 3
        self.starting = asyncio.Lock()
        self.hub_is_backup = False  # and the next start has to be told so
        self.twins: list[tuple[Box, Box]] = []  # a copy, and whose it is

    async def open(self) -> None:
        """The first morning: the hub knows its shops and its first customers, and every box starts."""
        for box in self.boxes:
            box.schema = self.dice.choice((wire.OLDEST, wire.SCHEMA, wire.SCHEMA))
            box.page_rows = self.dice.choice((2, 10, wire.PAGE_ROWS, wire.PAGE_ROWS))
            box.leased, box.fetches = self.leased, self.fetching
        await self.centre.start()
        for box in self.boxes:
            await self.centre.register(box.registered(), box.keys.shop_key)
        everywhere = [box.name for box in self.boxes]
        for number in range(4):
            await self.at_the_centre.add_to(self.centre, everywhere[: 1 + number % len(everywhere)])
        for box in self.boxes:
            await box.start()

    def close(self) -> None:
        ends: list[Centre | Box] = [self.centre, *self.boxes]
        for each in ends:
            each.end()

    # Those who work here.

    def act_in_shop(
        self, box: Box | None = None, act: Callable[[Box], Awaitable[object]] | None = None
    ) -> None:
        box = box or self.dice.choice([*self.boxes, *(twin for twin, _ in self.twins)])
        act = act or self.in_shops.choose()
        if box.up:
            self.note(f"{box.name} {_name(act)}")
            box.process.start(as_a_tablet(partial(act, box)))

    def act_at_centre(self, act: Callable[[Centre], Awaitable[object]] | None = None) -> None:
        act = act or self.at_the_centre.choose()
        if self.centre.up:
            self.note(f"hub {_name(act)}")
            self.centre.process.start(as_a_tablet(partial(act, self.centre)))

    # Those who look after the machines.

    async def start(self, box: Box, *, then: Callable[[Box], Awaitable[None]] | None = None) -> None:
        if box.up:
            return
        self.note(f"{box.name} starts")
        await box.start()
        if then is not None:
            await then(box)
        self.report.broken += checks.box_after_start(box)

    async def start_hub(self) -> None:
        async with self.starting:  # by one hand: two processes would have one file
            if not self.centre.up:
                self.note("hub starts")
                try:
                    await self.centre.start(put_back=self.hub_is_backup)
                except StoreError:  # it has no room to begin with: its service manager tries again
                    self.centre.end()
                    self.later(5.0, self.start_hub)
                self.hub_is_backup = self.hub_is_backup and not self.centre.up

    async def renew(self, box: Box) -> None:
        """A person at headquarters gives a box a new epoch, after its copies are gone."""
        if not (self.centre.up and box.up and box.memory.to_renew):
            return
        for twin, whose in list(self.twins):
            if whose is box:
                twin.end()
                self.twins.remove((twin, whose))
        self.note(f"{box.name} gets a new epoch")
        with suppress(StoreError):
            await self.centre.renew(box.device)
            box.memory.to_renew = box.memory.untold = False

    def fetch_anew(self, box: Box) -> None:
        """Its replica is gone, and its next process fetches all of it: in one page, where it fetches no snapshot."""
        if box.up:
            box.end()
            if not box.fetches:
                box.page_rows = wire.PAGE_ROWS
            box.disk.lose(box.disk.folder / "replica.db")
            self.later(1.0, partial(self.start, box))

    def at_hub(self, *boxes: Box) -> list[Counter[Kept]]:
        """All facts of each box that the hub holds, whether its process runs or not."""
        with self.centre.disk.reading() as conn:
            return [checks.facts_at_hub(conn, box.device) for box in boxes]

    def note(self, what: str) -> None:
        self.report.steps.append(f"{asyncio.get_running_loop().time():9.3f} {what}")
        kind = what.split()[-1] if what[0] in "sh" else what
        self.report.counts[kind] = self.report.counts.get(kind, 0) + 1

    def later(self, after_s: float, work: Callable[[], Awaitable[None]]) -> None:
        asyncio.get_running_loop().call_later(after_s, lambda: _keep(asyncio.ensure_future(work())))

    def _died(self, who: str, error: BaseException) -> None:
        place = died(error) if isinstance(error, Exception) else {}
        self.note(f"{who} fails")
        self.report.broken.append(Broken("I17", f"{who}: a task ended by itself: {place}"))


def _name(act: Callable[..., object]) -> str:
    return str(getattr(act, "func", act).__name__)


_running: set["asyncio.Future[None]"] = set()


def _keep(task: "asyncio.Future[None]") -> None:
    _running.add(task)
    task.add_done_callback(_running.discard)


async def as_a_tablet(act: Callable[[], Awaitable[object]]) -> None:
    """An act as a tablet has it: a store that cannot write is a sentence on the page."""
    with suppress(StoreError):
        await act()
