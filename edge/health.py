"""How the house is, for `/healthz`, `/metrics`, the top line of the tablet and the watchdog."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from edge.watch import ReaderState


@dataclass(slots=True)
class Health:
    """Kept up to date by the parts themselves; read by whoever shows it."""

    online: bool = False
    online_since_ms: int = 0  # since when the line is as `online` says, over restarts too
    alone: bool = False  # no hub is configured, so being offline is no trouble
    depth: Callable[[], int] = int  # how many facts wait now
    search_ready: bool = False
    advice_down: bool = False  # no suggestions are made; the card does not need them
    store: str = ""  # code of the error that keeps the journal from being written; empty: all is well
    heard_ms: int = 0  # when the hub last answered, shop time; 0 again once the lease is extended by it
    contact_ms: int = 0  # the same, and kept
    lease_over: bool = False  # so long ago that consents do not count any more
    fetching: bool = False  # the replica was damaged and the hub has not yet sent everything again
    clock: Literal["", "behind", "ahead"] = ""  # how the box's own clock was set wrong
    readers: dict[str, ReaderState] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many facts the hub does not hold yet: looked up when asked, so that it is true without a line too."""
        return self.depth()

    def ready(self) -> bool:
        """Whether the house does its work; a reader that is out, or no internet, does not make it unready."""
        return not self.store
