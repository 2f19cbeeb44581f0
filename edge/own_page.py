"""A customer who stands here, tapped and showed that it is them, gets their own page onto their own phone.

The page is the centre's; here is only the asking, while the line is there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

ASK_S: Final = 3.0  # somebody waits, with the tablet between them and a colleague
TRIES: Final = 3  # a visit: a month is guessed in twelve, a day and a month hardly
CHECK_MS: Final = 15 * 60_000  # a tap older than this was perhaps somebody else's hand


@dataclass(slots=True)
class OwnPage:
    """`ask` takes a customer's id; None where there is no centre, or it did not answer."""

    ask: Callable[[bytes], Awaitable[str | None]] | None = None

    async def address(self, customer_id: bytes) -> str | None:
        """What lets one phone in, once, for a quarter of an hour; None when it cannot be had now."""
        if self.ask is None:
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_S):
                return await self.ask(customer_id)
        return None


def tapped(how: str, *, seen_ms: int, now_ms: int) -> bool:
    """Whether they held something to a reader just now: who was only near, typed or named did not."""
    return how in ("tap", "scan") and now_ms - seen_ms < CHECK_MS


def shown(birthday: Any, *, day: str, month: str) -> bool:
    """Whether somebody named the birthday that is theirs."""
    if not isinstance(birthday, dict):
        return False
    held = birthday.get("day"), birthday.get("month")
    return all(isinstance(each, int) for each in held) and held == _numbers(day, month)


def _numbers(*texts: str) -> tuple[int | None, ...]:
    return tuple(
        int(each) if (each := text.strip()).isascii() and each.isdigit() and len(each) < 3 else None
        for text in texts
    )
