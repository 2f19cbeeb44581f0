"""From headquarters' own number of a customer to our id: always the same one, and nobody else can compute it."""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from edge.kit.errors import Corrupt, Refused
from edge.kit.seal import derive, key_place, trait_place, unseal
from edge.kit.sql import Connection
from sync import wire
from sync.hub.config import Keys
from sync.hub.tables import people, wallet


def customer_id(keys: Keys, ref: str, id_: str = "") -> bytes:
    """16 bytes; `id_` (32 hex digits) is taken as it is."""
    if id_:
        return bytes.fromhex(id_)
    return hmac.digest(derive(keys.hub_kek, "customer-ref"), ref.strip().encode(), sha256)[:16]


def known(conn: Connection, customer: bytes) -> None:
    """Raise Refused for nobody."""
    if not people.exists(conn, customer):
        raise Refused(
            "no such customer",
            code="UNKNOWN_CUSTOMER",
            hint="check the number; `welkom customer find --card KIND:VALUE` looks by card",
        )


def hold(conn: Connection, customers: Iterable[bytes]) -> None:
    """Take customers until COMMIT, before anything of theirs is read in order to change it.

    Raises Refused when one of them is not there, or not any more.
    """
    asked = set(customers)
    if asked - people.hold(conn, asked):
        hint = "nothing was changed; look them up"
        raise Refused("no such customer", code="UNKNOWN_CUSTOMER", hint=hint)


def key_of(conn: Connection, keys: Keys, customer: bytes) -> bytes:
    """The customer's own key; raises Refused when it does not open."""
    try:
        return unseal(keys.hub_kek, wallet.wrapped_key(conn, customer) or b"", key_place(customer))
    except Corrupt:
        raise _sealed() from None


def value_of(key: bytes, customer: bytes, trait: wire.Trait) -> Any:
    """What stands in a trait; raises Refused when it does not open."""
    try:
        plain = unseal(key, trait.sealed, trait_place(customer, trait.name, trait.ver))
    except Corrupt:
        raise _sealed() from None
    return msgspec.json.decode(plain)


def _sealed() -> Refused:
    return Refused(
        "what is kept of the customer does not open", code="BAD_SEAL", hint="restore the hub's keys first"
    )
