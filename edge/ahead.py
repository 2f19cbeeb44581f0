"""What the tablets will ask after a tap, read in the tap's own transaction, where its pages are at hand.

It is good for the one rendering that follows this very commit, or for nothing: any other write asked for meanwhile,
any other poke, or the end of a basis makes it nothing, and the renderer reads as it always does. So nothing is shown
that reading at that instant would not show.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final, cast

from edge.consent.rules import Role
from edge.facts import Fact
from edge.kit.errors import Corrupt
from edge.kit.sqlite import Database
from edge.live import Live
from edge.recognition.profile import Profile
from edge.shop import tables as shop
from edge.visits.here import Arrival, who_is_here
from edge.wallet import tables as wallet
from edge.wallet.tables import Here

KEEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """What stands in the tables at `at_ms` with write number `asked`: who is here, how many, whose card it is.

    `busy` is the shop's switch.
    """

    asked: int
    at_ms: int
    until_ms: int
    arrivals: Sequence[Arrival] = field(repr=False)
    here: int
    customer_id: bytes = field(repr=False)
    profiles: Mapping[Role, Profile] = field(repr=False)
    busy: bool


class Ahead:
    """At most one gathering, from its commit to the rendering that follows. Used from the event loop alone."""

    def __init__(self, db: Database[Fact], live: Live) -> None:
        self._db = db
        self._live = live
        self._most = self._counted = 0
        self._here: Here | None = None
        self._ready: Gathered | None = None
        self._version = -1

    def follow(self, here: Here, *, most: int, counted: int) -> None:
        """From now on gather what a page shows: that many arrivals, visits counted up to `counted`, as `here`."""
        self._here, self._most, self._counted = here, most, counted

    def gather(
        self, conn: Connection, facts: Sequence[Fact], *, now_ms: int, roles: Sequence[str]
    ) -> Gathered | None:
        """Read what tablets of these roles will ask once `facts` are on disk; None when nobody would."""
        here = self._here
        if not roles or here is None:
            return None
        asked = self._db.asked + 1
        try:
            arrivals, count = who_is_here(
                conn, recipient=here.recipient, now_ms=now_ms, most=self._most, counted=self._counted
            )
            if not arrivals:
                return None
            customer_id = arrivals[0].customer_id
            profiles = {
                role: wallet.profile_here(conn, customer_id, role=role, here=here, now_ms=now_ms)
                for role in cast(Sequence[Role], roles)
            }
            busy = shop.busy(conn)
        except (Corrupt, sqlite3.Error):
            return None  # the tap is kept all the same; the renderer meets the same trouble, and says so
        return Gathered(
            asked=asked,
            at_ms=now_ms,
            until_ms=min(
                *(each.until_ms for each in arrivals), *(each.until_ms for each in profiles.values())
            ),
            arrivals=arrivals,
            here=count,
            customer_id=customer_id,
            profiles=profiles,
            busy=busy,
        )

    def offer(self, gathered: Gathered) -> None:
        """Its facts are on disk: the rendering that the very next poke calls for may be made of this."""
        self._ready = gathered
        self._version = self._live.version + 1
        # Nobody's values stay for longer than that rendering takes.
        asyncio.get_running_loop().call_later(KEEP_S, self._drop, gathered)

    def _drop(self, gathered: Gathered) -> None:
        if self._ready is gathered:
            self._ready = None

    def seen(self, now_ms: int) -> Gathered | None:
        """What reading at `now_ms` would give, None when only reading can tell."""
        ready = self._ready
        if ready is None or self._live.version != self._version or self._db.asked != ready.asked:
            return None
        return ready if ready.at_ms <= now_ms < ready.until_ms else None
