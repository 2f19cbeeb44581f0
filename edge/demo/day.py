"""The stage's day: what happens, in what order, and what is said about it. Pure data; `stage.py` plays it."""

from dataclasses import dataclass
from typing import Final, Literal

Act = Literal["open", "tap", "stranger", "cut", "redeem", "join", "stop", "allow", "close"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens: `who` is a place in the cast; `say` the key of its caption; then `wait_s`."""

    act: Act
    say: str
    wait_s: float
    who: int = 0


DAY: Final = (
    Scene("open", "stage.day.open", 5),
    Scene("tap", "stage.day.known", 9, who=0),
    Scene("stranger", "stage.day.stranger", 8),
    Scene("tap", "stage.day.birthday", 8, who=3),
    Scene("cut", "stage.day.cut", 6),
    Scene("tap", "stage.day.offline_tap", 7, who=1),
    Scene("redeem", "stage.day.redeem", 8, who=1),
    Scene("tap", "stage.day.offline_tap", 6, who=4),
    Scene("join", "stage.day.join", 8),
    Scene("tap", "stage.day.wallet", 7, who=2),
    Scene("stop", "stage.day.stop", 9, who=2),
    Scene("allow", "stage.day.allow", 5, who=2),
    Scene("close", "stage.day.close", 20),
)
# The line is restored when somebody takes over in the middle of the day.
FIRST_S: Final = 25.0  # the stage has been looked at this long before the day begins by itself
