"""What one slice of an import does, each row noted as it was before, in the transaction that changes it."""

import os
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from edge.catalogue.rules import Product, Stock
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.wallet.rules import INSTRUMENTS, Why, balance_of, with_balance
from sync import wire
from sync.hub import books, catalogue, opening, people, values, wallet
from sync.hub.config import Keys
from sync.hub.consents import NewConsent
from sync.hub.hq import agreed, rows, whom
from sync.hub.tables import catalogue as goods
from sync.hub.tables import devices
from sync.hub.tables import feed as partitions
from sync.hub.tables import imports as tables
from sync.hub.tables import people as customers
from sync.hub.tables import staff as members
from sync.hub.tables import wallet as purses
from sync.hub.tables.feed import Line, Moved
from sync.hub.tables.imports import Before

Verdict = Literal["new", "changed", "same"]
REASON: Final = "imported"
CORRECTION: Final[Why] = "correction"


class WasCustomer(Struct):
    """A customer before an import changed them; values as they lay sealed."""

    traits: dict[str, wire.Trait | None]
    cards: list[str]
    shops: list[str]
    agreed: list[tuple[str, str]] = []


class Wanted(NamedTuple):
    """What a line is to change of somebody who is there: what differs, and what is not there yet."""

    traits: dict[str, Any]
    cards: list[bytes]
    shops: list[str]
    agreed: list[NewConsent]


def judge_customer(conn: Connection, keys: Keys, row: rows.Customer, *, now_ms: int) -> Verdict:
    """What importing this line would do; raises Refused for why it cannot be."""
    customer = whom.customer_id(keys, row.ref, row.id)
    for shop_id in row.shops:
        if devices.wrapped_shop_key(conn, shop_id) is None:
            raise _no(f"no shop is called {shop_id!r}", code="UNKNOWN_SHOP")
    for kind, value in row.cards:
        owner = customers.owner(conn, people.inner_hash(keys, kind, value))
        if owner is not None and owner != customer:
            raise _no("the card is another customer's", code="CREDENTIAL_TAKEN")
    if customers.is_erased(conn, people.mark(keys, customer)):
        raise _no("this customer was erased and does not come back under this number", code="BAD_ID")
    values.checked(row.traits)
    people.plain_traits(row.traits)
    agreed.lasting((each.until_ms for each in row.consents), now_ms=now_ms)
    if not customers.exists(conn, customer):
        if row.id:
            raise _no("nobody has this id", code="UNKNOWN_CUSTOMER")
        if not row.shops:
            raise _no("a new customer needs at least one shop", code="UNKNOWN_SHOP")
        agreed.checked(row.traits, (each.purpose for each in row.consents))
        return "new"
    wanted = _wanted(conn, keys, row, customer, now_ms=now_ms)
    if any(name in wanted.traits for name in INSTRUMENTS):
        there = {purpose for purpose, _ in agreed.held(conn, customer, now_ms=now_ms)}
        agreed.checked(wanted.traits, there | {each.purpose for each in wanted.agreed})
    return "changed" if any(wanted) else "same"


def put_customers(
    conn: Connection, keys: Keys, number: int, *, found: Sequence[rows.Customer], now_ms: int
) -> list[Moved]:
    """Add or change customers.

    Of who is there already no consent and no balance is changed, and nothing is taken; an agreement, points or a
    stamp card that they have not is opened for them.
    """
    lines: list[Line] = []
    fresh: dict[tuple[str, ...], list[people.NewCustomer]] = {}
    noted: list[Before] = []
    changed: list[bytes] = []
    ids = [whom.customer_id(keys, row.ref, row.id) for row in found]
    there = customers.hold(conn, ids)
    for customer, row in zip(ids, found, strict=True):
        if customer not in there:
            new = people.NewCustomer(customer, row.traits, row.cards, row.consents)
            fresh.setdefault(tuple(sorted(set(row.shops))), []).append(new)
            noted.append(Before("customer", customer.hex(), 1, None))
            continue
        wanted = _wanted(conn, keys, row, customer, now_ms=now_ms)
        if not any(wanted):
            continue
        was = WasCustomer(
            traits=put_traits(conn, keys, customer, wanted.traits, now_ms=now_ms),
            cards=[],
            shops=list(wanted.shops),
            agreed=[(each.purpose, each.recipient) for each in wanted.agreed],
        )
        opening.book(conn, [(customer, wanted.traits)], now_ms=now_ms)
        lines += agreed.add(conn, customer, wanted.agreed, now_ms=now_ms)
        for hash_ in wanted.cards:
            card = customers.Credential(hash_, customer, "active", 1, "", now_ms)
            customers.add(conn, "credential", [asdict(card)])
            lines += people.everywhere(conn, keys, card)
            was.cards.append(hash_.hex())
        for shop_id in wanted.shops:
            lines += people.settle(conn, keys, customer, shop_id=shop_id, now_ms=now_ms, reason=REASON)
        changed.append(customer)
        lines += wallet.rows(conn, [customer])
        ver = customers.version(conn, customer) or 0
        noted.append(Before("customer", customer.hex(), ver, msgspec.json.encode(was)))
    for shop_ids, its in fresh.items():
        lines += people.newcomers(conn, keys, shop_ids=shop_ids, customers=its, now_ms=now_ms, reason=REASON)
    tables.note(conn, number, noted)
    tables.count(conn, number, added=len(noted) - len(changed), changed=len(changed))
    return partitions.publish(conn, lines)


def judge_balance(conn: Connection, keys: Keys, row: rows.Balance, *, now_ms: int) -> Verdict:
    """What importing this line would do; raises Refused for nobody, for a stamp card that is not there, and for
    somebody who never agreed to save."""
    customer = whom.customer_id(keys, row.ref, row.id)
    whom.known(conn, customer)
    told: dict[str, None] = dict.fromkeys(name for name in INSTRUMENTS if getattr(row, name) is not None)
    agreed.checked(told, (purpose for purpose, _ in agreed.held(conn, customer, now_ms=now_ms)))
    return "changed" if _moves(conn, keys, row, customer) else "same"


def put_balances(
    conn: Connection, keys: Keys, number: int, *, found: Sequence[rows.Balance], now_ms: int
) -> list[Moved]:
    """Set balances to what headquarters counted, by a line in the ledger that says by how much they moved."""
    noted: list[Before] = []
    moved: dict[bytes, None] = {}
    ids = [whom.customer_id(keys, row.ref, row.id) for row in found]
    whom.hold(conn, ids)
    for customer, row in zip(ids, found, strict=True):
        for name, value, delta in _moves(conn, keys, row, customer):
            was = put_traits(conn, keys, customer, {name: value}, now_ms=now_ms)[name]
            ver = 1 if was is None else was.ver + 1
            noted.append(Before(name, customer.hex(), ver, None if was is None else msgspec.json.encode(was)))
            seq = row.line * len(INSTRUMENTS) + INSTRUMENTS.index(name)
            why = opening.WHY if was is None else CORRECTION
            book(conn, customer, number=(number, seq), instrument=name, delta=delta, now_ms=now_ms, why=why)
            moved[customer] = None
    tables.note(conn, number, noted)
    tables.count(conn, number, changed=len(moved))
    return partitions.publish(conn, wallet.rows(conn, moved))


def book(
    conn: Connection,
    customer: bytes,
    *,
    number: tuple[int, int],
    instrument: str,
    delta: int,
    now_ms: int,
    device: str = books.IMPORT,
    why: Why = CORRECTION,
) -> None:
    """A line of our own in the central ledger, so that its sum stays the balance; of itself it tells no program."""
    line = {"device_id": device, "epoch": number[0], "seq": number[1], "line_id": os.urandom(16)}
    line |= {"customer_id": customer, "instrument": instrument, "delta": delta, "short": 0}
    purses.add(conn, line | {"why": why, "at_ms": now_ms})


def put_products(
    conn: Connection, number: int, *, found: Sequence[Product] = (), gone: Sequence[str] = ()
) -> list[Moved]:
    """Add, change and take out products; their counts go with those that are gone."""
    goods.hold(conn)
    noted, added, changed = [], 0, 0
    for each in found:
        held = goods.product(conn, each.item)
        if held and held[1] == catalogue.product_body(each):
            continue
        noted.append(_before("product", each.item, held))
        added, changed = (added, changed + 1) if held and held[1] else (added + 1, changed)
    for item in gone:
        if (held := goods.product(conn, item)) and held[1]:
            noted.append(_before("product", item, held))
            noted += [
                _before("stock", f"{shop_id}/{item}", count)
                for shop_id in goods.shop_ids(conn)
                if (count := goods.stock(conn, shop_id, item)) and count[1]
            ]
    tables.note(conn, number, noted)
    tables.count(conn, number, added=added, changed=changed, gone=len(gone))
    return catalogue.put_products(conn, found) + catalogue.drop_products(conn, gone)


def put_stock(
    conn: Connection, number: int, *, found: Sequence[Stock], shop_ids: Sequence[str] | None
) -> list[Moved]:
    """Take counts of these shops (None: of all)."""
    goods.hold(conn)
    noted, added = [], 0
    for each in found:
        d = msgspec.json.encode(wire.Stock(each.count, each.as_of_ms))
        for shop_id in goods.shop_ids(conn) if shop_ids is None else shop_ids:
            held = goods.stock(conn, shop_id, each.item)
            if held and held[1] == d:
                continue
            added += not (held and held[1])
            noted.append(_before("stock", f"{shop_id}/{each.item}", held))
    tables.note(conn, number, noted)
    tables.count(conn, number, added=added, changed=len(noted) - added)
    return catalogue.set_stock(conn, found, shop_ids=shop_ids)


def staff_body(row: rows.Staff) -> bytes:
    return msgspec.json.encode(wire.Staff(row.name, row.role, row.language, sorted(set(row.shops))))


def put_staff(
    conn: Connection, number: int, *, found: Sequence[rows.Staff], gone: Sequence[str] = ()
) -> list[Moved]:
    """Who may sign in where; in a shop where somebody is no longer, they are gone."""
    goods.hold(conn)
    lines: list[Line] = []
    noted, added, changed = [], 0, 0
    wanted: list[tuple[str, bytes | None]] = [(row.id, staff_body(row)) for row in found]
    wanted += [(id_, None) for id_ in gone]
    for id_, d in wanted:
        held = members.member(conn, id_)
        if (held[1] if held else None) == d:
            continue
        noted.append(_before("staff", id_, held))
        added += d is not None and not (held and held[1])
        changed += d is not None and bool(held and held[1])
        lines += staff_lines(conn, id_, d)
    tables.note(conn, number, noted)
    tables.count(conn, number, added=added, changed=changed, gone=len(noted) - added - changed)
    return partitions.publish(conn, lines)


def staff_lines(conn: Connection, id_: str, d: bytes | None) -> list[Line]:
    """Keep somebody's new body (None: gone); what the shops of before and after are to hear."""
    held = members.member(conn, id_)
    ver = held[0] + 1 if held else 1
    members.put(conn, id_, ver=ver, d=d)
    now, before = _shops(d), _shops(held[1] if held else None)
    lines = [Line(wire.main_part(each), "put", "staff", id_, ver, d or b"{}", None) for each in now]
    lines += [
        Line(wire.main_part(each), "del", "staff", id_, ver, b"{}", None)
        for each in before
        if each not in now
    ]
    return lines


def _shops(d: bytes | None) -> list[str]:
    return [] if d is None else list(wire.decode_as(d, wire.Staff).shops)


def _before(t: str, id_: str, held: tuple[int, bytes | None] | None) -> Before:
    return Before(t, id_, held[0] + 1 if held else 1, held[1] if held else None)


def _wanted(conn: Connection, keys: Keys, row: rows.Customer, customer: bytes, *, now_ms: int) -> Wanted:
    """Of somebody who is there: the traits that differ, and what is new; what they saved only where it is absent."""
    held = {each.name: each for each in purses.traits(conn, customer)}
    told = {name: value for name, value in row.traits.items() if name not in INSTRUMENTS or name not in held}
    key = whom.key_of(conn, keys, customer) if told else b""
    traits = {
        name: value
        for name, value in told.items()
        if name not in held or whom.value_of(key, customer, held[name]) != value
    }
    hashes = [people.inner_hash(keys, kind, value) for kind, value in row.cards]
    cards = [each for each in dict.fromkeys(hashes) if customers.owner(conn, each) is None]
    here = customers.shops_of(conn, customer)
    shops = [each for each in dict.fromkeys(row.shops) if each not in here]
    return Wanted(traits, cards, shops, agreed.missing(conn, customer, row.consents, now_ms=now_ms))


def put_traits(
    conn: Connection, keys: Keys, customer: bytes, traits: dict[str, Any], *, now_ms: int
) -> dict[str, wire.Trait | None]:
    """Seal and keep values; how each trait was before. Raises Refused for what is not declared."""
    was: dict[str, wire.Trait | None] = {}
    key = whom.key_of(conn, keys, customer) if traits else b""
    for name, value in traits.items():
        held = was[name] = purses.trait(conn, customer, name)
        ver = held.ver + 1 if held else 1
        (trait,) = people.seal_traits(key, customer, traits={name: value}, ver=ver, now_ms=now_ms)
        if held:
            purses.put_trait(conn, customer, trait)
        else:
            customers.add(conn, "trait", [{"customer_id": customer} | asdict(trait)])
    return was


def _moves(conn: Connection, keys: Keys, row: rows.Balance, customer: bytes) -> list[tuple[str, Any, int]]:
    """Instrument, new value, and by how much it moves; none where it is so already."""
    found: list[tuple[str, Any, int]] = []
    key = whom.key_of(conn, keys, customer)
    for name in INSTRUMENTS:
        asked: int | None = getattr(row, name)
        if asked is None:
            continue
        held = purses.trait(conn, customer, name)
        value = whom.value_of(key, customer, held) if held else None
        before = balance_of(name, value)
        if before is None and name == "stamps":
            raise _no(
                "the customer has no stamp card: give them a card by an import of customers (stamps_of, reward)",
                code="NO_INSTRUMENT",
            )
        if before != asked:
            after = with_balance(name, value if isinstance(value, dict) else {}, asked)
            found.append((name, after, asked - (before or 0)))
    return found


def _no(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="mend the line, or leave it out")
