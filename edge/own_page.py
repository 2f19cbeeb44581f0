"""A customer who stands here and showed that it is them gets their own page onto their own phone.

The page is the centre's; here is only the asking, while the line is there. What counts is the card or phone itself,
held to a reader after the tablet asked for it: staff may know a birthday, have a picture of a bar code, or know of a
tap of a while ago. Whoever cannot show that is sent a link, where they said that they read it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from edge.recognition.evidence import Evidence

ASK_S: Final = 3.0  # somebody waits, with the tablet between them and a colleague
TRIES: Final = 3  # a visit: a month is guessed in twelve, a day and a month hardly
CHECK_MS: Final = 5 * 60_000  # asked longer ago than this: perhaps of somebody else


@dataclass(slots=True)
class OwnPage:
    """`ask` takes a customer's id and what they proved; None where there is no centre, or it did not answer.

    It answers with an address, empty after a weak proof: then a link is on its way, if they are known to read one.
    """

    ask: Callable[[bytes, Evidence], Awaitable[str | None]] | None = None
    carry: Callable[[], Awaitable[None]] | None = None  # has the centre do what waits (edge/own_requests.py)

    @property
    def carries(self) -> bool:
        """Whether there is a centre that anything can be asked of, now or later."""
        return self.carry is not None

    async def carry_out(self) -> None:
        """Have what waits done now; what cannot be stays, and goes first when the line is back."""
        if self.carry is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_S):
                    await self.carry()

    async def address(self, customer_id: bytes, shown: Evidence) -> str | None:
        """What lets one phone in, once, for a quarter of an hour; None when it cannot be had now."""
        if self.ask is None:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_S):
                return await self.ask(customer_id, shown)
        return None


def held(how: str) -> bool:
    """Whether they held something to a reader: who was only near, typed or named did not."""
    return how in ("tap", "scan")


def shown_since(asked_ms: int, *, strong_ms: int | None, unlocked_ms: int | None) -> Evidence:
    """What card or phone itself proved after the tablet asked for it; a tap of before was for something else."""
    if unlocked_ms is not None and unlocked_ms > asked_ms:
        return "unlocked"
    return "strong" if strong_ms is not None and strong_ms > asked_ms else "weak"


def knows(birthday: Any, *, day: str, month: str) -> bool:
    """Whether somebody named the birthday that is theirs."""
    if not isinstance(birthday, dict):
        return False
    known = birthday.get("day"), birthday.get("month")
    return all(isinstance(each, int) for each in known) and known == _numbers(day, month)


def _numbers(*texts: str) -> tuple[int | None, ...]:
    return tuple(
        int(each) if (each := text.strip()).isascii() and each.isdigit() and len(each) < 3 else None
        for text in texts
    )
