"""What can happen in a visit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisitStarted:
    """A customer who wants to be recognised is here."""

    visit_id: bytes
    customer_id: bytes
    reader: str
    how: str
    evidence: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Greeted:
    """The one greeting of this visit was given to the tablets."""

    visit_id: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """The customer presented themselves again during the same visit: no second greeting."""

    visit_id: bytes
    reader: str
    how: str
    evidence: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CardShown:
    """The tablets of one role showed the customer's card (recognition) or wallet (saving): a line of the view log."""

    visit_id: bytes
    customer_id: bytes
    role: str
    purpose: str
    at_ms: int
    reason: str = ""  # empty: the glance card; else why somebody looked closer (visits.rules.REASONS)
    staff_id: bytes = b""  # who opened a page; empty: the card came up on every tablet of the role
    device: str = ""  # which tablet, as `staff.deeds.Doer.device`; empty likewise


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """Nothing was seen of the customer for the quiet period, or the right to recognise them ended."""

    visit_id: bytes
    why: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class HelpClaimed:
    """A colleague helps this customer; the others see it."""

    visit_id: bytes
    staff_id: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class HelpReleased:
    """The same colleague is done helping."""

    visit_id: bytes
    staff_id: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """The customer wants no advice in this visit; `alone` is false when they thought better of it."""

    visit_id: bytes
    by: str
    at_ms: int
    alone: bool = True
