"""A card that earned without a name becomes somebody's, with all it earned: once, whole, and to be undone.

It is merged when its holder shows it and says who they are, and never by a guess: there is no likeness of names or
baskets in it. Only who is nothing but a card can be merged away: no name, no other trait, no consent, no way to their
own page and no pass. They stay, empty and without a card, with their part of the ledger; two lines of the hub's own
book carry the balance over, so that every balance is still the sum of its lines; both histories stand (`history`).

A shop without a line may still write lines for the card: they are the new owner's (`Purses`), also what it redeemed.
"""

import os
from typing import Final, Literal

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.wallet.rules import INSTRUMENTS, SAVED, Instrument, balance_of, with_balance
from sync.hub import books, feed, people, wallet
from sync.hub.config import Keys
from sync.hub.hq import put, whom
from sync.hub.tables import feed as partitions
from sync.hub.tables import guests as stays
from sync.hub.tables import merges as tables
from sync.hub.tables import people as customers
from sync.hub.tables import wallet as purses
from sync.hub.tables.feed import Line, Moved
from sync.hub.tables.merges import Merge

Why = Literal["joined", "bound"]
REASON: Final = "merged"  # of a residency: the card was known in that shop


def is_only_a_card(conn: Connection, customer_id: bytes) -> bool:
    """Whether nothing is known of a customer but what their card saved."""
    names = {each.name for each in purses.traits(conn, customer_id)}
    registers = customers.consents(conn, customer_id)
    return (
        names <= set(SAVED)
        and all(each.basis != "consent" for each in registers)
        and (not tables.is_reached(conn, customer_id))
    )


def merged(
    conn: Connection, keys: Keys, from_id: bytes, into_id: bytes, *, why: Why, shop_id: str, now_ms: int
) -> list[Line]:
    """Make a card's history this customer's. Raises Refused (NOT_ANONYMOUS, MERGE_MORE, UNKNOWN_CUSTOMER)."""
    whom.hold(conn, [from_id, into_id])
    if from_id == into_id or not is_only_a_card(conn, from_id):
        raise _refused("whose card this is, is known by more than the card", code="NOT_ANONYMOUS")
    values = _values(conn, keys, from_id)
    if any(values.get(name, {}).get("items") for name in SAVED if name not in INSTRUMENTS):
        raise _refused("the card has vouchers or gift cards", code="MERGE_MORE")
    _values(conn, keys, into_id)  # what does not open is found out before anything is changed
    amounts = {each: balance_of(each, values.get(each)) or 0 for each in INSTRUMENTS}
    for instrument, amount in amounts.items():
        _carry(conn, keys, from_id, into_id, instrument=instrument, amount=amount, now_ms=now_ms)
    theirs, brought = set(customers.shops_of(conn, into_id)), tables.brought(conn, into_id)
    cards = tables.move_cards(conn, from_id, into_id)
    lines = [line for card in cards for line in people.everywhere(conn, keys, card)]
    new = [each for each in customers.shops_of(conn, from_id) if each not in theirs or each in brought]
    for each in new:
        if each not in theirs:
            lines += people.settle(conn, keys, into_id, shop_id=each, now_ms=now_ms, reason=REASON)
    went = amounts["points"], amounts["stamps"]
    done = Merge(os.urandom(16), from_id, into_id, now_ms, why, shop_id, *went, None)
    tables.add(conn, done, cards=[card.hash for card in cards], shops=new)
    return lines + wallet.rows(conn, [from_id, into_id])


def undo(conn: Connection, keys: Keys, merge_id: bytes, *, now_ms: int) -> list[Moved]:
    """Give card and balance back, in every shop. Raises Refused (UNKNOWN_MERGE, MERGE_SPENT)."""
    found = tables.one(conn, merge_id)
    whom.hold(conn, [found.from_id, found.into_id] if found else [])
    done = undoable(conn, keys, merge_id)
    for instrument, amount in _amounts(done).items():
        _carry(conn, keys, done.into_id, done.from_id, instrument=instrument, amount=amount, now_ms=now_ms)
    tables.undone(conn, merge_id, now_ms=now_ms)
    lines: list[Line] = []
    for each in sorted(tables.brought_by(conn, merge_id) - tables.brought(conn, done.into_id)):
        stay = stays.stay(conn, done.into_id, each)
        if stay is not None and stay.reason == REASON:  # else they came to be known there by themselves
            customers.move_out(conn, done.into_id, each)
            lines += feed.departure(each, done.into_id)
    for card in tables.move_back(conn, done):
        lines += people.everywhere(conn, keys, card)
    return partitions.publish(conn, lines + wallet.rows(conn, [done.from_id, done.into_id]))


def undoable(conn: Connection, keys: Keys, merge_id: bytes) -> Merge:
    """A merge that can be undone now. Raises Refused (UNKNOWN_MERGE, MERGE_SPENT)."""
    done = tables.one(conn, merge_id)
    if done is None or done.undone_ms is not None:
        raise _refused("no such merge stands", code="UNKNOWN_MERGE")
    values = _values(conn, keys, done.into_id)
    for instrument, amount in _amounts(done).items():
        if amount > (balance_of(instrument, values.get(instrument)) or 0):
            raise _refused("what went over was redeemed since", code="MERGE_SPENT")
    return done


def _amounts(done: Merge) -> dict[Instrument, int]:
    return {"points": done.points, "stamps": done.stamps}


def history(conn: Connection, customer_id: bytes) -> list[bytes]:
    """Under which ids the ledger of this customer stands: their own, and those of the cards that became theirs."""
    return [customer_id, *tables.became(conn, customer_id)]


def _carry(
    conn: Connection,
    keys: Keys,
    giver: bytes,
    taker: bytes,
    *,
    instrument: Instrument,
    amount: int,
    now_ms: int,
) -> None:
    """Move a balance by two lines of our own; who had no such card gets one like it."""
    if not amount:
        return
    given, held = _values(conn, keys, giver)[instrument], _values(conn, keys, taker).get(instrument)
    new = {name: each for name, each in given.items() if name != "counted"} if held is None else held
    before = 0 if held is None else balance_of(instrument, held) or 0
    left = (balance_of(instrument, given) or 0) - amount
    for customer_id, value, delta in (
        (giver, with_balance(instrument, given, left), -amount),
        (taker, with_balance(instrument, new, before + amount), amount),
    ):
        put.put_traits(conn, keys, customer_id, {instrument: value}, now_ms=now_ms)
        number = (1, purses.last(conn, books.MERGE, 1) + 1)
        put.book(
            conn,
            customer_id,
            number=number,
            instrument=instrument,
            delta=delta,
            now_ms=now_ms,
            device=books.MERGE,
        )


def _values(conn: Connection, keys: Keys, customer_id: bytes) -> dict[str, dict[str, object]]:
    key = whom.key_of(conn, keys, customer_id)
    found: dict[str, dict[str, object]] = {}
    for each in purses.traits(conn, customer_id):
        if each.name in SAVED:
            value = whom.value_of(key, customer_id, each)
            found[each.name] = value if isinstance(value, dict) else {}
    return found


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; a person has to look at both")
