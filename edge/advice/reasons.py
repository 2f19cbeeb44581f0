"""The reasons that may be said of a product, and a suggestion with its own. Pure.

Evidence is exactly what `welkom advise` promises: codes and counts that can be counted again from the baskets.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

OFTEN: Final = (3, 0.25)  # baskets, and share of all baskets


@dataclass(frozen=True, slots=True)
class DueAgain:
    every_days: int
    last_days_ago: int
    times: int


@dataclass(frozen=True, slots=True)
class DueAgainVisits:
    every_visits: int
    last_visits_ago: int
    times: int


@dataclass(frozen=True, slots=True)
class Often:
    bought: int
    of: int

    @property
    def habit(self) -> bool:
        """Whether it may be called often, and not only bought before."""
        return self.bought >= OFTEN[0] and self.bought / self.of >= OFTEN[1]


@dataclass(frozen=True, slots=True)
class GoesWith:
    item: str
    together: int
    baskets: int
    customers: int


@dataclass(frozen=True, slots=True)
class OthersLikeYou:
    customers: int


@dataclass(frozen=True, slots=True)
class PopularHere:
    store: str
    baskets: int
    bought: int


Reason = DueAgain | DueAgainVisits | Often | GoesWith | OthersLikeYou | PopularHere
Code = Literal["due_again", "due_again_visits", "often", "goes_with", "others_like_you", "popular_here"]
REASONS: Final[dict[Code, type[Reason]]] = {
    "due_again": DueAgain,
    "due_again_visits": DueAgainVisits,
    "often": Often,
    "goes_with": GoesWith,
    "others_like_you": OthersLikeYou,
    "popular_here": PopularHere,
}
_CODES: Final[dict[type[Reason], Code]] = {kind: code for code, kind in REASONS.items()}
# Made from the customer's own purchases; the rest says nothing about them.
PERSONAL: Final[frozenset[Code]] = frozenset(REASONS) - {"popular_here"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item with its title, the reason that put it here, and what else is true and spoke for it.

    Words are the page's.
    """

    item: str
    title: str
    reason: Reason = field(repr=False)
    also: tuple[Reason, ...] = field(default=(), repr=False)

    @property
    def code(self) -> Code:
        return code_of(self.reason)

    @property
    def evidence(self) -> dict[str, int | str]:
        return asdict(self.reason)


def code_of(reason: Reason) -> Code:
    return _CODES[type(reason)]


def reason_of(code: Code, evidence: Mapping[str, Any]) -> Reason:
    """The reason that a code and its evidence spell."""
    return REASONS[code](**evidence)
