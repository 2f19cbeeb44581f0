"""One customer's traits, gated in the query and unsealed after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from sqlite3 import Connection
from typing import Any, Final

import msgspec

from edge.consent.rules import TRAITS, Role, traits_for
from edge.consent.tables import FOREVER_MS, basis_until
from edge.kit.seal import key_place, opener, trait_place, unseal


@dataclass(frozen=True, slots=True)
class Profile:
    """Values by trait name as far as a basis holds, when each was true, and until when this may be shown."""

    values: Mapping[str, Any] = field(repr=False)
    as_of_ms: Mapping[str, int]
    until_ms: int


_PURPOSE: Final = (
    "CASE t.name "
    + " ".join(f"WHEN '{name}' THEN '{trait.purpose}'" for name, trait in TRAITS.items())
    + " END"
)


def _read(names: list[str]) -> str:
    """Each purpose's basis is worked out once, and only a trait that finds one there is read."""
    allowed = ", ".join(f"'{name}'" for name in names)
    purposes = ", ".join(
        f"('{purpose}')" for purpose in dict.fromkeys(TRAITS[name].purpose for name in names)
    )
    return f"""
        WITH basis (purpose, until_ms) AS MATERIALIZED (
            SELECT column1, {basis_until(":customer_id", "column1")} FROM (VALUES {purposes}))
        SELECT t.name, t.sealed, t.ver, t.as_of_ms, k.wrapped,
            min(b.until_ms, coalesce(t.until_ms, {FOREVER_MS}))
        FROM replica.trait AS t
            CROSS JOIN basis AS b ON b.purpose={_PURPOSE}
            CROSS JOIN replica.customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.customer_id=:customer_id AND t.name IN ({allowed})
            AND b.until_ms IS NOT NULL AND coalesce(t.until_ms, {FOREVER_MS})>:now_ms"""


_READ: Final[dict[Role, str]] = {"staff": _read(traits_for("staff")), "manager": _read(traits_for("manager"))}
_ALONE: Final = {name: _read([name]) for name, trait in TRAITS.items() if not trait.on_card}


# The cipher of this box's own key, which stays; a customer's is made anew, as it must be gone when they are.
_box: Final = lru_cache(maxsize=4)(opener)


def unwrap(kek: bytes, customer_id: bytes, wrapped: bytes) -> bytes:
    """The customer's own key out of this box's wrapping."""
    return _box(kek)(wrapped, key_place(customer_id))


def unseal_trait(key: bytes, customer_id: bytes, *, name: str, ver: int, sealed: bytes) -> Any:
    return msgspec.json.decode(unseal(key, sealed, trait_place(customer_id, name, ver)))


def read(
    conn: Connection, customer_id: bytes, *, role: Role, recipient: str, now_ms: int, kek: bytes
) -> Profile:
    """What `role` may see of a customer at `now_ms`; an empty profile when no basis holds."""
    return _opened(conn, _READ[role], customer_id, recipient=recipient, now_ms=now_ms, kek=kek)


def alone(
    conn: Connection, customer_id: bytes, name: str, *, role: Role, recipient: str, now_ms: int, kek: bytes
) -> Profile:
    """A trait that no card shows, for the page about it; empty when `role` may not see it or no basis holds."""
    if role not in TRAITS[name].roles:
        return Profile(values={}, as_of_ms={}, until_ms=now_ms)
    return _opened(conn, _ALONE[name], customer_id, recipient=recipient, now_ms=now_ms, kek=kek)


def _opened(
    conn: Connection, query: str, customer_id: bytes, *, recipient: str, now_ms: int, kek: bytes
) -> Profile:
    rows = conn.execute(
        query, {"customer_id": customer_id, "recipient": recipient, "now_ms": now_ms}
    ).fetchall()
    values: dict[str, Any] = {}
    as_of_ms: dict[str, int] = {}
    until_ms = FOREVER_MS
    opened = opener(unwrap(kek, customer_id, rows[0][4])) if rows else None
    for name, sealed, ver, as_of, _, until in rows:
        assert opened is not None
        values[name] = msgspec.json.decode(opened(sealed, trait_place(customer_id, name, ver)))
        as_of_ms[name] = as_of
        until_ms = min(until_ms, until)
    return Profile(values=values, as_of_ms=as_of_ms, until_ms=until_ms)
