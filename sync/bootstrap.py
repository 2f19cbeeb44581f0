"""The shop's side of a snapshot: which one, its bytes from where the last try stopped, and whether the hub signed it.

The lanes of facts and of urgent rows go on beside it. What came down the urgent lane since the snapshot was read is
put on top of it before it takes the old replica's place.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from sync import signet, snapshot, wire
from sync.asking import Answered
from sync.snapshot import Manifest, Ticket

MUST_REFETCH: Final = "MUST_REFETCH"  # the shop is below what the hub still has
TRIES: Final = 3


class Staging(Protocol):
    """The appliance, as far as a new replica is concerned."""

    def held(self) -> tuple[str, int]:
        """Id of the snapshot that an earlier try began, and how many bytes of it lie here; ("", 0): none."""

    async def begin(self, id_: str) -> None:
        """Get ready for this one; what was held of another goes."""

    async def add(self, piece: bytes) -> None:
        """The next bytes of the file."""

    async def finish(self, manifest: Manifest) -> None:
        """All bytes are there: load, index and check them. Raises Malformed when they are not what was signed."""

    async def keep(self, *, whole: bool = True) -> None:
        """What the old replica knows to be taken away and the new file does not stays so here; all that it knows
        where there is no `whole` new file."""

    def cursor(self, part: str) -> int:
        """Seq of the last row of a partition in the new file."""

    async def apply(self, page: wire.Page) -> None:
        """Rows on top of it."""

    async def swap(self, *, still: Callable[[], bool]) -> bool:
        """Put it in the old one's place, unless, once nobody changes that any more, it is not `still` so."""

    async def rest(self) -> None:
        """This try ends here; what was downloaded stays for the next."""

    async def drop(self) -> None:
        """Nothing of this try is of use."""


Ask = Callable[..., Awaitable[Answered]]


class Stale(wire.Refused):
    """This snapshot is of no use any more; another one is asked for."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """One shop's way to a new replica. `ask` sends a signed GET; `fetch_urgent` gets urgent rows after a cursor.
    `live_urgent` is how far the old one has heard those: another answer, and it heard more.

    `put_back`: the hub was, from a backup that may be older than what the old replica says.
    """

    staging: Staging
    ask: Ask
    pins: Callable[[], Sequence[str]]
    shop: str
    live_urgent: Callable[[], object]
    fetch_urgent: Callable[[int], Awaitable[wire.Page]]
    put_back: bool = False

    async def run(self) -> Manifest:
        """Fetch, check and swap; raises Unreachable (what lies here is gone on with), or Refused."""
        for _ in range(TRIES):
            try:
                manifest = await self._fetched()
                if self.put_back:
                    await self.staging.keep()
                await self._swapped()
                return manifest
            except Stale:
                await self.staging.drop()
            except BaseException:
                await self.staging.rest()
                raise
        raise wire.Refused(
            "no snapshot could be had whole", code="SNAPSHOT_GONE", hint="look into the hub's log"
        )

    async def _fetched(self) -> Manifest:
        held, size = self.staging.held()
        ticket = snapshot.Ticket(id=held, ready=False) if held else await self._ticket()
        if not held:
            await self.staging.begin(ticket.id)
        path = f"{snapshot.PATH}/{ticket.id}"
        while True:
            answer = await self._asked(f"{path}?wait={wire.WAIT_S}", range=f"bytes={size}-")
            if answer.status == 200:
                raise wire.Unreachable("the piece is not a range", code="MALFORMED", hint=_BETWEEN)
            if answer.status == 416:
                break
            if answer.status == 206:
                _follows(answer, size)
                await self.staging.add(answer.body)
                size += len(answer.body)
        said = await self._asked(f"{path}/manifest?wait={wire.WAIT_S}")
        manifest, signed = snapshot.decode_vouched(said.body)
        try:
            signet.verify(self.pins(), "manifest", signed)
            if (manifest.id, manifest.shop, manifest.bytes) != (ticket.id, self.shop, size):
                raise wire.Malformed("the manifest is of another snapshot", code="BAD_DIGEST", hint=_HINT)
            await self.staging.finish(manifest)
        except wire.Malformed as error:
            await self.staging.drop()
            raise wire.Refused(str(error), code=error.code, hint=error.hint) from None
        return manifest

    async def _ticket(self) -> Ticket:
        return snapshot.decode_ticket((await self._asked(snapshot.PATH)).body)

    async def _asked(self, target: str, **headers: str) -> Answered:
        try:
            return await self.ask(target, headers=headers)
        except wire.Refused as error:
            if error.code == "SNAPSHOT_GONE":
                raise Stale(str(error), code=error.code, hint=error.hint) from None
            raise

    async def _swapped(self) -> None:
        urgent = wire.urgent_part(self.shop)
        while True:
            after = self.staging.cursor(urgent)
            still = partial(_same, self.live_urgent, self.live_urgent())
            page = await self.fetch_urgent(after)
            wire.follows(page, urgent, after=after)
            if page.rows:
                await self.staging.apply(page)
            if page.checkpoint.up_to_date and await self.staging.swap(still=still):
                return


def _same(now: Callable[[], object], before: object) -> bool:
    return now() == before


async def heed(
    page: Callable[..., Awaitable[wire.Page]],
    take_away: Callable[[Sequence[wire.Row]], Awaitable[None]],
    *,
    had: int,
) -> None:
    """While all is fetched anew from a hub that was put back: take away what its urgent lane does, until cancelled.

    How far back it was put nobody knows: it is heard from a page before what this box `had`, or from before its own
    end where it has less. What is older comes with what is fetched.
    """
    back = wire.PAGE_ROWS
    after = max(0, had - back)
    while True:
        try:
            heard = await page(after=after, wait_s=wire.WAIT_S)
        except wire.Refused as error:
            if error.code != "CURSOR_AHEAD":
                raise
            back *= 2
            after = max(0, had - back)
            continue
        await take_away(heard.rows)
        after = heard.checkpoint.cursor


def _follows(answer: Answered, size: int) -> None:
    if not answer.headers.get("content-range", "").startswith(f"bytes {size}-") or not answer.body:
        raise wire.Unreachable(
            "the piece is not the one that was asked for",
            code="MALFORMED",
            hint=_BETWEEN,
        )


_BETWEEN: Final = "see what stands between the shop and the hub"
_HINT: Final = "it is fetched again by itself"
