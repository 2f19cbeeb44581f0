"""Judges dead letters once more, each hour, where what stood in their way is gone.

Two hubs may take in the same moment what belongs together; a balance that did not open opens once its key is back.
"""

from collections.abc import Iterable
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from sync.hub import intake
from sync.hub.rounds import keep_on
from sync.hub.tables import events

if TYPE_CHECKING:
    from sync.hub.app import Hub

EVERY_S: Final = 3_600.0
MOST: Final = (
    20_000  # customers a round and reason: whose letters stay what they are keep nobody else's waiting
)
SLICE: Final = 100  # customers in one transaction


async def judge(hub: "Hub") -> None:
    """What was said of people whom the hub did not know, or could not count for, then, and can now."""
    whom = await hub.db.view(events.heard_of, most=MOST)
    for first in range(0, len(whom), SLICE):
        await hub.change(intake.judge_again, hub.keys, whom[first : first + SLICE], now_ms=hub.now_ms())


async def keep_judging(
    hub: "Hub", *, at_once: bool = False, rests: Iterable[float] = repeat(EVERY_S)
) -> None:
    """`judge` until cancelled, for the first time `at_once` or after a rest; what fails is said, and tried again."""
    rest = chain([0.0] if at_once else [], rests).__next__
    await keep_on(lambda: judge(hub), rest=rest, log=hub.log, failed="judging_failed")
