"""What a customer saved for later in the web shop, with what this shop knows of it: beside what they saved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.catalogue import tables as catalogue
from edge.kit.errors import Corrupt
from edge.recognition import profile
from edge.visits.here import Arrival
from staff_ui.desk import Desk, Guest
from staff_ui.pages.shelf import Line, line
from staff_ui.pages.values import items
from staff_ui.words import Words

PURPOSE: Final = "profiling"  # what the trait is for: its look is a line of the view log of its own
MOST: Final = 6  # what a tablet shows without scrolling far


@dataclass(frozen=True, slots=True)
class Wishes:
    """The newest first; `more` says how many are not shown here."""

    as_of: str
    lines: tuple[Line, ...] = field(repr=False)
    more: str = ""


def wishes_of(desk: Desk, found: Arrival, guest: Guest, say: Words, *, now_ms: int) -> Wishes | None:
    """None without a basis for it now, and where nothing is saved."""
    house = desk.house
    try:
        held = profile.alone(
            house.db.reader,
            found.customer_id,
            "wishlist",
            role=guest.who.role,
            recipient=house.config.shop.recipient,
            now_ms=now_ms,
            kek=house.keys.kek,
        )
    except Corrupt as error:
        house.log("wishes_unreadable", code=error.code, hint=error.hint)
        return None
    named = [each for each in items(held.values.get("wishlist"), "items") if isinstance(each, str)]
    known = catalogue.products(house.db.reader, named)
    if not known:
        return None
    lines = [line(house, each, say, now_ms=now_ms) for each in known[:MOST]]
    return listed(lines, say, as_of_ms=held.as_of_ms["wishlist"], rest=len(named) - len(lines), now_ms=now_ms)


def listed(lines: Sequence[Line], say: Words, *, as_of_ms: int, rest: int, now_ms: int) -> Wishes:
    """Lines of products as this page shows them; `rest`: how many more stand on the list."""
    return Wishes(
        as_of=say.say("wallet.as_of", when=say.when(as_of_ms, now_ms=now_ms)),
        lines=tuple(lines),
        more=say.count("wishes.more", rest) if rest > 0 else "",
    )
