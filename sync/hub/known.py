"""Which box asks: each request is answered from the tables as they are, those that come at once from one look.

The box of an upload need not be looked for: it is let in by what was last known of it, and the transaction that takes
it in has that box's row in hand and compares (`sync.hub.intake`, `sync.hub.asker`). One at a time: a box has no more
under way, and whoever has its former key would else use up with them what its shop may ask.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sync.hub.gathering import Gathering
from sync.hub.tables import devices
from sync.hub.tables.devices import Device

if TYPE_CHECKING:
    from sync.hub.store import Store

MOST: Final = 64  # boxes in a statement
MOST_KEPT: Final = 20_000


class Known:
    """The boxes of a store."""

    def __init__(self, db: "Store") -> None:
        self._db = db
        self._gathered = Gathering(self._look, most=MOST)
        self._last: dict[str, Device] = {}
        self._let_in: set[str] = set()

    async def device(self, device_id: str) -> Device | None:
        """The box of this name as it was no sooner than this was asked; raises StoreError."""
        if not self._db.shared:
            return await self._db.read(devices.device, device_id)
        if "\0" in device_id:
            return None  # PostgreSQL takes no such text, and the others would get no answer either
        found = await self._gathered(device_id)
        self._last.pop(device_id, None)
        if found is not None:
            if len(self._last) >= MOST_KEPT:
                del self._last[next(iter(self._last))]
            self._last[device_id] = found
        return found

    def last(self, device_id: str) -> Device | None:
        """The box as it was when it was last looked for; None where it is to be looked for."""
        return None if device_id in self._let_in else self._last.get(device_id)

    def let_in(self, device: Device) -> None:
        """An upload is under way that was let in by what `last` said; until `let_go` no other is."""
        self._let_in.add(device.id)

    def let_go(self, device: Device) -> None:
        self._let_in.discard(device.id)

    def forget(self, device: Device) -> None:
        """The box may have another key than it had here: it is to be looked for."""
        if self._last.get(device.id) is device:
            del self._last[device.id]

    async def _look(self, asked: Sequence[str]) -> Sequence[Device | None]:
        found = await self._db.read(devices.devices, set(asked))
        return [found.get(device_id) for device_id in asked]
