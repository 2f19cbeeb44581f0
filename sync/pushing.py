"""What goes up: the receipt for what was taken away, what customers asked for, and facts until none wait."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from secrets import token_hex
from typing import Final, NamedTuple

from sync import mending, wire
from sync.asking import Asking, Sleep, fitting, refusal, understood
from sync.box import Box
from sync.contact import Contact, Log
from sync.receipt import RECEIPT_PATH
from sync.signing import DeviceAuth
from sync.standing import DEVICE_PATH, Standing, standing_of

IDLE_PUSH_S: Final = 60.0  # looks at the outbox even if a wake-up was missed
# Histories that differ: a person may have given this box another epoch, and then it goes on by itself.
_PARTED: Final = wire.PARTED - {"HUB_BEHIND"}

Step = Callable[[], Awaitable[None]]


class _Due(NamedTuple):
    """A receipt, and between which epochs it would be given: elsewhere the same one is another try."""

    part: str
    cursor: int
    epoch: int
    hub_epoch: int


class Pushing:
    """One shop's way up. `schema` is the version of the messages of both sides, as far as is known."""

    def __init__(
        self,
        box: Box,
        asking: Asking,
        contact: Contact,
        *,
        device: str,
        auth: DeviceAuth,
        answered: Callable[[wire.Answer], Awaitable[None]],
        woken: asyncio.Event,
        before_facts: Step | None,
        log: Log,
        sleep: Sleep,
    ) -> None:
        """`answered` hears each answer to facts before it is settled, `before_facts` is done once a push."""
        self.schema = wire.OLDEST
        self._box = box
        self._asking = asking
        self._contact = contact
        self._device = device
        self._auth = auth
        self._answered = answered
        self._woken = woken
        self._before_facts = before_facts
        self._log = log
        self._sleep = sleep
        self._turn = asyncio.Lock()  # whoever fetches all has facts sent first, beside the lane of facts
        self._mends = asyncio.Lock()  # two comparisons beside each other undo what the other found
        self._crossed = False  # whether the answer to the last receipt was to another one

    async def follow(self) -> None:
        """Send all there is, then wait for the next wake-up."""
        await self.push()
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_PUSH_S):
                await self._woken.wait()

    async def push(self) -> None:
        """Send all there is; a receipt that falls due meanwhile goes before the next upload.

        Whoever wakes it after its last look is seen by `follow`. Raises Unreachable or Refused.
        """
        async with self._turn:
            self._woken.clear()
            tried = await self._receipt(None)
            if self._before_facts is not None:
                await self._before_facts()
            while True:
                tried = await self._receipt(tried)
                batch = self._box.waiting(wire.BATCH_EVENTS)
                self._contact.waits(len(batch.events) if batch else 0)
                if batch is not None and batch.events:
                    await self._facts(batch)
                # Whoever says nothing is not refused either: a hub that was put back may have forgotten all of it.
                elif not (self._box.silent() and await self._renewed("WRONG_EPOCH")):
                    return

    async def send(self, batch: wire.Batch) -> None:
        """One upload, and the pause that the hub asks for after it. Raises Unreachable or Refused."""
        body = wire.encode_batch(batch, self._device, schema=self.schema)
        content = await self._asking.ask("POST", wire.EVENTS_PATH, content=body, most=wire.ANSWER_BYTES)
        answer = understood(lambda: mending.believed(self._box, wire.decode_answer(content)))
        await self._answered(answer)
        if answer.ack.epoch != batch.epoch or answer.ack.seq > batch.last_seq:
            raise refusal(
                "the hub holds facts that this box does not know",
                code="HUB_AHEAD",
                hint="the box was restored or copied: give it a new epoch at the hub",
            )
        if answer.ack.seq < batch.from_seq - 1:
            await self.send_again()
            return
        await self._box.settle(answer)
        if answer.rejected:
            self._log("facts_rejected", count=len(answer.rejected), code=answer.rejected[0].code)
        if answer.throttle_ms:
            await self._sleep(answer.throttle_ms / 1000)

    async def send_again(self) -> None:
        """The hub lacks facts that it had acknowledged: say them again from where it stands."""
        async with self._mends:
            sent = await mending.send_again(self._box, self.standing)
        if not sent:
            raise refusal(
                "the hub lacks facts that it had taken, and this box holds them no more",
                code="HUB_BEHIND",
                hint="the hub was restored from a backup that is too old: give this box a new epoch there",
            )
        batch = self._box.waiting(wire.BATCH_EVENTS)
        self._log("sending_again", seq=batch.from_seq if batch else 0)

    async def standing(self, epoch: int, seq: int) -> Standing:
        """What the hub holds of this box's `epoch`, and its hash at `seq`. Raises Unreachable or Refused."""
        once = token_hex(8)
        target = f"{DEVICE_PATH}?epoch={epoch}&seq={seq}&once={once}"
        content = await self._asking.ask("GET", target, most=wire.ANSWER_BYTES)
        return understood(lambda: standing_of(content, epoch=epoch, seq=seq, once=once))

    async def _facts(self, batch: wire.Batch) -> None:
        try:
            await self.send(fitting(batch))
        except wire.Refused as error:
            if error.code not in _PARTED or not await self._renewed(error.code):
                raise

    async def _renewed(self, code: str) -> bool:
        """Whether a person gave this box a newer epoch, and it took that."""
        async with self._mends:
            renewed = await mending.renew(self._box, self.standing)
        if not renewed:
            return False
        self._log("epoch_renewed", device_epoch=self._box.epoch(), code=code)
        return True

    async def _receipt(self, tried: _Due | None) -> _Due | None:
        """Give the receipt that is due, once: not if it is the one that was `tried`. The one that was.

        A box that has no fact to tell hears here that it has another epoch; under that the receipt is another try.
        """
        if (receipt := self._box.receipt()) is None:
            return tried
        due = _Due(*receipt, self._box.epoch(), self._box.hub_epoch())
        if due != tried and await self._given(due) == "BAD_RECEIPT":
            await self._renewed("BAD_RECEIPT")
        return due

    async def _given(self, due: _Due) -> str:
        """Whatever is said to it, facts go up: a hub that refuses it, or fails at it, by the code that is returned.

        It is given again with the next push. Raises Unreachable where there is no line.
        """
        given = self._auth.receipt((due.part, due.cursor), epoch=due.epoch)
        # The same receipt may have been given to this hub before it was put back: its answer to that is none to this.
        target = f"{RECEIPT_PATH}?once={token_hex(8)}"
        try:
            held = await self._asking.ask("POST", target, content=given, most=wire.ANSWER_BYTES)
        except wire.WireError as error:
            if error.code == "NO_LINE":
                raise
            return error.code
        if held in (given, b""):  # an older hub says nothing
            self._crossed = False
            await self._box.receipted(due.cursor, of_hub=due.hub_epoch)
        elif not self._crossed:
            self._crossed = True  # said once; the receipt stays due
            self._log("receipt_crossed", code="OTHER_ANSWER")
        return ""
