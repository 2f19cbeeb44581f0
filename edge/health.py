"""How the house is, for `/healthz`, `/metrics`, the top line of the tablet and the watchdog."""

from dataclasses import dataclass, field

from edge.watch import ReaderState


@dataclass(slots=True)
class Health:
    """Kept up to date by the parts themselves; read by whoever shows it."""

    online: bool = False
    online_since_ms: int = 0
    alone: bool = False  # no hub is configured, so being offline is no trouble
    waiting: int = 0
    search_ready: bool = False
    readers: dict[str, ReaderState] = field(default_factory=dict)

    def ready(self) -> bool:
        """Whether tablets can be served; a reader that is out does not make the house unready."""
        return True
