"""A customer wants to be forgotten: what goes and what stays is said before, and a signed receipt is theirs after."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.kit.clock import rfc3339
from sync import bundle
from sync.hub.portal.mine import Mine
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import card
from sync.hub.portal.words import Words

if TYPE_CHECKING:
    from sync.hub.app import Hub


@dataclass(frozen=True, slots=True)
class Forget:
    """The question; `lost` is what of value goes with it."""

    frame: Frame
    lost: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The answer; `receipt` is the signed file as text, `href` the same to keep."""

    frame: Frame
    receipt: str = field(repr=False)
    href: str = field(repr=False)


def lost(mine: Mine, words: Words, *, now_ms: int) -> tuple[str, ...]:
    """What somebody would lose who is forgotten now, a line each."""
    it = card(mine.traits, words, advised=False, now_ms=now_ms)
    found = [words.say("forget.points", points=it.points)] if it.points and it.points != "0" else []
    if it.stamps and it.stamps.have:
        found.append(it.stamps.sentence if it.stamps.full else it.stamps.words)
    found += [f"{each.label}{words.say('colon')} {each.note}" for each in it.giftcards]
    found += [each.label for each in it.vouchers]
    return (*found, *it.ready)


def receipt(hub: "Hub", mine: Mine, *, now_ms: int) -> bytes:
    """What the hub signs that it forgot: whose id, when, and in which shops it was told to."""
    content = {
        "schema": bundle.ERASURE,
        "issuer": hub.config.page or "urn:welkom",
        "customer": mine.customer_id.hex(),
        "erased": rfc3339(now_ms),
        "shops": list(mine.shops),
        "stays": ["ledger amounts under a random id", "a mark that keeps the id from coming back"],
    }
    return bundle.signed(hub.signer.key, content)
