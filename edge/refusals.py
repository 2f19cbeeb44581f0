"""Which wishes of customers the hub refused, in this process: each rests for an hour before it is asked for again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.own_requests import Request
from sync import wire

REST_S: Final = 3600.0


@dataclass(slots=True)
class Refusals:
    """`now_s` never runs back."""

    now_s: Callable[[], float] = time.monotonic
    _said: set[str] = field(default_factory=set)
    _until_s: dict[Request, float] = field(default_factory=dict)

    def without(self, waiting: Sequence[Request]) -> list[Request]:
        """What is to be asked for now; what was said anew since then does not rest."""
        now_s = self.now_s()
        self._until_s = {
            each: self._until_s[each] for each in waiting if self._until_s.get(each, now_s) > now_s
        }
        return [each for each in waiting if each not in self._until_s]

    def is_new(self, asked: Request, error: wire.WireError) -> bool:
        """Note a refusal; whether its code was not said before.

        A hub that fails at it refused nothing: it is asked as often as facts go.
        """
        if isinstance(error, wire.Refused):
            self._until_s[asked] = self.now_s() + REST_S
        is_new = error.code not in self._said
        self._said.add(error.code)
        return is_new
