"""How people who are here want to be addressed: unsealed once, kept in memory while they may be shown."""

from collections import OrderedDict
from collections.abc import Iterable
from sqlite3 import Connection
from typing import Any, Final

from edge.kit.errors import Corrupt
from edge.kit.log import Log
from edge.recognition import profile, tables

# Some ten times what a list shows; whoever is not asked for leaves first.
MOST_KEPT: Final = 128


class Names:
    """The trait `name` by customer. Whoever shows one has asked the consent gate in that very moment.

    `version` counts what was forgotten, so that whatever was made of a name can be made again.
    """

    def __init__(self, *, recipient: str, kek: bytes, log: Log) -> None:
        self._recipient = recipient
        self._kek = kek
        self._log = log
        self._kept: OrderedDict[bytes, Any] = OrderedDict()
        self.version = 0

    def of(self, conn: Connection, customer_id: bytes, *, now_ms: int) -> Any:
        """The value of the trait, None when there is none or no basis for it."""
        if customer_id in self._kept:
            self._kept.move_to_end(customer_id)
            return self._kept[customer_id]
        name = self._read(conn, customer_id, now_ms=now_ms)
        if name is not None:
            self.keep(customer_id, name)
        return name

    def keep(self, customer_id: bytes, name: Any) -> None:
        """Take over what somebody just read for this customer's card."""
        self._kept[customer_id] = name
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def forget(self, customer_ids: Iterable[bytes]) -> None:
        """These were changed or taken away."""
        for customer_id in customer_ids:
            self._kept.pop(customer_id, None)
        self.version += 1

    def forget_all(self) -> None:
        """Everybody may have changed: another replica is read from now on."""
        self.forget(list(self._kept))

    def _read(self, conn: Connection, customer_id: bytes, *, now_ms: int) -> Any:
        row = tables.name_of(conn, customer_id, recipient=self._recipient, now_ms=now_ms)
        if row is None:
            return None
        _, sealed, ver, wrapped = row
        try:
            key = profile.unwrap(self._kek, customer_id, wrapped)
            return profile.unseal_trait(key, customer_id, name="name", ver=ver, sealed=sealed)
        except Corrupt as error:
            self._log("name_unreadable", code=error.code, hint=error.hint)
            return None
