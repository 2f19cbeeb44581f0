"""Bodies of what a shop reports about people, their cards and products; the other messages stand in `wire`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sync.wire import Count, Hex16, Hex32, Kind, Name, Said, Sealed, Seq, TokenKind, Trait


class Yes(Struct, frozen=True):
    """One purpose that somebody who joined agreed to."""

    purpose: Kind
    recipient: Name
    until_ms: Count | None = None
    said: Said | None = None


class CustomerJoined(Struct, frozen=True, kw_only=True):
    """Body of the event `customer_joined`: somebody became a customer in a shop.

    `key` is their own, sealed as in `Key`; `card` the inner hash of their card, sealed with the same transport key at
    `card_place(customer)`, empty without a card. `refused` are purposes that they were asked about and left out.
    """

    customer_id: Hex16
    key: Sealed
    traits: Annotated[list[Trait], Meta(max_length=16)] = []
    consents: Annotated[list[Yes], Meta(max_length=16)] = []
    card: Sealed = ""
    card_kind: TokenKind = ""
    refused: Annotated[list[Yes], Meta(max_length=16)] = []


class ConsentGiven(Struct, frozen=True, kw_only=True):
    """Body of the event `consent_given`: a customer of that shop agreed to one purpose more.

    `base` is the state of the register of `gen` - 1 that they saw; None from a shop of an earlier version.
    """

    customer_id: Hex16
    purpose: Kind
    recipient: Name
    gen: Seq
    until_ms: Count | None = None
    base: Literal["", "given", "withdrawn"] | None = None
    said: Said | None = None


class CredentialBound(Struct, frozen=True, kw_only=True):
    """Body of the event `credential_bound`: a card became a customer's, by the word of a staff member."""

    customer_id: Hex16
    card: Sealed
    kind: TokenKind = ""


class CredentialBlocked(Struct, frozen=True, kw_only=True):
    """Body of the event `credential_blocked`: a card is lost. `hash` is the shop's own, as in a row `credential`."""

    customer_id: Hex16
    hash: Hex32


class ProductGapMet(Struct, frozen=True, kw_only=True):
    """Body of the event `product_gap_met`: somebody in a shop needed what nobody filled in of a product."""

    item: Annotated[str, Meta(pattern=r"^[^\x00]{1,64}$(?!\n)")]  # a NUL is no text to PostgreSQL
    lacking: Annotated[list[Kind], Meta(min_length=1, max_length=16)]


class GuestLeft(Struct, frozen=True, kw_only=True):
    """Body of the event `guest_left`: a member of another shop is gone, of the stay that the row `guest` named."""

    customer_id: Hex16
    since_ms: Count


class GuestSaved(Struct, frozen=True, kw_only=True):
    """Body of the event `guest_saved`: a card that the shop could not ask about earned something there.

    `card` is its inner hash, sealed with the shop's transport key at `guest_place(shop)`. Only earning is taken.
    """

    line_id: Hex16
    card: Sealed
    instrument: Literal["points", "stamps"]
    delta: Annotated[int, Meta(ge=1, le=100_000)]


Word = Annotated[str, Meta(max_length=32)]


class LooksTold(Struct, frozen=True, kw_only=True):
    """Body of the event `looks_told`: lines of a box's chain of looks (`edge.looks.rules.Line`), from number `first`.

    `prev` is the chain before them, `head` the chain with them, `sig` (base64) the device's Ed25519 over
    `welkom-looks`, a line feed and `n|head` with `n` the number of the last line. Nothing of anybody stands in it.
    """

    first: Seq
    prev: Hex32
    lines: Annotated[
        list[
            tuple[
                Seq,
                Count,
                Word,
                Annotated[str, Meta(max_length=64)],
                Word,
                Hex16,
                Word,
                Annotated[str, Meta(max_length=400)],
                Word,
            ]
        ],
        Meta(min_length=1, max_length=500),
    ]
    head: Hex32
    sig: Annotated[str, Meta(max_length=128)]
