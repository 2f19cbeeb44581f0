"""Each card from the moment it is sensed until it has left: what of it is told, each thing once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from drivers.reader import Outcome, Sighting, Token
from drivers.talks import Seen

LEFT_S: Final = 1.0  # no answer for this long is "left the field" (contract.md, Sightings)
AT_ONCE: Final = 8  # cards that are remembered: more never lie on one reader
TRIES: Final = 3  # before it is called unreadable: a card on its way into the field is lost once or twice

News = list[Token | Outcome]


@dataclass(slots=True)
class Presentation:
    """`who` tells one card from the next; `done` when asking it again would bring nothing more."""

    who: object = field(repr=False)
    last_s: float
    done: bool = False
    _lost: int = 0
    _told: set[Outcome] = field(default_factory=set)
    _given: set[tuple[str, str]] = field(default_factory=set, repr=False)

    @property
    def waits(self) -> bool:
        """Whether its owner was asked to do something while it stays there."""
        return not self.done and bool(self._told)

    def saw(self, seen: Seen) -> News:
        """A talk that came to its end. A phone that is locked stays open: it is asked again."""
        self._lost = 0
        self.done = not seen.is_passing
        fresh = [each for each in seen.tokens if (each.kind, each.value) not in self._given]
        self._given |= {(each.kind, each.value) for each in fresh}
        return [*fresh, *self._once(seen.outcome)]

    def lost(self) -> News:
        """A talk that broke off. It is tried again while the card stays: it may lie better in a moment."""
        self._lost += 1
        return [] if self._lost < TRIES or self._told else self._once("unreadable")

    def left(self) -> News:
        """It went before anything could be said of it, or it had its say."""
        return [] if self.done or self._told else self._once("unreadable")

    def _once(self, outcome: Outcome | None) -> News:
        if outcome is None or outcome in self._told:
            return []
        self._told.add(outcome)
        return [outcome]


class Recent:
    """Who was sensed within LEFT_S, each by what tells it from the next.

    A ring beside a phone answers by turns with it: neither has left because the other one was chosen. Phones have
    random UIDs, so one that comes after the ring can be the next customer's: it is asked again, and what it gives
    a second time is not told.
    """

    def __init__(self) -> None:
        self._known: dict[object, Presentation] = {}

    def of(self, who: object, now_s: float, *, is_one: bool) -> Presentation:
        """The presentation that goes on, or a new one where this card was not there for LEFT_S.

        `is_one`: whether `who` stands for one card; many phones share the other kind.
        """
        self._known = {each.who: each for each in self._known.values() if now_s - each.last_s < LEFT_S}
        found = self._known.pop(who, None) or Presentation(who, now_s)
        while len(self._known) >= AT_ONCE:
            del self._known[next(iter(self._known))]
        self._known[who] = found
        found.done = found.done and is_one
        return found

    def named(self, card: Presentation, who: object) -> None:
        """It was sensed before it could be told from others; now it can."""
        self._known.pop(card.who, None)
        card.who = who
        self._known[who] = card


def sightings(reader: str, news: News) -> list[Sighting]:
    """The lines of a tap, all with the time of now."""
    at = datetime.now(UTC)
    return [
        Sighting(reader, at, "tap", each)
        if isinstance(each, Token)
        else Sighting(reader, at, "tap", None, each)
        for each in news
    ]
