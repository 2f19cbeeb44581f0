"""Tablets in the hands of a customer: which page they are locked to, and what was typed there so far.

Handing over ends the staff member's session, on disk too, so that neither a restart nor any address leads back
without a PIN. What the customer typed is here and nowhere else, and goes after three idle minutes.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from edge.config import Language
from edge.joining.rules import Wish, Wrong
from edge.kit.clock import ShopTime
from edge.kit.errors import Handed
from edge.newcomers import Offer
from edge.recognition.evidence import Evidence

IDLE_MS: Final = 3 * 60_000
Step = Literal["ask", "check", "kept", "nothing"]


@dataclass(frozen=True, slots=True)
class Hands:
    """One tablet that was handed over, by whom, and how far its customer is."""

    staff: str
    staff_id: bytes
    language: Language
    offer: Offer
    touched_ms: int
    step: Step = "ask"
    wish: Wish = field(default_factory=Wish)
    wrong: Wrong | Literal["taken"] | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """One tablet in the hands of a customer who showed that it is them: their own page, and nothing else."""

    staff: str
    staff_id: bytes
    language: Language
    customer_id: bytes = field(repr=False)
    visit_id: bytes
    touched_ms: int
    said: str = ""  # what their last touch did
    proved: Evidence = "weak"  # what their card or phone proved to get here
    asked_ms: int = 0  # when this page asked for their phone, 0: not yet
    gone: Literal["", "done", "kept"] = ""  # what became of their wish to be forgotten
    # Traits as they set them right here, once headquarters took them: this shop's own copy follows a moment later.
    right: Mapping[str, object] = field(default_factory=dict, repr=False)


class HandedTablets:
    """Every handed tablet by the hash of its token. One instance a house, used from its event loop."""

    def __init__(self, time: ShopTime) -> None:
        self._time = time
        self._handed: dict[bytes, Hands | Owner] = {}

    def of(self, tablet_hash: bytes, *, touched: bool = False) -> Hands | Owner | None:
        """The hands a tablet is in, None when it is with the staff; idle ones are forgotten here and now."""
        now_ms = self._time.now_ms()
        self._handed = {
            tablet: each for tablet, each in self._handed.items() if now_ms - each.touched_ms < IDLE_MS
        }
        hands = self._handed.get(tablet_hash)
        if hands is not None and touched:
            hands = self._handed[tablet_hash] = replace(hands, touched_ms=now_ms)
        return hands

    def refuse(self, tablet_hash: bytes) -> None:
        """Raise Handed where a customer has the tablet: every other page of the shop is closed to them."""
        if self._handed and self.of(tablet_hash) is not None:
            raise Handed("the tablet is with a customer", code="U08", hint="end it with a staff PIN")

    def put(self, tablet_hash: bytes, hands: Hands | Owner) -> None:
        self._handed[tablet_hash] = hands
        # Though nobody asks for it any more: what was typed must not outlast its time in memory either.
        asyncio.get_running_loop().call_later(IDLE_MS / 1000 + 0.1, self.of, b"")

    def take_back(self, tablet_hash: bytes) -> None:
        """A staff member has it again; what was typed is gone."""
        self._handed.pop(tablet_hash, None)
