"""What leaves the shop with somebody who joined: sealed, so that neither file nor wire can be read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from edge.joining.facts import SealedTrait
from edge.kit.seal import card_place, derive, key_place, new_key, seal, trait_place

ID_BYTES: Final = 16
# The hub's rows about a customer begin at version 1: a value sealed here is taken over as it is.
FIRST_VER: Final = 1


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody with an id of pure chance (one made of the time would say when they came) and a key of their own."""

    customer_id: bytes
    key: bytes = field(repr=False)
    traits: tuple[SealedTrait, ...]


def newcomer(
    shop_key: bytes, values: Mapping[str, Any], *, saved: Mapping[str, Any], now_ms: int, until_ms: int | None
) -> Newcomer:
    """A new customer with `values` by trait name, kept until `until_ms`, and what is `saved`, which has no end.

    The key is wrapped for the hub.
    """
    customer_id, key = os.urandom(ID_BYTES), new_key()
    traits = tuple(
        SealedTrait(
            name=name,
            sealed=seal(key, msgspec.json.encode(value), trait_place(customer_id, name, FIRST_VER)),
            ver=FIRST_VER,
            as_of_ms=now_ms,
            until_ms=None if name in saved else until_ms,
        )
        for name, value in {**values, **saved}.items()
    )
    wrapped = seal(derive(shop_key, "key-transport"), key, key_place(customer_id))
    return Newcomer(customer_id, wrapped, traits)


def sealed_card(shop_key: bytes, customer_id: bytes, inner_hash: bytes) -> bytes:
    """The inner hash of a card for the hub alone: at rest here, it would make two shops' files comparable."""
    return seal(derive(shop_key, "key-transport"), inner_hash, card_place(customer_id))
