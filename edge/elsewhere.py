"""A card that is nobody's here may be of a member of another shop: the centre is asked, while the line is there.

The answer is a word; who it is comes down the feed like every resident. Until then, for a second and a half at most,
the card is neither known nor unknown, and the tablets say nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Literal

from edge.kit.seal import derive, guest_place, seal
from edge.recognition.rules import Hashes

ASK_S: Final = 0.8  # whoever stands at the counter does not wait longer for a word
COME_S: Final = 1.5
# A hub that let one wait for nothing is not asked for so long: whoever comes next does not wait for it too.
REST_S: Final = 10.0
Found = Literal["coming", "blocked", "nobody"]


def sealed_for_hub(shop_key: bytes, shop_id: str, card: Hashes) -> bytes:
    """The inner hash of a card, to be opened by the hub alone."""
    return seal(derive(shop_key, "key-transport"), card.inner, guest_place(shop_id))


class Elsewhere:
    """Asks through the agent; `moved` is called after each slice of the feed that was applied."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[tuple[Found, int]]],
        *,
        cursor: Callable[[], int],
        online: Callable[[], bool],
        shop_key: bytes,
        shop_id: str,
        ask_s: float = ASK_S,
        come_s: float = COME_S,
        rest_s: float = REST_S,
    ) -> None:
        """`ask` takes the sealed card in hex: what was found, and up to where the feed has to come."""
        self._ask = ask
        self._cursor = cursor
        self._online = online
        self._shop_key = shop_key
        self._shop_id = shop_id
        self.ask_s, self.come_s, self.rest_s = ask_s, come_s, rest_s
        self._rests_until_s = 0.0  # by the loop's clock
        self._moved = asyncio.Event()

    def moved(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    async def whose(self, card: Hashes) -> Found | None:
        """`coming` once the replica knows the customer; None when nobody could be asked or it took too long."""
        clock = asyncio.get_running_loop().time
        if not self._online() or clock() < self._rests_until_s:
            return None
        with suppress(TimeoutError):
            try:
                async with asyncio.timeout(self.ask_s) as wait:
                    found, upto = await self._ask(sealed_for_hub(self._shop_key, self._shop_id, card).hex())
            finally:
                if wait.expired():
                    self._rests_until_s = clock() + self.rest_s
            if found != "coming":
                return found
            async with asyncio.timeout(self.come_s):
                while self._cursor() < upto:
                    await self._moved.wait()
            return "coming"
        return None
