"""A customer sets right what is known of them: a fact of their own, with when, and new in every shop at once."""

import os
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from edge.consent.rules import TRAITS
from edge.joining import rules
from edge.kit.seal import seal
from edge.kit.sql import Connection
from sync.hub import wallet
from sync.hub.hq import channels, whom
from sync.hub.hq import put as imports
from sync.hub.portal import choices
from sync.hub.portal.mine import CORRECTED
from sync.hub.tables import feed as partitions
from sync.hub.tables import happenings, people
from sync.hub.tables import wallet as tables
from sync.hub.tables.feed import Moved
from sync.hub.tables.happenings import SELF

if TYPE_CHECKING:
    from sync.hub.app import Hub

Wrong = Literal["name", "day"]


def name(text: str) -> dict[str, Any] | Wrong:
    """The trait of a name as they typed it, or what is wrong with it."""
    found = rules.name_of(text)
    return "name" if found is None else dict(found)


def birthday(day: str, month: str) -> dict[str, Any] | Wrong:
    """The trait of a birthday; never with a year."""
    found = rules.birthday(day, month)
    return "day" if found is None else dict(found)


def correct(conn: Connection, hub: "Hub", customer_id: bytes, values: dict[str, Any]) -> list[Moved]:
    """Set traits as their owner says they are. What no purpose of theirs asks for has no basis, and is not taken."""
    now_ms, basis_ms = hub.now_ms(), hub.basis_ms()
    whom.hold(conn, [customer_id])
    given = {
        each.purpose for each in people.consents(conn, customer_id) if choices.given(each, now_ms=basis_ms)
    }
    wanted = {trait: value for trait, value in values.items() if TRAITS[trait].purpose in given}
    if not wanted:
        return []
    id_, key = os.urandom(16), whom.key_of(conn, hub.keys, customer_id)
    if "name" in wanted and (held := tables.trait(conn, customer_id, "name")) is not None:
        wanted["name"] = _called(wanted["name"], whom.value_of(key, customer_id, held))
    imports.put_traits(conn, hub.keys, customer_id, wanted, now_ms=now_ms)
    about = msgspec.json.encode({"fields": sorted(wanted), "by": "customer"})
    sealed = seal(key, about, channels.place(customer_id, id_))
    fact = happenings.Happening(id_, customer_id, SELF, CORRECTED, None, now_ms, sealed)
    happenings.put(conn, fact)
    return partitions.publish(conn, wallet.rows(conn, [customer_id]))


def _called(said: dict[str, Any], held: Any) -> dict[str, Any]:
    """How they want to be called is set right; the whole name that headquarters knows them by stays findable."""
    if not isinstance(held, dict) or held.get("full") in (None, "", held.get("call")):
        return said
    return said | {part: held[part] for part in ("full", "initials") if held.get(part)}
