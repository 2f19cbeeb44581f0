"""What can happen when somebody becomes known, or gets another card."""

from dataclasses import dataclass, field

from edge.consent.records import Said


@dataclass(frozen=True, slots=True)
class SealedTrait:
    """A value that only the customer's own key opens, at `trait_place(customer, name, ver)`."""

    name: str
    sealed: bytes = field(repr=False)
    ver: int
    as_of_ms: int
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Yes:
    """One purpose the customer agreed to, with whom, until when (ms; None: until they say stop), and how."""

    purpose: str
    recipient: str
    until_ms: int | None
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class CustomerJoined:
    """Somebody confirmed, on the tablet in their own hands, what this shop may keep.

    `key` is the customer's key and `card` the inner hash of their card, both sealed for the hub; `hash` is the
    shop's own hash of it. Both are empty without a card. `refused` are those they were asked about and left out.
    """

    customer_id: bytes
    key: bytes = field(repr=False)
    traits: tuple[SealedTrait, ...]
    consents: tuple[Yes, ...]
    hash: bytes = field(repr=False)
    card: bytes = field(repr=False)
    card_kind: str
    staff_id: bytes
    language: str
    at_ms: int
    refused: tuple[Yes, ...] = ()


@dataclass(frozen=True, slots=True)
class CredentialBound:
    """A staff member said whose card, phone or code this is. `hash` and `card` are as in `CustomerJoined`."""

    customer_id: bytes
    hash: bytes = field(repr=False)
    card: bytes = field(repr=False)
    kind: str
    staff_id: bytes
    why: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CredentialBlocked:
    """A customer lost a card or phone: it opens nothing any more, here at once and everywhere after the hub."""

    customer_id: bytes
    hash: bytes = field(repr=False)
    staff_id: bytes
    why: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class CustomerMissed:
    """This box names somebody whom its hub, which was put back and followed to its end, does not name here."""

    customer_id: bytes
    at_ms: int
