"""Saving rests on an agreement with the customer: without one nobody ever sees or uses what was given to them."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from edge.consent.rules import PURPOSES
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.wallet.rules import SAVED
from sync.hub import consents, feed
from sync.hub.consents import NewConsent
from sync.hub.hq import whom
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Line, Moved


def checked(traits: Mapping[str, Any], purposes: Iterable[str]) -> None:
    """Raise Refused NO_AGREEMENT for savings of somebody whose `purposes` have no saving among them."""
    saved = [name for name in SAVED if name in traits]
    if saved and "saving" not in purposes:
        raise Refused(
            f"{saved[0]} without an agreement: no shop would ever show or use them",
            code="NO_AGREEMENT",
            hint="name it with its recipient, the shops' own: saving:van-dam",
        )


def lasting(until_ms: Iterable[int | None], *, now_ms: int) -> None:
    """Raise Refused BAD_UNTIL for a yes that would be over before it is given.

    An agreement that stands ends by such an instant all the same (`agree`): nothing withdraws it.
    """
    if any(each is not None and each <= now_ms for each in until_ms):
        raise Refused(
            "a yes that ends before it is given is none",
            code="BAD_UNTIL",
            hint="nothing was changed; give until_ms as milliseconds since 1970 that are to come, or none",
        )


def held(conn: Connection, customer: bytes, *, now_ms: int) -> set[tuple[str, str]]:
    """Purpose and recipient of everything that somebody's register says yes to now."""
    return {
        (each.purpose, each.recipient)
        for each in tables.consents(conn, customer)
        if each.state == "given" and (each.until_ms is None or now_ms < each.until_ms)
    }


def missing(
    conn: Connection, customer: bytes, given: Iterable[NewConsent], *, now_ms: int
) -> list[NewConsent]:
    """Of what somebody is said to agree to, the agreements that do not stand there; no consent is one."""
    new = {
        (each.purpose, each.recipient): each for each in given if PURPOSES.get(each.purpose) == "agreement"
    }
    there = held(conn, customer, now_ms=now_ms) if new else set()
    return [each for name, each in new.items() if name not in there]


def agree(conn: Connection, customer: bytes, new: NewConsent, *, now_ms: int) -> list[Moved]:
    """Somebody who is there agreed, until another instant perhaps; said again it changes nothing. Raises Refused for
    nobody."""
    whom.hold(conn, [customer])
    before = tables.consent(conn, customer, purpose=new.purpose, recipient=new.recipient)
    until_ms = consents.first(customer, new, now_ms=now_ms).until_ms
    if before and (before.state, before.until_ms) == ("given", until_ms):
        return []
    return partitions.publish(conn, add(conn, customer, [new], now_ms=now_ms))


def add(conn: Connection, customer: bytes, new: Iterable[NewConsent], *, now_ms: int) -> list[Line]:
    """Put agreements into the register of somebody who is there; what their shops are to hear."""
    put = []
    for each in new:
        agreed = consents.first(customer, each, now_ms=now_ms)
        if before := tables.consent(conn, customer, purpose=each.purpose, recipient=each.recipient):
            agreed = replace(agreed, gen=before.gen + 1, ver=before.ver + 1)
        put.append(agreed)
    return _told(conn, put)


def take_back(conn: Connection, customer: bytes, names: Iterable[tuple[str, str]]) -> list[Line]:
    """End agreements that an import had put there; what the shops are to hear."""
    put = []
    for purpose, recipient in names:
        before = tables.consent(conn, customer, purpose=purpose, recipient=recipient)
        if before and before.state == "given":
            put.append(replace(before, state="withdrawn", ver=before.ver + 1))
    return _told(conn, put)


def _told(conn: Connection, put: list[tables.Consent]) -> list[Line]:
    tables.put_consents(conn, put)
    return [
        line
        for each in put
        for shop_id in tables.shops_of(conn, each.customer_id)
        for line in feed.consent(shop_id, each)
    ]
