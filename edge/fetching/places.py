"""Where what is fetched lies until it is the replica, and how it takes the old one's place."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.kit.on_disk import settle


@dataclass(frozen=True, slots=True)
class Places:
    """In the state folder: the packed file as it comes in, its ticket, and the file that is loaded from it."""

    replica: Path

    @property
    def packed(self) -> Path:
        return self.replica.with_name("replica.fetched")

    @property
    def ticket(self) -> Path:
        return self.replica.with_name("replica.ticket")

    @property
    def staging(self) -> Path:
        return self.replica.with_name("replica.new")

    def clear(self) -> None:
        """Nothing of an attempt stays."""
        for path in (self.packed, self.ticket, self.staging):
            path.unlink(missing_ok=True)

    def steps(self) -> tuple[Callable[[], None], ...]:
        """The exchange, once the old file's log is empty. After a power cut between any two, old or new stands whole.

        The old log's name is gone for good before the new file has the old one's name: SQLite would otherwise take
        the frames of the one for the other's.
        """
        folder = self.replica.parent
        return (
            lambda: self._companion("-wal").unlink(missing_ok=True),
            lambda: self._companion("-shm").unlink(missing_ok=True),
            lambda: settle(folder),
            lambda: self._renamed(),
            lambda: settle(folder),
        )

    def put(self) -> None:
        for step in self.steps():
            step()

    def _companion(self, ending: str) -> Path:
        return self.replica.with_name(self.replica.name + ending)

    def _renamed(self) -> None:
        self.staging.replace(self.replica)
