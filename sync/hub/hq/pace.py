"""How the slices of an import follow each other, so that nobody else waits long for the one writer of a file."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge.kit.sql import Connection
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.app import Hub

SLICE: Final = 500  # rows of one transaction: some 0.15 s of the one writer with customers
LEAST: Final = 25
_LONG_S: Final = 1.0  # others wait for five seconds at most
_QUICK_S: Final = 0.25
_LOOK_S: Final = 0.11  # a process that waits for SQLite looks at least each 0.1 s whether it is free


@dataclass(slots=True)
class Pace:
    """Of one import: `rows` is how many go into its next slice."""

    rows: int = SLICE

    async def change(self, hub: "Hub", act: Callable[..., list[Moved]], *args: Any, **kwargs: Any) -> None:
        """Run the act of a slice as `hub.change` does, then leave the writer to others for a moment."""
        began_s = time.perf_counter()

        def timed(conn: Connection) -> list[Moved]:
            nonlocal began_s
            began_s = time.perf_counter()  # whoever was before us in the file is no time of ours
            return act(conn, *args, **kwargs)

        await hub.change(timed)
        took_s = time.perf_counter() - began_s
        self.rows = fitting(self.rows, took_s)
        if not hub.db.shared:
            await asyncio.sleep(rest_s(took_s))


def fitting(rows: int, took_s: float) -> int:
    """How many rows the next slice has: half as many after one that held the writer long, twice after a quick one."""
    if took_s > _LONG_S:
        return max(LEAST, rows // 2)
    return min(SLICE, rows * 2) if took_s < _QUICK_S else rows


def rest_s(took_s: float) -> float:
    """For how long the writer is left to others after a slice that held it for `took_s`.

    Who waits for a file of SQLite looks again after 1 ms, and seldomer the longer it waits, down to each 100 ms
    (sqliteDefaultBusyCallback in SQLite's main.c): slices that followed at once were found free by chance only.
    """
    return min(took_s / 4, _LOOK_S)
