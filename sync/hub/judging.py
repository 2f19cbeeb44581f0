"""Judges dead letters once more, each hour: two hubs may take in the same moment what belongs together."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sync.hub import intake
from sync.hub.rounds import keep_on

if TYPE_CHECKING:
    from sync.hub.app import Hub

EVERY_S: Final = 3_600.0


async def judge(hub: "Hub") -> None:
    """What was said of people whom the hub did not know then, and knows now."""
    await hub.change(intake.judge_again, hub.keys, now_ms=hub.now_ms())


async def keep_judging(hub: "Hub", *, rest: Callable[[], float] = lambda: EVERY_S) -> None:
    """`judge` until cancelled; what fails is said, and tried again."""
    await keep_on(lambda: judge(hub), rest=rest, log=hub.log, failed="judging_failed")
