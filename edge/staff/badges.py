"""A colleague's badge at a reader: chooses their tile on the tablets that stand at sign-in, opens nothing.

In memory: the last badge tapped, for as long as somebody walks from the reader to a tablet; and whom a manager
asked to tap a badge. A badge that is somebody's is no customer's card, so the counter asks here first.
"""

from sqlite3 import Connection
from typing import Any, Final

from edge.kit.sqlite import Database
from edge.staff import acts, tables
from edge.staff.deeds import Doer

WALK_MS: Final = 20_000
ASK_MS: Final = 60_000


class Badges:
    """One instance a house, used from its event loop."""

    def __init__(self, db: Database[Any]) -> None:
        self._db = db
        self._known = frozenset(_hashes(db.reader))
        self._last: tuple[str, int] | None = None
        self._asked: tuple[bytes, Doer, int] | None = None

    def ask(self, staff_id: bytes, *, doer: Doer, now_ms: int) -> None:
        """The next card that is held to a reader within a minute becomes this colleague's badge."""
        self._asked = (staff_id, doer, now_ms)

    def asked(self, *, now_ms: int) -> bytes | None:
        """Whose badge is waited for."""
        if self._asked is None or now_ms - self._asked[2] >= ASK_MS:
            return None
        return self._asked[0]

    def concerns(self, presented: bytes, *, now_ms: int) -> bool:
        """Whether to ask `take`: for a customer's card on a usual day this is all that happens."""
        return self._asked is not None or presented in self._known

    async def take(self, presented: bytes, *, customers: bool, now_ms: int) -> bool:
        """Whether this was a badge, or became one; `customers`: it is a customer's card, so it never does."""
        if self.asked(now_ms=now_ms) is not None and self._asked is not None and not customers:
            staff_id, doer, _ = self._asked
            self._asked = None
            await self._db.apply(acts.bind_badge, presented, staff_id=staff_id, doer=doer, now_ms=now_ms)
            self._known = frozenset(_hashes(self._db.reader))
            return True
        name = tables.badge_of(self._db.reader, presented)
        if name is None:
            return False
        self._last = (name, now_ms)
        return True

    async def remove(self, staff_id: bytes, *, doer: Doer, now_ms: int) -> None:
        """This colleague has no badge any more: lost, or they left."""
        await self._db.apply(acts.remove_badge, staff_id, doer=doer, now_ms=now_ms)
        self._known = frozenset(_hashes(self._db.reader))
        self._last = None

    def tapped(self, *, now_ms: int) -> str:
        """Who tapped a badge just now, by name; empty for nobody."""
        if self._last is None or now_ms - self._last[1] >= WALK_MS:
            return ""
        return self._last[0]


def _hashes(conn: Connection) -> list[bytes]:
    return [each for (each,) in conn.execute("SELECT hash FROM staff_badge")]
