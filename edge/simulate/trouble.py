"""What goes wrong in a story: people, networks, disks and clocks, each as bad as they are in shops."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from edge.simulate.box import Box
from edge.simulate.life import PURPOSES
from edge.simulate.line import FAULTS, Line
from edge.simulate.world import World, as_a_tablet
from sync import wire

SKEWS_MS: Final = (0, 0, 40_000, -40_000, 6 * 3_600_000, -6 * 3_600_000, 9 * 365 * 86_400_000, -(10**12))
# A server's clock is the chain's time, and a day off it is still believed (`sync.hub.stays.OFF_MS`).
HUB_SKEWS_MS: Final = SKEWS_MS[:6]
Fault = Callable[[], Awaitable[None]]


class Trouble:
    """The faults of one story. Each is drawn by its name and does its harm to whom the dice draw."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world = world
        self._dice = dice

    def kinds(self) -> list[tuple[Fault, str]]:
        """All there are, with the names that they have in a story's steps."""
        return [
            (self.crash, "crash"),
            (self.cut, "partition"),
            (self.weather, "weather"),
            (self.hub_crash, "hub_crash"),
            (self.disk_full, "disk_full"),
            (self.set_clock, "clock"),
            (self.hub_full, "hub_full"),
            (self.set_hub_clock, "hub_clock"),
            (self.lose_replica, "replica_lost"),
            (self.put_back, "restore"),
            (self.put_back_twice, "restored_twice"),
            (self.clone, "clone"),
            (self.put_hub_back, "hub_restore"),
            (self.update, "update"),
            (self.cached, "cached"),
            (self.yes_to_a_stop, "yes_to_a_stop"),
            (self.overtaken, "overtaken"),
            (self.guests_forgotten, "guests_forgotten"),
        ]

    async def crash(self) -> None:
        box = self._dice.choice(self.world.boxes)
        if box.up and box.process.doom is None:
            power, down_s = self._dice.random() < 0.5, self._dice.expovariate(1 / 5)

            def now() -> None:
                self.world.note(f"{box.name} is dead{' without power' if power else ''}")
                box.end()
                if power:
                    box.lose_power()
                self.world.later(down_s, partial(self.world.start, box))

            box.process.doom_after(self._dice.randint(0, 30), now)

    async def hub_crash(self) -> None:
        if self.world.centre.up and self.world.centre.process.doom is None:
            down_s = self._dice.expovariate(1 / 5)

            def now() -> None:
                self.world.note("hub is dead")
                self.world.centre.end()
                self.world.later(down_s, self.world.start_hub)

            self.world.centre.process.doom_after(self._dice.randint(0, 30), now)

    async def cut(self) -> None:
        line = self._dice.choice(self.world.boxes).line
        line.cut = not line.cut

    async def weather(self) -> None:
        line = self._dice.choice(self.world.boxes).line
        line.rates = {fault: self._dice.choice((0.0, 0.05, 0.3)) for fault in FAULTS}

    async def disk_full(self) -> None:
        disk = self._dice.choice(self.world.boxes).disk
        disk.fill(not disk.full)

    async def set_clock(self) -> None:
        self._dice.choice(self.world.boxes).clock.skew_ms = self._dice.choice(SKEWS_MS)

    async def hub_full(self) -> None:
        disk = self.world.centre.disk
        disk.fill(not disk.full)

    async def set_hub_clock(self) -> None:
        self.world.centre.clock.skew_ms = self._dice.choice(HUB_SKEWS_MS)

    async def cached(self) -> None:
        """A box fetches all anew behind a proxy that gives it pages of before, whatever it asks for."""
        box = self._dice.choice(self.world.boxes)
        box.line.rates["crossed"] = 0.9
        self.world.fetch_anew(box)

        async def over() -> None:
            box.line.rates["crossed"] = 0.0

        self.world.later(self._dice.expovariate(1 / 20), over)

    async def yes_to_a_stop(self) -> None:
        """A yes runs out, is stopped where a shop cannot hear it, and is given there to what the shop knows."""
        box = self._dice.choice(self.world.boxes)
        what = self.world.people.somebody(box), self._dice.choice(PURPOSES)

        async def said() -> None:
            box.line.cut = True
            if self.world.centre.up and box.up:
                self.world.centre.process.start(
                    as_a_tablet(partial(self.world.at_the_centre.withdraw, self.world.centre, *what))
                )
                box.process.start(as_a_tablet(partial(self.world.in_shops.give, box, *what)))

        async def over() -> None:
            box.line.cut = False

        if self.world.centre.up and not box.line.cut:
            grant = partial(self.world.at_the_centre.grant, self.world.centre, *what, for_ms=1_000)
            self.world.centre.process.start(as_a_tablet(grant))
            self.world.later(2.0, said)
            self.world.later(2.0 + self._dice.expovariate(1 / 10), over)

    async def overtaken(self) -> None:
        """A stop that is taken back at once; in a shop the lane of stops is the slower one."""
        box = self._dice.choice(self.world.boxes)
        whose, purpose = self.world.people.somebody(box), self._dice.choice(PURPOSES)
        centre = self.world.at_the_centre
        for act in (centre.grant, centre.withdraw, centre.grant):
            self.world.act_at_centre(partial(act, whose=whose, purpose=purpose))
            box.line.urgent_late_s = self._dice.uniform(0.5, 3)
            await asyncio.sleep(self._dice.uniform(0.1, 0.5))

        async def over() -> None:
            box.line.urgent_late_s = 0.0

        self.world.later(3.0, over)

    async def lose_replica(self) -> None:
        self.world.fetch_anew(self._dice.choice(self.world.boxes))

    async def fetched_whole(self) -> None:
        """A box without a line loses its replica, and misses an erasure; others come while it fetches all."""
        box, centre = self._dice.choice(self.world.boxes), self.world.at_the_centre
        box.line.cut = True
        for _ in range(3):
            self.world.act_in_shop(box, self.world.in_shops.visit)
            await asyncio.sleep(0.3)
        self.world.act_at_centre(centre.erase_many)
        await asyncio.sleep(self._dice.uniform(0.2, 1))
        self.world.fetch_anew(box)
        box.line.cut = False
        await asyncio.sleep(1)
        for act in (centre.erase, centre.withdraw, centre.erase, centre.withdraw):
            await asyncio.sleep(self._dice.uniform(0.1, 1.5))
            self.world.act_at_centre(act)

    async def put_back(self) -> None:
        """A box gets its backup back; at other times one is made."""
        box = self._dice.choice(self.world.boxes)
        if not box.up:
            return
        if box.disk.backup is None or self._dice.random() < 0.5:
            self.world.note(f"{box.name} makes a backup")
            box.disk.back_up(box.db.reader)
            return
        self._put_back(box, at_once=self._dice.random() < 0.5)

    async def put_back_twice(self) -> None:
        """A box without a line gets the backup it just made, and that once more when it has said what waited."""
        box = self._dice.choice(self.world.boxes)
        box.line.cut = True
        for _ in range(3):
            self.world.act_in_shop(box)
            await asyncio.sleep(0.3)
        if box.up:
            self.world.note(f"{box.name} makes a backup")
            box.disk.back_up(box.db.reader)
            self._put_back(box, at_once=True)
            await asyncio.sleep(2)
            box.line.cut = False
            await asyncio.sleep(self._dice.uniform(1, 8))
            if self._dice.random() < 0.5:
                self.world.act_at_centre(self.world.at_the_centre.erase_many)
                await asyncio.sleep(self._dice.uniform(0, 2))
            self._put_back(box, at_once=True)

    async def put_back_untold(self) -> None:
        """A box that said more since its backup gets that back, and headquarters is told nothing of it."""
        box = self._dice.choice(self.world.boxes)
        if not box.up or box.memory.to_renew:
            return
        self.world.note(f"{box.name} makes a backup")
        box.disk.back_up(box.db.reader)
        box.line.cut = False
        self.world.act_in_shop(box, self.world.in_shops.join)
        await asyncio.sleep(self._dice.uniform(1, 4))
        if box.up and not box.memory.to_renew:
            self._end_and_put_back(box)
            box.memory.to_renew, box.memory.untold = False, True
            self.world.later(1.0, partial(self.world.start, box))

    def _put_back(self, box: Box, *, at_once: bool) -> None:
        """`at_once`: it is enrolled anew before it says anything."""
        if not box.up:
            return
        self._end_and_put_back(box)
        self.world.later(1.0, partial(self.world.start, box, then=self.world.renew if at_once else None))
        self.world.later(self._dice.expovariate(1 / 20), partial(self.world.renew, box))

    def _end_and_put_back(self, box: Box) -> None:
        self.world.note(f"{box.name} is put back")
        box.end()
        box.put_back(*self.world.at_hub(box))

    async def update(self) -> None:
        """A box gets the other version: the newer one, or back to the one before."""
        box = self._dice.choice(self.world.boxes)
        if box.up:
            box.end()
            box.schema = wire.OLDEST if box.schema == wire.SCHEMA else wire.SCHEMA
            self.world.later(1.0, partial(self.world.start, box))

    async def clone(self) -> None:
        """Somebody starts a copy of a box, keys and all; a person finds out after a while."""
        box = self._dice.choice(self.world.boxes)
        if not box.up or self.world.twins:
            return
        line = Line(self.world.centre, self._dice, slow_s=0.05)
        twin = box.twin(self.world.folder / f"{box.name}.{self._dice.randrange(10**9)}", line)
        box.memory.parted = box.memory.to_renew = True
        self.world.twins.append((twin, box))
        await twin.start()
        self.world.later(self._dice.expovariate(1 / 30), partial(self.world.renew, box))

    async def put_hub_back(self) -> None:
        """The hub gets its backup back; at other times one is made."""
        if not self.world.centre.up:
            return
        if self.world.centre.disk.backup is None or self._dice.random() < 0.5:
            self._back_hub_up()
        else:
            self._put_hub_back()

    async def guests_forgotten(self) -> None:
        """Members of another shop come and save, and the hub is put back to before they came."""
        if self.world.centre.up:
            self._back_hub_up()
            box = self._dice.choice(self.world.boxes)
            for _ in range(4):
                self.world.act_in_shop(box, self.world.in_shops.visit)
                await asyncio.sleep(self._dice.uniform(0.2, 1))
            self._put_hub_back()

    def _back_hub_up(self) -> None:
        self.world.note("hub makes a backup")
        self.world.centre.back_up()

    def _put_hub_back(self) -> None:
        if not self.world.centre.up:
            return
        self.world.centre.end()
        self.world.centre.put_back()
        self.world.hub_is_backup = True
        boxes = self.world.boxes
        for box, at_hub in zip(boxes, self.world.at_hub(*boxes), strict=True):
            box.memory.forget_lost(box.held() + at_hub)
            box.memory.to_renew |= box.memory.parted  # what the hub was told of it may be forgotten
        self.world.later(1.0, self.world.start_hub)
