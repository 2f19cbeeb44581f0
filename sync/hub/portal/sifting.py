"""Of a large fleet: which boxes somebody asks for, and how many need somebody for which reason. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sync.hub.hq.fleet import Box, Why
from sync.hub.portal import choices
from sync.hub.portal.words import bare, key

MANY: Final = 12  # as many are looked over without help
MOST_LETTERS: Final = 64
# Each reason in a word or three, the worst first.
BRIEFLY: Final[dict[Why, str]] = {
    "never": key("fleet.brief.never"),
    "silent": key("fleet.brief.silent"),
    "forked": key("fleet.brief.forked"),
    "twins": key("fleet.brief.twins"),
    "parted": key("fleet.brief.parted"),
    "looks": key("fleet.brief.looks"),
    "trouble": key("fleet.brief.trouble"),
    "receipts": key("fleet.brief.receipts"),
    "stuck": key("fleet.brief.stuck"),
    "reader": key("fleet.brief.reader"),
    "behind": key("fleet.brief.behind"),
    "clock": key("fleet.brief.clock"),
    "disk": key("fleet.brief.disk"),
    "guests": key("fleet.brief.guests"),
    "wishes": key("fleet.brief.wishes"),
    "dead": key("fleet.brief.dead"),
    "old": key("fleet.brief.old"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which boxes are asked for: part of a shop's or box's name, a reason; all of them when both are empty."""

    find: str = ""
    why: Why | None = None

    def __bool__(self) -> bool:
        return bool(self.find or self.why)


def wanted(find: str, why: str) -> Wanted:
    """What stands in an address; a reason that is none is none."""
    return Wanted(find.strip()[:MOST_LETTERS], next((each for each in BRIEFLY if each == why), None))


def found(boxes: Sequence[Box], asked: Wanted, *, names: Mapping[str, str]) -> list[Box]:
    """The boxes that are asked for; where one is called exactly so, no other that has its name within its own."""
    text = bare(asked.find)

    def called(box: Box) -> tuple[str, ...]:
        return bare(choices.name(box.shop_id, names)), bare(box.shop_id), bare(box.id)

    because = [each for each in boxes if asked.why is None or asked.why in each.why]
    exactly = [each for each in because if text in called(each)]
    return exactly or [each for each in because if any(text in name for name in called(each))]


def in_full(boxes: Sequence[Box], asked: Wanted, *, of: int) -> tuple[list[Box], list[Box]]:
    """Those to tell in full, and those that do well, of which among many (`of`) the name is enough."""
    if asked or of <= MANY:
        return list(boxes), []
    well = [each for each in boxes if each.mood == "well"]
    return [each for each in boxes if each.mood != "well"], well


def reasons(boxes: Sequence[Box]) -> list[tuple[Why, int]]:
    """How many boxes need somebody for what, the worst first."""
    counted = ((why, sum(why in each.why for each in boxes)) for why in BRIEFLY)
    return [(why, count) for why, count in counted if count]
