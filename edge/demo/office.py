"""Headquarters as the stage sees it: the hub's pages, what a customer does on their phone, and what arrived."""

from collections.abc import Sequence

from edge.demo.post import letters
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from staff_ui.desk import StageLetter
from sync.hub import consents
from sync.hub.app import Hub
from sync.hub.portal.traits import open_traits
from sync.hub.tables import feed, mine, people
from sync.wire import main_part, urgent_part

DEVICE = "demo-1"


class Office:
    """One open hub at `address`; `recipient` is the shop as consents name it, `post` the folder of its letters."""

    def __init__(self, hub: Hub, *, address: str, recipient: str, post: str) -> None:
        self.address = address
        self._hub = hub
        self._recipient = recipient
        self._post = hub.config.state / post

    def letters(self) -> Sequence[StageLetter]:
        """What customers were sent, newest first."""
        return letters(self._post)

    def birthdays(
        self, conn: Connection, customer_ids: Sequence[bytes]
    ) -> tuple[tuple[int, int] | None, ...]:
        """Day and month of each, as headquarters holds them; None where it does not."""
        found: list[tuple[int, int] | None] = []
        for each in customer_ids:
            sealed = mine.traits(conn, each, now_ms=self._hub.now_ms())
            traits = open_traits(sealed, kek=self._hub.keys.hub_kek, log=self._hub.log)
            held = traits.values.get("birthday")
            found.append((held["day"], held["month"]) if held else None)
        return tuple(found)

    def tells(self, shop: str) -> dict[str, int]:
        """The last row of each part of what a shop is told."""
        return {part: feed.last(self._hub.db.reader, part) for part in (urgent_part(shop), main_part(shop))}

    async def phone(self, customer_id: bytes, *, apart: bool = False) -> str | None:
        """The customer's own page, entered with a code that works once; None for somebody who was forgotten.

        `apart`: where customers find it, in a window of its own; the stage's frame needs the stage's own host.
        """
        try:
            code = await self._hub.portal_code(customer_id)
        except Refused:
            return None
        return f"{self._hub.config.page if apart else self.address}/portal/enter/{code}"

    def desk(self, customer_id: bytes) -> str:
        """Headquarters' page, with this customer's balance."""
        return f"{self.address}/hq?customer={customer_id.hex()}"

    async def stop(self, customer_id: bytes) -> None:
        """What the button on the phone does, for whoever is still known."""
        if not people.exists(self._hub.db.reader, customer_id):
            return
        await self._hub.change(
            consents.withdraw,
            customer_id,
            purpose="recognition",
            recipient=self._recipient,
            now_ms=self._hub.now_ms(),
        )

    async def allow(self, customer_id: bytes) -> None:
        """Let the shop recognise this customer again, where that was stopped."""
        held = people.consent(
            self._hub.db.reader, customer_id, purpose="recognition", recipient=self._recipient
        )
        if not people.exists(self._hub.db.reader, customer_id) or (held and held.state == "given"):
            return
        await self._hub.change(
            consents.grant,
            customer_id,
            purpose="recognition",
            recipient=self._recipient,
            base=held.register if held else None,
            now_ms=self._hub.now_ms(),
        )

    def sent(self, *, after: int) -> tuple[int, int]:
        """How many of the box's facts after `after` are here, and how many of them twice."""
        lines, hashes = self._hub.db.reader.execute(
            "SELECT count(*), count(DISTINCT hash) FROM event WHERE device_id=:device AND seq>:after",
            {"device": DEVICE, "after": after},
        ).fetchone()
        return hashes, lines - hashes
