"""The shop's side of the conversation: pushes what happened, pulls what it may know, and survives the line.

Once the urgent lane is drained it goes on beside the others: first beside the facts that wait, then beside those
that come and all other rows. A refusal stops its own lane only, so that a quarrel about facts never holds up a
withdrawn consent; a lost line ends all three, and they start again in that order.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import bootstrap, signet, wire
from sync.asking import (
    Asking,
    Sleep,
    dense,
    first,
    refusing,
    takes_away,
    understood,
)
from sync.bootstrap import Staging
from sync.box import Box
from sync.contact import AgentState, Contact, Log
from sync.poked import Poked
from sync.pushing import Pushing, Step
from sync.signing import DeviceAuth
from sync.whole import Whole

REFUSED_S: Final = 60.0  # a person has to act first; asking more often helps nobody
UNHELD_S: Final = 1.0
WOKEN_S: Final = 0.2  # a burst of taps while the line is down is one try
STATUS_S: Final = 60.0  # between two words about how the box does


class Agent:
    """One shop's conversation with the hub. `run` until cancelled; `wake` after each commit."""

    def __init__(
        self,
        box: Box,
        client: httpx.AsyncClient,
        *,
        device: str,
        shop: str,
        key: Ed25519PrivateKey,
        wall_ms: Callable[[], int],
        log: Log,
        on_change: Callable[[], None] = lambda: None,
        report: Callable[[], wire.Status] | None = None,
        staging: Staging | None = None,
        before_facts: Step | None = None,
        schema: int = wire.SCHEMA,
        page_rows: int = wire.PAGE_ROWS,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`client` has the hub as its `base_url`; its transport may be anything.

        Without `staging` a replica is never fetched whole: it follows the feed from its first row. `schema` is the
        version of the messages that this shop speaks, `page_rows` how many it asks for at once. `before_facts` is
        done each time before facts go up.
        """
        self._box = box
        self._schema = schema
        self._page_rows = page_rows
        self._shop = shop
        self._urgent, self._main = wire.urgent_part(shop), wire.main_part(shop)
        self._auth = DeviceAuth(device, key, wall_ms=wall_ms)
        plain = schema < wire.SCHEMA
        self.asking = Asking(client, self._auth, wall_ms=wall_ms, sleep=sleep, chance=chance, plain=plain)
        self._wall_ms = wall_ms
        self._log = log
        self.contact = Contact(wall_ms=wall_ms, log=log, on_change=on_change, chance=chance)
        self._report = report
        self._sleep = sleep
        self._woken = asyncio.Event()
        self.pushing = Pushing(
            box,
            self.asking,
            self.contact,
            device=device,
            auth=self._auth,
            answered=self._answered,
            woken=self._woken,
            before_facts=before_facts,
            log=log,
            sleep=sleep,
        )
        self.poked = Poked(box, self.asking, (self._urgent, self._main), sleep=sleep)
        self._whole = Whole(
            staging,
            box,
            self.asking,
            shop=shop,
            push=self.pushing.push,
            page=self._page,
            wake=self.wake,
            log=log,
        )
        self._comparing = asyncio.Lock()
        self._taken_away = Counter[str]()  # pages so far, by lane, that took somebody or something away

    @property
    def state(self) -> AgentState:
        return self.contact.state

    def wake(self) -> None:
        """There is something new in the outbox, or reason to believe that the line is back."""
        self._woken.set()

    async def whose(self, card: str) -> wire.GuestAnswer:
        """Whose card this is; `card` is sealed as in GuestAsk. Raises Unreachable or Refused."""
        ask = wire.encode_ask(wire.GuestAsk(card=card))
        content = await self._ask("POST", wire.GUEST_PATH, content=ask, most=wire.ANSWER_BYTES)
        return understood(lambda: wire.decode_as(content, wire.GuestAnswer))

    async def once(self) -> None:
        """One full round: urgent rows, facts, all other rows. Raises Unreachable, or the first Refused."""
        refused: list[wire.Refused] = []
        steps: tuple[Step, ...] = (self._drain_urgent, self.pushing.push, partial(self._drain, self._main))
        for step in steps:
            try:
                await step()
            except wire.Refused as error:
                refused.append(error)
        if refused:
            raise refused[0]

    async def run(self) -> None:
        """Converse until cancelled; trouble with the line or the hub never ends it."""
        while True:
            lost: wire.Unreachable | None = None
            try:
                async with asyncio.TaskGroup() as lanes:
                    # A box that has nothing yet has nothing that could be taken away: it need not wait for it.
                    if not self._whole.possible or self._box.cursor(self._urgent):
                        await self._until_refused("urgent", self._drain_urgent)
                    # What is taken away while a long backlog goes up does not wait for its end.
                    lanes.create_task(self._lane("urgent", partial(self._follow, self._urgent)))
                    lanes.create_task(self.poked.listen())
                    await self._until_refused("push", self.pushing.push)
                    lanes.create_task(self._lane("push", self.pushing.follow))
                    lanes.create_task(self._lane("feed", partial(self._follow, self._main)))
                    if self._report is not None:
                        lanes.create_task(self._lane("status", partial(self._tell, self._report)))
            except* wire.Unreachable as group:
                lost = first(group)
            if lost is not None:
                self.contact.down(lost)
                await self._pause(self.contact.pause_s())

    async def _drain_urgent(self) -> None:
        await self._box.make_sure(self._urgent)
        await self._drain(self._urgent)

    async def _follow(self, part: str) -> None:
        """Wait for the next poke and fetch what it is about; without a stream of pokes, one long poll.

        A hub or proxy that does not hold a poll is not asked more than once a second.
        """
        # Of what was fetched whole no row is left to come; the feed's end is what tells what the hub lacks.
        owes = part == self._main and self._whole.possible and self._box.owes()
        if owes or self.poked.streaming:
            if not owes:
                await self.poked.wait(part)
            await self._drain(part)
            return
        start_s, after = asyncio.get_running_loop().time(), self._box.cursor(part)
        # Who has not been answered yet asks once without waiting: a new shop is to know at once that it has a line.
        await self._pull(part, wait_s=wire.WAIT_S if self.state.online else 0)
        if self._box.cursor(part) == after and asyncio.get_running_loop().time() - start_s < UNHELD_S:
            await self._sleep(UNHELD_S)

    async def _lane(self, name: str, step: Step) -> None:
        while True:
            if not await self._until_refused(name, step):
                await self._sleep(REFUSED_S)

    async def _until_refused(self, name: str, step: Step) -> bool:
        """Take one step of a lane; False when the hub refused it, which is logged once."""
        try:
            await step()
        except wire.Refused as error:
            self.contact.refused(name, error)
            return False
        self.contact.taken(name)
        return True

    async def _tell(self, report: Callable[[], wire.Status]) -> None:
        """Say how the box does; a hub that does not listen to it (an older one) is no trouble."""
        with suppress(wire.Refused):
            body = wire.encode_status(report())
            await self._ask("POST", wire.STATUS_PATH, content=body, most=wire.ANSWER_BYTES)
        await self._sleep(STATUS_S)

    async def _answered(self, answer: wire.Answer) -> None:
        """The hub said something to facts."""
        self._up(answer.hub_time_ms)
        if not self._whole.possible and answer.hub_epoch != self._box.hub_epoch():
            await self._met(answer.hub_epoch)  # else a lane of rows does: what fetches all sends facts first

    async def _met(self, hub_epoch: int, *, behind: tuple[str, int] | None = None) -> None:
        """Know the hub's epoch; another one than before: it was put back from a backup, so all is compared anew.

        The same goes for a hub whose partition ends before `behind`, whatever it says of its epoch.
        """
        async with self._comparing:
            before = self._box.hub_epoch()
            if before == hub_epoch and (behind is None or self._box.cursor(behind[0]) != behind[1]):
                return
            if before:
                if self._whole.of_hub != hub_epoch:
                    self._log("hub_restored", from_version=before, to_version=hub_epoch)
                with suppress(wire.Refused):  # the lane of facts will say so; the rows must not wait for it
                    await self.pushing.send_again()
                self.wake()
                if await self._whole.anew(hub_epoch):
                    self.poked.missed()
                    return
            await self._box.start_over(hub_epoch, empty=before > 0)

    async def _drain(self, part: str) -> None:
        """Apply pages until the partition is up to date."""
        while not await self._pull(part, wait_s=0):
            pass

    async def _pull(self, part: str, *, wait_s: int) -> bool:
        """Fetch and apply the next page; whether the partition is then up to date."""
        other = self._main if part == self._urgent else self._urgent
        after, taken_away = self._box.cursor(part), self._taken_away[other]
        try:
            page = await self._page(part, after=after, wait_s=wait_s)
        except wire.Refused as error:
            if error.code == "CURSOR_AHEAD":
                await self._met(
                    (await self.pushing.standing(self._box.epoch(), 0)).hub_epoch, behind=(part, after)
                )
                return False
            if error.code == bootstrap.MUST_REFETCH and await self._whole.fetched():
                return False
            raise
        if page.checkpoint.hub_epoch != self._box.hub_epoch():
            await self._met(page.checkpoint.hub_epoch)
            if after != self._box.cursor(part):
                return False
        dense(page, part, after=after)
        is_long = after == self._box.cursor(part) == 0 and not page.checkpoint.up_to_date
        if is_long and await self._whole.fetched():
            return False
        if taken_away != self._taken_away[other]:
            return False  # older than an erasure applied meanwhile: what it carries may be gone, so ask again
        if page.rows:
            self._taken_away[part] += takes_away(page, urgent=part == self._urgent)
            await self._applied(page)
            if part == self._urgent:
                self.wake()  # for the receipt
        if page.checkpoint.up_to_date and part == self._main:
            await self._box.up_to_date()
            await self._whole.unneeded()
        return page.checkpoint.up_to_date

    async def _page(self, part: str, *, after: int, wait_s: int) -> wire.Page:
        """A page of a partition, as the hub vouches for it."""
        once = token_hex(8)
        schema = f"&schema={self._schema}" if self._schema > 1 else ""
        query = f"part={part}&after={after}&limit={self._page_rows}&wait={wait_s}&once={once}{schema}"
        content = await self._ask("GET", f"{wire.FEED_PATH}?{query}", most=wire.PAGE_BYTES)
        page = understood(lambda: wire.decode_page(content, schema=self._schema, once=once))
        await self._vouched(page)
        self._up(page.checkpoint.hub_time_ms)
        self.pushing.schema = page.checkpoint.schema
        return page

    async def _vouched(self, page: wire.Page) -> None:
        """Believe nothing that the hub itself did not sign; learn its next key."""
        pins = tuple(self._box.pins())
        with refusing():
            keys = signet.vouched(page, pins)
        if keys != pins:
            await self._box.pin(keys)
            self._log("hub_key_pinned", state="renewed" if pins else "first")

    async def _applied(self, page: wire.Page) -> None:
        with refusing():
            await self._box.apply(page)

    async def _ask(self, method: str, target: str, *, most: int, content: bytes | None = None) -> bytes:
        return await self.asking.ask(method, target, most=most, content=content)

    def _up(self, hub_time_ms: int) -> None:
        self._box.hub_time(hub_time_ms)  # which may set the shop's time right, so it is read after that
        self._auth.offset_ms = hub_time_ms - self._wall_ms()
        self.contact.up()

    async def _pause(self, pause_s: float) -> None:
        """Wait before the next try; `wake` ends it, so that a tap or a line that is back finds no long sleep."""
        self._woken.clear()  # what waits in the outbox is sent at the next try anyway
        pausing = asyncio.ensure_future(self._sleep(pause_s))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait((pausing, woken), return_when=asyncio.FIRST_COMPLETED)
            if not pausing.done():
                await self._sleep(min(WOKEN_S, pause_s))
        finally:
            pausing.cancel()
            woken.cancel()
            # Not each by itself and its end suppressed: who is stopped in that very moment would go on.
            await asyncio.wait((pausing, woken))
