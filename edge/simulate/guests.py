"""Members of another shop: asked about at the tap, saving where nobody can be asked, gone with their visit."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from edge.elsewhere import Elsewhere, sealed_for_hub
from edge.guests import acts
from edge.guests.facts import GuestLeft, GuestSaved
from edge.guests.tables import Stay
from edge.recognition import tables as recognition
from edge.recognition.rules import Hashes
from edge.wallet.rules import Asked, Instrument
from sync import wire

if TYPE_CHECKING:
    from edge.simulate.box import Box

_STAY_MS: Final = 5_000  # instead of minutes: a story is over in one


def elsewhere(box: "Box") -> Elsewhere:
    """What `edge.line.join_hub` makes of the agent for the counter."""

    async def ask(card: str) -> tuple[wire.GuestFound, int]:
        try:
            answer = await box.agent.whose(card)
        except wire.WireError:
            raise TimeoutError from None
        return answer.found, answer.cursor

    return Elsewhere(
        ask,
        cursor=partial(box.uplink.cursor, wire.main_part(box.name)),
        online=lambda: box.agent.state.online,
        shop_key=box.keys.shop_key,
        shop_id=box.name,
    )


async def came(box: "Box", shown: Hashes, *, recipient: str) -> bool | None:
    """After a tap that nobody here was recognised by: True once they are known, None when nobody could be asked."""
    now_ms = box.time.now_ms()
    if recognition.find(box.db.reader, shown.outer, recipient=recipient, now_ms=now_ms) is not None:
        return False
    found = await box.elsewhere.whose(shown)
    return None if found is None else found == "coming"


def saving(
    box: "Box", shown: Hashes, *, asked: Asked, instrument: Instrument, amount: int
) -> Callable[..., list[GuestSaved]]:
    """The form of a card that nobody could be asked about."""
    card = sealed_for_hub(box.keys.shop_key, box.name, shown)
    return partial(acts.save, asked=asked, card=card, instrument=instrument, amount=amount)


async def leave(box: "Box") -> None:
    """As `edge.jobs.leave_guests`, as far as it writes."""
    facts = await box.do(partial(acts.leave, now_ms=box.time.now_ms(), stay_ms=_STAY_MS))
    stays = [Stay(fact.customer_id, fact.since_ms) for fact in facts if isinstance(fact, GuestLeft)]
    if stays:
        await box.db.apply(acts.forget, stays)
        await box.db.scrub()
