"""The hub's store on PostgreSQL."""

from typing import Any

from edge.kit.postgres import Postgres
from sync.hub.tables import feed


class OnPostgres(Postgres):
    """A database of PostgreSQL; several hubs may serve from it."""

    shared = True

    async def version(self) -> Any:
        return await self.read(feed.total)

    async def scrub(self) -> None:
        """Nothing to do by hand: VACUUM and the end of the kept WAL take it away (sync/hub/README.md)."""

    async def owe_sweep(self) -> None:
        """As `scrub`."""

    async def sweep_small(self) -> None:
        """As `scrub`."""

    async def sweep(self, *, most: int | None = None) -> None:
        """As `scrub`."""
