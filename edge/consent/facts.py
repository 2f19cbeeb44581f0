"""What can happen to a consent in this shop."""

from dataclasses import dataclass
from typing import Literal

from edge.consent.records import Said
from edge.consent.rules import State


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """The customer said no, here; it holds at once and needs no network."""

    customer_id: bytes
    purpose: str
    recipient: str
    gen: int
    at_ms: int
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The customer said yes to one purpose more, here, to a member of staff; `until_ms` None: until they stop.

    `base` is the state of the register they saw, the one of `gen` - 1; empty where there was none.
    """

    customer_id: bytes
    purpose: str
    recipient: str
    gen: int
    until_ms: int | None
    base: State | Literal[""]
    staff_id: bytes
    at_ms: int
    said: Said | None = None
