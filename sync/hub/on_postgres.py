"""The hub's store on PostgreSQL."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from edge.kit.postgres import Postgres
from edge.kit.sql import Connection
from sync.hub.tables import feed

P = ParamSpec("P")
T = TypeVar("T")


class OnPostgres(Postgres):
    """A database of PostgreSQL; several hubs may serve from it."""

    shared = True

    async def version(self) -> Any:
        return await self.read(feed.total)

    async def clock_ms(self, own_ms: int) -> int:
        return await self.read(_clock_ms)

    async def scrub(self) -> None:
        """Nothing to do by hand: VACUUM and the end of the kept WAL take it away (sync/hub/README.md)."""

    async def forget(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`apply`: see `scrub`."""
        return await self.apply(act, *args, **kwargs)

    async def owe_sweep(self) -> None:
        """As `scrub`."""

    async def sweep_small(self) -> None:
        """As `scrub`."""

    async def sweep(self, *, most: int | None = None) -> None:
        """As `scrub`."""


def _clock_ms(conn: Connection) -> int:
    (at_ms,) = conn.execute("SELECT CAST(extract(epoch FROM clock_timestamp())*1000 AS BIGINT)").fetchone()
    return int(at_ms)
