"""One seed: days in which everything goes wrong, how it becomes good again, and what has to be true after them."""

import asyncio
import random
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge.simulate import checks
from edge.simulate.box import Box
from edge.simulate.checks import Broken
from edge.simulate.line import LATE_S
from edge.simulate.trouble import Trouble
from edge.simulate.world import Report, World
from sync import wire
from sync.bootstrap import MUST_REFETCH
from sync.hub import receipts
from sync.hub.tables import feed, fleet
from sync.pushing import IDLE_PUSH_S

ROUNDS: Final = 2
STEPS: Final = 25  # acts and faults a round
# The longest pauses of a conversation are 60 s (refused) and 30 s (no line): after this everything has been said.
HEAL_S: Final = 600.0


class Story:
    """What is played on a world: acts and faults by the dice, then good lines, twice."""

    def __init__(self, seed: int, folder: Path, shops: int) -> None:
        self.world = world = World(seed, folder, shops)
        self._dice = world.dice
        # Every seed leaves some kinds of trouble out: what always happens together hides what happens alone.
        self._faults = [each for each in Trouble(world, world.dice).kinds() if self._dice.random() < 0.6]
        self._trouble = 0.0
        # In one story of eight, by a dice of its own: what is rare here changes nothing in the others.
        own = random.Random(f"untold {seed}")
        self._untold = Trouble(world, own).put_back_untold
        self._untold_at = own.randrange(ROUNDS * STEPS) if own.random() < 1 / 8 else -1
        self._whole_at = own.randrange(ROUNDS * STEPS) if world.fetching else -1
        self._whole = Trouble(world, own).fetched_whole

    async def live(self) -> Report:
        """Play the seed to its end, or to the first thing that is not as it must be."""
        self._trouble = self._dice.choice((0.1, 0.2, 0.4)) if self._faults else 0.0
        world, report = self.world, self.world.report
        await world.open()
        for number in range(ROUNDS):
            for step in range(STEPS):
                if number * STEPS + step == self._untold_at:
                    world.note("untold")
                    await self._untold()
                if number * STEPS + step == self._whole_at:
                    world.note("fetched_whole")
                    await self._whole()
                if not report.broken:
                    await self._step()
            await self._heal()
            if not report.broken:
                found = checks.everything(world.centre, world.boxes, world.people)
                where = f"after round {number + 1}"
                report.broken += [Broken(each.invariant, f"{each.what} ({where})") for each in found]
            if report.broken:
                break
        world.close()
        report.digest = sha256("\n".join(report.steps).encode()).hexdigest()[:16]
        return report

    async def _step(self) -> None:
        """Let some time pass, then one act or one fault."""
        pause_s = self._dice.expovariate(1 / 0.5)
        await asyncio.sleep(pause_s if self._dice.random() < 0.95 else pause_s * 40)
        if self._dice.random() < self._trouble:
            fault, name = self._dice.choice(self._faults)
            self.world.note(name)
            await fault()
        elif self._dice.random() < 0.3:
            self.world.act_at_centre()
        else:
            self.world.act_in_shop()
        self._refetch()
        self._watch(self._dice.choice(self.world.boxes))

    def _watch(self, looked_at: Box) -> None:
        """What must be true at every moment, looked at in one shop at a time."""
        broken = self.world.report.broken
        if looked_at.up:
            broken += checks.at_any_moment(looked_at)
        for box in self.world.boxes:
            if box.line.broken:
                broken.append(Broken("I20", f"{box.name} asked {box.line.broken[0]} before the urgent rows"))
                box.line.broken.clear()

    async def _heal(self) -> None:
        """Everything is up and the lines are good: within HEAL_S all must have been said (I17)."""
        world = self.world
        world.note("heal")
        await self._mend()
        # What the network still holds back comes first: it may be old, and must not matter.
        await asyncio.sleep(LATE_S if any(box.line.pending for box in world.boxes) else 0)
        end_s = asyncio.get_running_loop().time() + HEAL_S
        if world.report.broken or not await self._quiet(5, until_s=end_s):
            return
        # Who was given an epoch and waits for nothing looks at it now and then only.
        await asyncio.sleep(IDLE_PUSH_S if any(self._is_behind(box) for box in world.boxes) else 1)
        for box in world.boxes:
            while box.memory.in_doubt:
                await world.in_shops.again(box)
            await box.tick()
            # The first that it says of its own, at the latest.
            while box.memory.untold and not await world.in_shops.join(box):
                pass
        await self._quiet(0.5, until_s=end_s + HEAL_S)

    async def _mend(self) -> None:
        """Every machine runs, every line is good, and who was put back has an epoch of its own."""
        world = self.world
        world.centre.clock.skew_ms = 0  # the shops' may stay wrong: what the hub says is the time
        world.centre.disk.fill(False)
        if world.centre.up:
            world.centre.process.doom = None
        await world.start_hub()
        await world.at_the_centre.compact(world.centre)  # its job comes once more before the lines are back
        for box in world.boxes:
            box.line.cut, box.line.rates, box.line.urgent_late_s = False, {}, 0.0
            box.disk.fill(False)
            if box.up:
                box.process.doom = None
        for box in world.boxes:
            await world.start(box)
        for box in world.boxes:
            # A hub that was put back may know an older epoch than the box already had.
            box.memory.to_renew |= world.centre.epoch_of(box.device) < box.epoch()
            await world.renew(box)

    async def _quiet(self, pause_s: float, *, until_s: float) -> bool:
        """Wait until everybody has said and heard all; False, and a broken I17, when they have not in time."""
        boxes = self.world.boxes
        while late := [box for box in boxes if not self._is_quiet(box)]:
            # The page of the fleet names who had the number it was given already, who tells another history, and
            # whom its own word says to be parted: one that has said again only what the hub had is that alone.
            named = fleet.ahead(self.world.centre.reader) | fleet.forked(self.world.centre.reader)
            named |= {
                each.device for each in late if each.memory.untold and each.agent.state.code in wire.PARTED
            }
            for box in [each for each in late if each.device in named]:
                box.memory.to_renew = True
                await self.world.renew(box)
            if asyncio.get_running_loop().time() > until_s:
                who = ", ".join(f"{box.name} {box.agent.state.code}" for box in late)
                self.world.report.broken.append(
                    Broken("I17", f"{who}: not everything was said in {HEAL_S:.0f} s")
                )
                return False
            self._refetch()
            await asyncio.sleep(pause_s)
        return True

    def _refetch(self) -> None:
        """Who fetches no snapshot begins with the feed's first row."""
        for box in self.world.boxes:
            if box.up and not box.fetches and box.agent.state.code == MUST_REFETCH:
                self.world.fetch_anew(box)

    def _is_quiet(self, box: Box) -> bool:
        centre = self.world.centre
        parts = (wire.main_part(box.name), wire.urgent_part(box.name))
        knows = (
            box.uplink.hub_epoch() == centre.epoch()
        )  # or it has not yet spoken with a hub that was put back
        return (
            knows
            and centre.epoch_of(box.device)
            >= box.epoch()  # or a person has still to give it a number above its own
            and box.depth() == 0
            and all(box.uplink.cursor(part) == feed.last(centre.reader, part) for part in parts)
            and not self._owes_receipt(box)
        )

    def _is_behind(self, box: Box) -> bool:
        return self.world.centre.epoch_of(box.device) > box.epoch()

    def _owes_receipt(self, box: Box) -> bool:
        return any(each.device_id == box.device for each in receipts.still_open(self.world.centre.reader))
