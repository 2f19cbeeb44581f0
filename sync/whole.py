"""The replica fetched whole, by whichever lane finds that it has to be: once, for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from sync import bootstrap, wire
from sync.asking import Asking, refusal
from sync.bootstrap import Bootstrap, Staging
from sync.box import Box
from sync.contact import Log


class Whole:
    """`possible` where the appliance has room for a second replica, and the hub makes snapshots."""

    def __init__(
        self,
        staging: Staging | None,
        box: Box,
        asking: Asking,
        *,
        shop: str,
        push: Callable[[], Awaitable[None]],
        page: Callable[..., Awaitable[wire.Page]],
        wake: Callable[[], None],
        log: Log,
    ) -> None:
        """`push` sends what this shop alone knows, `page` fetches rows of a partition, `wake` sends the receipt."""
        self._staging = staging
        self._box = box
        self._asking = asking
        self._shop = shop
        self._urgent = wire.urgent_part(shop)
        self._push = push
        self._page = page
        self._wake = wake
        self._log = log
        self._rebuilding = asyncio.Lock()
        self._heeded = 0  # rows so far that the old replica heard beside
        self.of_hub = 0  # epoch of the hub that was put back and all is being fetched from, 0: of none

    @property
    def possible(self) -> bool:
        return self._staging is not None

    async def fetched(self) -> bool:
        """Fetch the replica whole, what this shop alone knows having been sent first; False where that cannot be."""
        if self._staging is None:
            return False
        if self._rebuilding.locked():  # by another lane, and that serves both
            async with self._rebuilding:
                return True
        async with self._rebuilding:
            return await self._fetched_whole()

    async def unneeded(self) -> None:
        """The replica has all rows: what an earlier try left lying holds people whom nobody would take out of it."""
        if self._staging is not None and not self._rebuilding.locked() and self._staging.held()[0]:
            await self._staging.drop()

    async def anew(self, hub_epoch: int) -> bool:
        """Fetch all anew from a hub that was put back, while the old replica answers; False: it has to go first.

        It does where nothing can be fetched whole: of a replica that stands still, no "no" would ever be heard. A
        line on which none can be heard any more ends it as it ends all lanes: Unreachable.
        """
        if self._staging is None:
            return False
        async with self._rebuilding:
            staging = self._staging
            if self.of_hub != hub_epoch:
                await staging.drop()  # of the hub of before
                self.of_hub = hub_epoch
            urgent, had = partial(self._page, self._urgent), self._box.cursor(self._urgent)
            heeding = asyncio.ensure_future(bootstrap.heed(urgent, self._heed, had=had))
            fetching = asyncio.ensure_future(self._fetched_whole(put_back=True))
            try:
                await asyncio.wait((heeding, fetching), return_when=asyncio.FIRST_COMPLETED)
                if not fetching.done() and isinstance(lost := heeding.exception(), wire.Unreachable):
                    raise lost
                if not await fetching:
                    return await self._not_fetched(staging)
            except wire.Refused as error:
                self._log("replica_not_fetched", code=error.code, hint=error.hint, message=str(error))
                return await self._not_fetched(staging)
            finally:
                heeding.cancel()
                fetching.cancel()
                await asyncio.wait((heeding, fetching))
                if not fetching.cancelled():
                    fetching.exception()  # whatever it met while it was stopped
                if not heeding.cancelled():
                    with suppress(wire.WireError):
                        heeding.result()
            self.of_hub = 0
            await self._box.start_over(hub_epoch, empty=False)
            await self._box.make_sure(self._urgent, replaced=True)
        return True

    async def _not_fetched(self, staging: Staging) -> bool:
        """The old replica goes, and what lies here of a new one: False, as all comes row by row now."""
        await staging.keep(whole=False)
        await staging.drop()
        return False

    async def _heed(self, rows: Sequence[wire.Row]) -> None:
        # First: whoever puts the new one in place waits for these then, or these for that.
        self._heeded += len(rows)
        await self._box.heed(rows)

    async def _fetched_whole(self, *, put_back: bool = False) -> bool:
        assert self._staging is not None
        with suppress(wire.Refused):  # the outbox is a file of its own, which none of this touches
            await self._push()
        way = Bootstrap(
            self._staging,
            partial(self._asking.answered, "GET"),
            pins=self._box.pins,
            shop=self._shop,
            live_urgent=lambda: (self._box.cursor(self._urgent), self._heeded),
            fetch_urgent=lambda after: self._page(self._urgent, after=after, wait_s=0),
            put_back=put_back,
        )
        began_s = asyncio.get_running_loop().time()
        try:
            manifest = await way.run()
        except wire.Malformed as error:
            raise refusal(str(error), code=error.code, hint=error.hint) from None
        except wire.Refused as error:
            if error.code != "NOT_FOUND":
                raise
            self._staging = None  # a hub of an earlier version: it sends every row
            return False
        await self._box.make_sure(self._urgent, replaced=True)
        self._wake()  # for the receipt
        took_ms = round((asyncio.get_running_loop().time() - began_s) * 1000)
        self._log("replica_fetched", count=manifest.rows, bytes=manifest.bytes, duration_ms=took_ms)
        return True
