"""What the log says of what was refused: who by kind, the code, and nothing of whom or what it was about."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal

from edge.kit.log import Log
from sync.hub.problem import TOLD_MS

_MOST_TOLD: Final = 10_000
# A box that proved itself, one that did not, a program of headquarters, a page of a customer or of headquarters.
State = Literal["signed", "unsigned", "program", "page"]


class Telling:
    """Says a refusal once an hour of each device, and once an hour in all of whoever is not proven to be one."""

    def __init__(self, *, now_ms: Callable[[], int], log: Log) -> None:
        self._now_ms = now_ms
        self._log = log
        self._told: OrderedDict[tuple[str, str], int] = OrderedDict()

    def __call__(self, code: str, state: State, *, device: str = "") -> None:
        who, now_ms = (device or state, code), self._now_ms()
        if now_ms - self._told.get(who, -TOLD_MS) < TOLD_MS:
            return
        self._told[who] = now_ms
        self._told.move_to_end(who)
        if len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        self._log("request_refused", code=code, state=state)
