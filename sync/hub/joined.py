"""What happens at the centre when a shop reports that somebody joined there, or got another card.

Taken in whole or not at all, and again without effect. A card that is somebody's stays theirs: whoever came
second is kept without it, and their shop is told to block it, because a person has to look. A card that saved without
a name is its holder's who says so: both histories become one (merging.py).
"""

from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from edge.consent.records import Said
from edge.consent.rules import MINOR, TRAITS
from edge.kit.errors import Corrupt, Refused
from edge.kit.seal import card_place, derive, key_place, seal, trait_place, unseal
from edge.kit.sql import Connection
from edge.recognition.rules import outer
from edge.wallet.rules import INSTRUMENTS, balance_of
from sync import reports, wire
from sync.hub import consents, feed, merging, opening, people, records
from sync.hub.config import Keys
from sync.hub.consents import NewConsent
from sync.hub.devices import shop_key_of
from sync.hub.people import DAY_MS, TRAIT_BYTES
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Line
from sync.hub.values import MOST

REASON: Final = "joined"


def joined(
    conn: Connection, keys: Keys, body: reports.CustomerJoined, *, shop_id: str, at_ms: int, now_ms: int
) -> list[Line]:
    """Make the customer, resident in the shop that reports them; raises Refused for what is not declared."""
    customer_id = bytes.fromhex(body.customer_id)
    if tables.exists(conn, customer_id):
        return []
    shop_key = shop_key_of(conn, keys, shop_id)
    transport = derive(shop_key, "key-transport")
    key = _open(transport, bytes.fromhex(body.key), key_place(customer_id))
    checked = [_checked(trait, customer_id, key=key, now_ms=now_ms) for trait in body.traits]
    traits = [trait for trait, _ in checked]
    if len({trait.name for trait in traits}) < len(traits):
        raise _refused("a trait stands twice", code="BAD_BODY")
    inner_hash = _open(transport, bytes.fromhex(body.card), card_place(customer_id)) if body.card else b""
    # A shop's clock may be ahead, and a yes from the future would not count anywhere yet.
    given = [
        replace(
            consents.first(customer_id, NewConsent(yes.purpose, yes.recipient, yes.until_ms), now_ms=now_ms),
            from_ms=min(at_ms, now_ms),
        )
        for yes in body.consents
    ]
    minor = any(trait.name == MINOR for trait in traits)
    for yes in body.consents:
        consents.of_age(yes.purpose, minor=minor)
    for no in body.refused:
        consents.declared(no.purpose, no.recipient)
    whose = {"customer_id": customer_id}
    wrapped = seal(keys.hub_kek, key, key_place(customer_id))
    # From here on nothing is refused any more: the facts around this one share its transaction.
    residency = {"shop_id": shop_id, "reason": REASON, "since_ms": now_ms}
    tables.add(conn, "customer", [whose])
    tables.add(conn, "customer_key", [whose | {"wrapped": wrapped}])
    tables.add(conn, "trait", [whose | asdict(trait) for trait in traits])
    tables.add(conn, "residency", [whose | residency])
    opening.book(conn, [(customer_id, {trait.name: value for trait, value in checked})], now_ms=now_ms)
    tables.put_consents(conn, given)
    for register, yes in zip(given, body.consents, strict=True):
        if register.basis == "consent":
            records.note(conn, register, before=None, said=said(yes.said, shop_id), now_ms=now_ms)
    for no in body.refused:
        how = said(no.said, shop_id)
        records.refused(
            conn, customer_id, purpose=no.purpose, recipient=no.recipient, said=how, now_ms=now_ms
        )
    lines = feed.key(shop_id, customer_id, wrapped=seal(transport, key, key_place(customer_id)))
    lines.append(feed.customer(shop_id, customer_id, ver=1, traits=traits))
    if inner_hash:
        card = tables.Credential(inner_hash, customer_id, "active", 1, body.card_kind, min(at_ms, now_ms))
        owner = tables.owner(conn, inner_hash)
        if owner is None:
            tables.add(conn, "credential", [asdict(card)])
        elif not merging.is_only_a_card(conn, owner):
            card = replace(card, state="blocked")
        if owner is None or card.state == "blocked":
            lines += feed.credential(shop_id, card, outer_hash=outer(shop_key, inner_hash))
    for each in given:
        lines += feed.consent(shop_id, each)
    if inner_hash and card.state == "active" and owner is not None:
        lines += _merged(conn, keys, card, owner=owner, why="joined", shop_id=shop_id, now_ms=now_ms)
    return lines


def _merged(
    conn: Connection,
    keys: Keys,
    card: tables.Credential,
    *,
    owner: bytes,
    why: merging.Why,
    shop_id: str,
    now_ms: int,
) -> list[Line]:
    """What the card saved without a name is theirs from now on; where that cannot be, it is blocked in this shop."""
    try:
        return merging.merged(conn, keys, owner, card.customer_id, why=why, shop_id=shop_id, now_ms=now_ms)
    except Refused:
        outer_hash = outer(shop_key_of(conn, keys, shop_id), card.hash)
        return feed.credential(shop_id, replace(card, state="blocked"), outer_hash=outer_hash)


def bound(
    conn: Connection, keys: Keys, body: reports.CredentialBound, *, shop_id: str, at_ms: int, now_ms: int
) -> tuple[list[Line], str | None]:
    """Give the customer this card in every shop they are resident in; the lines, and the code of a refusal.

    A card of somebody else is CREDENTIAL_TAKEN, and blocked in the shop that took it for theirs.
    """
    customer_id = _resident(conn, body.customer_id, shop_id=shop_id)
    shop_key = shop_key_of(conn, keys, shop_id)
    inner_hash = _open(derive(shop_key, "key-transport"), bytes.fromhex(body.card), card_place(customer_id))
    owner = tables.owner(conn, inner_hash)
    if owner == customer_id:
        return [], None
    card = tables.Credential(inner_hash, customer_id, "active", 1, body.kind, min(at_ms, now_ms))
    if owner is not None and merging.is_only_a_card(conn, owner):
        return _merged(conn, keys, card, owner=owner, why="bound", shop_id=shop_id, now_ms=now_ms), None
    if owner is not None:
        taken = replace(card, state="blocked")
        return feed.credential(shop_id, taken, outer_hash=outer(shop_key, inner_hash)), "CREDENTIAL_TAKEN"
    tables.add(conn, "credential", [asdict(card)])
    return people.everywhere(conn, keys, card), None


def blocked(
    conn: Connection, keys: Keys, body: reports.CredentialBlocked, *, shop_id: str
) -> list[Line] | None:
    """A card of this customer is lost: blocked, urgently, in all their shops; None where it was.

    Also by a shop they are not of (any more), which alone may know it of a guest's card, as with withdrawals.
    """
    customer_id = _known(conn, body.customer_id)
    shop_key, lost = shop_key_of(conn, keys, shop_id), bytes.fromhex(body.hash)
    for card in tables.credentials(conn, customer_id):
        if outer(shop_key, card.hash) == lost:
            now = tables.block(conn, card.hash)
            return None if now is None else people.everywhere(conn, keys, now)
    raise _refused("this customer has no such card", code="UNKNOWN_CREDENTIAL")


def agreed(
    conn: Connection, body: reports.ConsentGiven, *, shop_id: str, at_ms: int
) -> tuple[list[Line], str | None]:
    """A customer of this shop said yes to one purpose more; nothing happens where the hub's register says as much.

    Of two registers of one generation the "no" holds (consent.rules.merge), so a stop is never undone by a late yes.
    """
    customer_id = _resident(conn, body.customer_id, shop_id=shop_id)
    yes = NewConsent(body.purpose, body.recipient, body.until_ms, said(body.said, shop_id))
    return consents.given(conn, customer_id, yes, gen=body.gen, base=body.base, at_ms=at_ms)


def said(told: wire.Said | None, shop_id: str) -> Said:
    """How a choice was made in a shop; a box of an earlier version tells no more than that it was on its tablet."""
    return Said(**asdict(told or wire.Said()), shop=shop_id)


def _resident(conn: Connection, customer_id: str, *, shop_id: str) -> bytes:
    """Who is meant, if they are of the shop that speaks of them."""
    found = _known(conn, customer_id)
    if shop_id not in tables.shops_of(conn, found):
        raise _refused("the customer is of another shop", code="NOT_RESIDENT")
    return found


def _known(conn: Connection, customer_id: str) -> bytes:
    found = bytes.fromhex(customer_id)
    if not tables.exists(conn, found):
        raise _refused("no such customer", code="UNKNOWN_CUSTOMER")
    return found


def _checked(trait: wire.Trait, customer_id: bytes, *, key: bytes, now_ms: int) -> tuple[wire.Trait, Any]:
    """The trait, kept no longer than declared, and its value (None: no JSON).

    Nothing undeclared gets in, and nothing that no shop could open.
    """
    declared = TRAITS.get(trait.name)
    if declared is None:
        raise _refused("no trait is declared by this name", code="UNDECLARED_TRAIT")
    if len(trait.sealed) > TRAIT_BYTES:
        raise _refused(f"a {trait.name} is over {TRAIT_BYTES} bytes", code="TOO_LARGE")
    if trait.ver > consents.AHEAD:
        raise _refused(f"nobody changed a {trait.name} that often", code="BAD_BODY")
    value = _value(_open(key, trait.sealed, trait_place(customer_id, trait.name, trait.ver)))
    if trait.name in INSTRUMENTS and not 0 <= (balance_of(trait.name, value) or 0) <= MOST:
        raise _refused(f"nobody has that many {trait.name}", code="BAD_BODY")
    if declared.keep_days is None:
        return trait, value
    longest_ms = now_ms + declared.keep_days * DAY_MS
    return replace(trait, until_ms=min(trait.until_ms or longest_ms, longest_ms)), value


def _value(plain: bytes) -> Any:
    try:
        return msgspec.json.decode(plain)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _open(key: bytes, sealed: bytes, place: bytes) -> bytes:
    try:
        return unseal(key, sealed, place)
    except Corrupt:
        raise _refused("what a shop sealed does not open", code="BAD_KEY") from None


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; the fact is kept as a dead letter")
