"""People who walk about on the stage: their fobs say what real ones say, to scanners that do not exist.

From there on all is the house's own: the resolver, the tracker, the visit, the card.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from drivers.codecs.printed.fob import Fob
from drivers.codecs.radio.eid import eid
from drivers.nearby import Nearby, Resolve, Totals, nobody
from drivers.reader import Idle, Sighting
from edge.presence.plan import Plan, way

NAME: Final = "winkel"
EVERY_S: Final = 0.5  # a fob says its name twice a second
BORDER_S: Final = 2.5  # of walking from one zone into the next
DOOR_S: Final = 4.0  # of going out
NEAR_DBM: Final = -50.0
ZONE_DB: Final = 14.0  # a zone further away is so much weaker
NOISE_DB: Final = 3.0
LOST: Final = 0.1  # of what is said, as in a real shop
EXPONENT: Final = 10
EPOCH_S: Final = 1_767_225_600  # when the clocks of these fobs read nought
# The floor of the demo. The zones are those of `goods.KINDS`, the places theirs.
FLOOR: Final = """# The invented shop's floor. Change it and start again.
name = "Van Dam"
zones = [
  {id = "ingang", name = "Ingang", name_en = "Entrance", entrance = true, next_to = ["schoenen", "kleding"]},
  {id = "schoenen", name = "Schoenen", name_en = "Shoes", places = ["gang 1"], next_to = ["balie", "kamperen"]},
  {id = "kleding", name = "Kleding", name_en = "Clothes", places = ["gang 2"], next_to = ["balie", "onderweg"]},
  {id = "balie", name = "Balie", name_en = "Counter", places = ["balie"], counter = true},
  {id = "kamperen", name = "Kamperen", name_en = "Camping", places = ["gang 4", "gang 5"]},
  {id = "onderweg", name = "Onderweg", name_en = "Travel", places = ["gang 3", "gang 6"]},
]
scanners = [
  {id = "s1", zone = "ingang"}, {id = "s2", zone = "schoenen"}, {id = "s3", zone = "kleding"},
  {id = "s4", zone = "balie"}, {id = "s5", zone = "kamperen"}, {id = "s6", zone = "onderweg"},
]
"""


def fob_of(barcode: str) -> Fob:
    """The fob of somebody on the stage, always the same."""
    return Fob(sha256(f"demo fob {barcode}".encode()).digest()[:16], EXPONENT, EPOCH_S)


@dataclass(slots=True)
class _Walker:
    fob: Fob
    steps: list[str] = field(default_factory=list)  # where they are, and then where to
    leaves: bool = False
    border_s: float = 0.0


class Walk:
    """A reader of many scanners, used from the event loop; `plan` and `resolve` are set when the house is open."""

    def __init__(self, scanners: Sequence[tuple[str, str]], *, seed: int) -> None:
        """`scanners` are pairs of a scanner and the zone it hangs in."""
        self.name = NAME
        self.resolve: Resolve = nobody
        self.plan: Plan | None = None
        self._scanners = scanners
        self._dice = random.Random(seed)
        self._walkers: dict[str, _Walker] = {}

    def go(self, who: str, fob: Fob, zone: str) -> None:
        """Walk to a zone from wherever they are; an empty one is the street."""
        assert self.plan is not None
        door = next(room.zone for room in self.plan.rooms if room.entrance)
        walker = self._walkers.get(who)
        if walker is None:
            if not zone:
                return
            walker = self._walkers[who] = _Walker(fob, [door])
        walker.leaves, walker.border_s = not zone, 0.0
        walker.steps = list(way(self.plan, walker.steps[0], zone or door))

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        heard = Nearby(self.name, lambda said, at_s: self.resolve(said, at_s), Totals())
        yield Idle(self.name)
        while True:
            await asyncio.sleep(EVERY_S)
            self._say(heard, time.time())
            while (sighting := await heard.next(within_s=0)) is not None:
                yield sighting
            yield Idle(self.name)

    def _say(self, heard: Nearby, now_s: float) -> None:
        assert self.plan is not None
        for who, walker in list(self._walkers.items()):
            walker.border_s += EVERY_S
            if len(walker.steps) > 1 and walker.border_s >= BORDER_S:
                del walker.steps[0]
                walker.border_s = 0.0
            elif len(walker.steps) == 1 and walker.leaves and walker.border_s >= DOOR_S:
                del self._walkers[who]
                continue
            fob = walker.fob
            said = eid(fob.identity_key, exponent=fob.exponent, time_s=int(now_s) - fob.epoch_s)
            for scanner, zone in self._scanners:
                far = len(way(self.plan, walker.steps[0], zone)) - 1
                if self._dice.random() >= LOST:
                    dbm = self._dice.gauss(NEAR_DBM - ZONE_DB * far, NOISE_DB)
                    heard.hear(said, scanner=scanner, rssi_dbm=round(dbm), at_s=now_s)
