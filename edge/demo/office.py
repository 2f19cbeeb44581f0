"""Headquarters as the stage sees it: the hub's pages, what a customer does on their phone, and what arrived."""

from sync.hub import consents
from sync.hub.app import Hub
from sync.hub.tables import feed, people
from sync.wire import main_part, urgent_part

DEVICE = "demo-1"


class Office:
    """One open hub at `address`; `recipient` is the shop as consents name it."""

    def __init__(self, hub: Hub, *, address: str, recipient: str) -> None:
        self.address = address
        self._hub = hub
        self._recipient = recipient

    def tells(self, shop: str) -> dict[str, int]:
        """The last row of each part of what a shop is told."""
        return {part: feed.last(self._hub.db.reader, part) for part in (urgent_part(shop), main_part(shop))}

    async def phone(self, customer_id: bytes) -> str:
        """The customer's own page, entered with a code that works once."""
        return f"{self.address}/portal/enter/{await self._hub.portal_code(customer_id)}"

    def desk(self, customer_id: bytes) -> str:
        """Headquarters' page, with this customer's balance."""
        return f"{self.address}/hq?customer={customer_id.hex()}"

    async def stop(self, customer_id: bytes) -> None:
        """What the button on the phone does."""
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
        if held is not None and held.state == "given":
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
