"""How a shop's line to the hub is: told when it changes, and when to try it again."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sync import wire

BACKOFF_FIRST_S: Final = 0.5
BACKOFF_MOST_S: Final = 30.0


class Log(Protocol):
    def __call__(self, event: str, /, **fields: object) -> None: ...


@dataclass(frozen=True, slots=True)
class AgentState:
    """How the line is. `code` and `hint` are of the last trouble; empty while all lanes are well."""

    online: bool = False
    since_ms: int = 0
    waiting: int = 0  # facts in the batch not yet settled; a full batch means at least so many
    code: str = ""
    hint: str = ""


class Contact:
    """`state`, and what moves it; `on_change` is called when the shop should see another."""

    def __init__(
        self,
        *,
        wall_ms: Callable[[], int],
        log: Log,
        on_change: Callable[[], None] = lambda: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.state = AgentState(since_ms=wall_ms())
        self.tries = 0
        self.on_change = on_change
        self.chance = chance
        self._wall_ms = wall_ms
        self._log = log
        self._told_down = False
        self._refusals: dict[str, str] = {}  # lane -> code that was logged

    def waits(self, facts: int) -> None:
        """So many facts are about to be sent."""
        self.state = replace(self.state, waiting=facts)

    def up(self) -> None:
        """The hub answered."""
        self.tries = 0
        now_ms, before = self._wall_ms(), self.state
        if not before.online:
            code, hint = (before.code, before.hint) if self._refusals else ("", "")
            self.state = replace(self.state, online=True, since_ms=now_ms, code=code, hint=hint)
            self._told_down = False
            self._log("hub_reached", down_s=max(0, now_ms - before.since_ms) // 1000)
            self.on_change()

    def down(self, error: wire.Unreachable) -> None:
        was_online = self.state.online
        self.state = replace(self.state, online=False, code=error.code, hint=error.hint)
        if was_online:
            self.state = replace(self.state, since_ms=self._wall_ms())
        if not self._told_down:
            self._told_down = True
            self._log("hub_lost", code=error.code, hint=error.hint, message=str(error))
            self.on_change()

    def refused(self, lane: str, error: wire.Refused) -> None:
        """The hub said no to a lane, which is logged once."""
        self.state = replace(self.state, code=error.code, hint=error.hint)
        if self._refusals.get(lane) != error.code:
            self._refusals[lane] = error.code
            self._log("hub_refused", kind=lane, code=error.code, hint=error.hint, message=str(error))
            self.on_change()

    def taken(self, lane: str) -> None:
        """The hub took what a lane had to say."""
        if self._refusals.pop(lane, None) and not self._refusals:
            self.state = replace(self.state, code="", hint="")
            self.on_change()

    def pause_s(self) -> float:
        """Full jitter: anywhere below a bound that doubles, so that a thousand shops do not knock as one."""
        bound_s = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2.0 ** min(self.tries, 10))
        self.tries += 1
        return self.chance() * bound_s
