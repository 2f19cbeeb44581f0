"""What a consent record says (ISO/IEC TS 27560:2023, clause 6.3). Pure; the same on the appliance and at the hub.

A register says what holds; a record says how it came to be: who asked, what was read, what was given in return, and
everything that happened to it since. Times here are evidence and order nothing: the generation does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Literal, get_args

from edge.consent.rules import PURPOSES, TRAITS, Basis
from edge.kit.ids import uuid8

# Where a choice was made; `import`: headquarters brought it in with the customer, and answers for how it was asked.
How = Literal["tablet", "phone", "portal", "desk", "import"]
HOWS: Final[tuple[How, ...]] = get_args(How)
By = Literal["customer", "parent"]  # who said so; below sixteen a parent (GDPR article 8)
EventState = Literal["requested", "given", "renewed", "refused", "withdrawn", "expired"]
PartyKind = Literal["chain", "franchise", "partner"]
MOST_TEXT: Final = 4096


@dataclass(frozen=True, slots=True)
class Party:
    """Who answers for data, or receives them: a chain, the franchise holder of a shop, a partner."""

    id: str
    name: str
    kind: PartyKind = "franchise"
    address: str = ""
    contact: str = ""  # whom to ask for: a person or a desk
    email: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """How a choice was made: where, in which language, and word for word what was read before it."""

    how: How = "import"
    language: str = ""
    text: str = ""
    version: str = ""  # of the program that showed the text
    benefit: str = ""  # what was promised in return
    by: By = "customer"
    shop: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a consent; `until_ms` None: until it is withdrawn."""

    state: EventState
    gen: int
    at_ms: int
    until_ms: int | None
    how: How
    by: By = "customer"
    language: str = ""
    shop: str = ""
    notice: bytes = field(default=b"", repr=False)  # SHA-256 of the text, empty where none is known
    version: str = ""
    benefit: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything about one customer, purpose and recipient; `events` in the order of their generations."""

    record_id: str
    principal: str  # the customer's opaque id, hex
    purpose: str
    basis: Basis
    controller: Party
    recipients: tuple[Party, ...]  # third parties; none unless one was named and agreed to
    data: tuple[str, ...]
    events: tuple[Event, ...]
    delivered_ms: int | None = None  # when the benefit was first given

    @property
    def now(self) -> Event:
        return self.events[-1]

    @property
    def holds(self) -> bool:
        return self.now.state in ("given", "renewed")

    @property
    def asked(self) -> Event:
        """The last event at which a text was read, else the first of all."""
        return next((each for each in reversed(self.events) if each.notice), self.events[0])

    @property
    def benefit(self) -> str:
        return next((each.benefit for each in reversed(self.events) if each.benefit), "")


def record_id(customer_id: bytes, purpose: str, recipient: str) -> str:
    """A UUID of a register: the same wherever it is worked out, and of nobody once the id is forgotten."""
    said = b"|".join((b"welkom-record", customer_id, purpose.encode(), recipient.encode()))
    return str(uuid8(sha256(said).digest()))


def hash_of(text: str) -> bytes:
    return sha256(text.encode()).digest()


def data_of(purpose: str) -> tuple[str, ...]:
    """The personal fields that a purpose is for: declared traits, and what is seen of somebody as they walk."""
    traits = tuple(name for name, trait in TRAITS.items() if trait.purpose == purpose)
    return (*traits, *OTHER_DATA.get(purpose, ()))


# What a purpose uses that is no trait: it is seen, and not kept as a value of somebody.
OTHER_DATA: Final[dict[str, tuple[str, ...]]] = {
    "location": ("zone",),
    "finding": ("zone",),
    "contact": ("address",),
    "partners": ("name",),  # a partner that gets more needs a purpose of its own
    "receipts": ("ledger",),
}
# Fact -> a benefit was given. Of the rest nothing in a shop tells that it was, and a record then says "not yet".
DELIVERED_BY: Final[dict[str, tuple[str, ...]]] = {
    "saving": ("wallet_moved",),
    "recognition": ("greeted",),
    "profiling": ("suggestion_said",),
    "location": ("help_claimed",),
    "finding": ("help_claimed",),
}
CONSENTS: Final = tuple(purpose for purpose, basis in PURPOSES.items() if basis == "consent")


def named(event: Event, *, granted_before: bool) -> Event:
    """A grant while an earlier one held is a renewal; a "no" to what was never given is a refusal."""
    match event.state:
        case "given" if granted_before:
            return replace(event, state="renewed")
        case "withdrawn" if not granted_before:
            return replace(event, state="refused")
        case _:
            return event


def with_ends(events: Sequence[Event], *, now_ms: int) -> tuple[Event, ...]:
    """The events with an end that came by itself, where nobody said anything before it came."""
    found: list[Event] = []
    for number, event in enumerate(events):
        found.append(event)
        end_ms = event.until_ms if event.state in ("given", "renewed") else None
        following = events[number + 1].at_ms if number + 1 < len(events) else now_ms
        if end_ms is not None and end_ms <= following:
            found.append(Event("expired", event.gen, end_ms, end_ms, event.how, event.by))
    return tuple(found)


# A reminder stands on the card and on the customer's page so long before the end (S129).
REMIND_MS: Final = 30 * 24 * 3_600_000
SHORT_MS: Final = 10 * 24 * 3_600_000


def ends_soon(*, from_ms: int, until_ms: int | None, now_ms: int) -> bool:
    """Whether to ask again: in the last tenth of a period, at most a month; one of days just ends."""
    if until_ms is None or until_ms <= now_ms or until_ms - from_ms < SHORT_MS:
        return False
    return until_ms - now_ms <= min(REMIND_MS, (until_ms - from_ms) // 10)
