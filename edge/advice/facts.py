"""What can happen to a suggestion. No fact names who of the staff said it: advice rates no people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SuggestionSaid:
    """Staff said this suggestion to the customer."""

    visit_id: bytes
    customer_id: bytes
    item: str
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SuggestionDismissed:
    """Staff put this suggestion away; it is not made again for 14 days."""

    visit_id: bytes
    customer_id: bytes
    item: str
    why: str
    at_ms: int
