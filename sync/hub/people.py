"""What happens to customers at the centre: they come, lose a card, and are forgotten."""

import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import msgspec

from edge.consent.rules import MINOR, TRAITS
from edge.kit.errors import Refused
from edge.kit.seal import derive, key_place, new_key, seal, trait_place, unseal
from edge.kit.sql import Connection
from edge.recognition.rules import CredentialKind, inner, is_read, normalise, outer
from sync import wire
from sync.hub import consents, feed, nobodys, opening
from sync.hub.config import Keys
from sync.hub.consents import NewConsent
from sync.hub.devices import shop_key_of
from sync.hub.hq import news
from sync.hub.tables import events, hooks, imports, merges, tokens, wallet
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Line, Moved

DAY_MS: Final = 86_400_000
TRAIT_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer on the way in; trait values are anything JSON can say, credential values are plain text."""

    customer_id: bytes
    traits: Mapping[str, Any] = field(repr=False)
    credentials: Sequence[tuple[CredentialKind, str]] = field(repr=False)
    consents: Sequence[NewConsent] = ()


@dataclass(frozen=True, slots=True)
class _Shop:
    id: str
    key: bytes = field(repr=False)
    transport: bytes = field(repr=False)  # wraps customers' keys on their way there


def add_customer(
    conn: Connection,
    keys: Keys,
    *,
    shop_ids: Sequence[str],
    customer: NewCustomer,
    now_ms: int,
    reason: str = "joined",
) -> list[Moved]:
    """Add one customer, resident in `shop_ids`; raises Refused for what is undeclared or somebody's."""
    return add_customers(conn, keys, shop_ids=shop_ids, customers=[customer], now_ms=now_ms, reason=reason)


def add_customers(
    conn: Connection,
    keys: Keys,
    *,
    shop_ids: Sequence[str],
    customers: Sequence[NewCustomer],
    now_ms: int,
    reason: str = "joined",
) -> list[Moved]:
    """Add a slice of customers: traits sealed with a key each, credentials as inner hashes only."""
    lines = newcomers(conn, keys, shop_ids=shop_ids, customers=customers, now_ms=now_ms, reason=reason)
    return partitions.publish(conn, lines)


def newcomers(
    conn: Connection,
    keys: Keys,
    *,
    shop_ids: Sequence[str],
    customers: Sequence[NewCustomer],
    now_ms: int,
    reason: str = "joined",
) -> list[Line]:
    """As `add_customers`: what it sends out, for whoever sends more in the same transaction."""
    shops = [_shop(conn, keys, shop_id) for shop_id in shop_ids]
    ids = [new.customer_id for new in customers]
    tables.hold(conn, ids)  # who is being erased is erased, then refused
    if any(len(id_) != 16 for id_ in ids) or tables.erased(conn, marks(keys, ids)):
        raise _refused("an id is not 16 bytes, or is of somebody who was erased", code="BAD_ID")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("customer", "customer_key", "trait")}
    rows |= {"credential": [], "residency": []}
    registers: list[tables.Consent] = []
    lines: list[Line] = []
    for new in customers:
        id_ = new.customer_id
        key = new_key()
        traits = seal_traits(key, id_, traits=new.traits, ver=1, now_ms=now_ms)
        cards = [
            tables.Credential(inner_hash(keys, kind, value), id_, "active", 1, "", now_ms)
            for kind, value in new.credentials
        ]
        given = [consents.first(id_, each, now_ms=now_ms) for each in new.consents]
        for each in given:
            consents.of_age(each.purpose, minor=MINOR in new.traits)
        rows["customer"].append({"customer_id": id_})
        wrapped = seal(keys.hub_kek, key, key_place(id_))
        rows["customer_key"].append({"customer_id": id_, "wrapped": wrapped})
        rows["trait"] += [{"customer_id": id_} | msgspec.structs.asdict(trait) for trait in traits]
        rows["credential"] += [msgspec.structs.asdict(card) for card in cards]
        registers += given
        for shop in shops:
            residency = {"shop_id": shop.id, "reason": reason, "since_ms": now_ms}
            rows["residency"].append({"customer_id": id_} | residency)
            lines += _whole(shop, id_, key=key, traits=traits, cards=cards, given=given)
    for table, its in rows.items():
        tables.add(conn, table, its)
    tables.put_consents(conn, registers)
    opening.book(conn, ((new.customer_id, new.traits) for new in customers), now_ms=now_ms)
    return lines


def settle(
    conn: Connection, keys: Keys, customer_id: bytes, *, shop_id: str, now_ms: int, reason: str
) -> list[Line]:
    """Make a customer resident in one shop more: key, cards and consents; their row is to follow (wallet.rows)."""
    residency = {"customer_id": customer_id, "shop_id": shop_id, "reason": reason, "since_ms": now_ms}
    tables.add(conn, "residency", [residency])
    return known(conn, keys, customer_id, shop_id=shop_id)


def known(conn: Connection, keys: Keys, customer_id: bytes, *, shop_id: str) -> list[Line]:
    """What one shop more is to know of a customer, all but their row: the key on both lanes, cards, consents."""
    key = unseal(keys.hub_kek, wallet.wrapped_key(conn, customer_id) or b"", key_place(customer_id))
    cards, given = tables.credentials(conn, customer_id), tables.consents(conn, customer_id)
    return _known(_shop(conn, keys, shop_id), customer_id, key=key, cards=cards, given=given)


def take_out(conn: Connection, customer_id: bytes) -> list[Line]:
    """Take a customer out who should never have come in: nothing of them stays, and they may come in again."""
    shop_ids = tables.shops_of(conn, customer_id)
    tables.take_out(conn, customer_id)
    opening.take_out(conn, customer_id)
    hooks.forget(conn, customer_id)
    partitions.forget(conn, customer_id, op="del")
    return [line for shop_id in shop_ids for line in feed.departure(shop_id, customer_id)]


def everywhere(conn: Connection, keys: Keys, held: tables.Credential) -> list[Line]:
    """A credential's lines for every shop its owner is resident in."""
    lines: list[Line] = []
    for shop_id in tables.shops_of(conn, held.customer_id):
        outer_hash = outer(shop_key_of(conn, keys, shop_id), held.hash)
        lines += feed.credential(shop_id, held, outer_hash=outer_hash)
    return lines


def erase(conn: Connection, keys: Keys, *, customer_id: bytes, now_ms: int) -> list[Moved]:
    """Forget a customer here and, urgently, in every shop that ever heard of them; raises Refused for an unknown one.

    Who moved away, or came for one visit, stands in that shop's visits and outbox still.
    """
    if not tables.hold(conn, [customer_id]):
        raise _refused("no such customer", code="UNKNOWN_CUSTOMER")
    # A card that became theirs is they: what it was before goes too.
    theirs = [each.from_id for each in merges.of(conn, customer_id) if each.undone_ms is None]
    merges.forget(conn, customer_id)
    gone = [moved for each in theirs for moved in erase(conn, keys, customer_id=each, now_ms=now_ms)]
    shop_ids = sorted(
        {
            *tables.shops_of(conn, customer_id),
            *events.shops(conn, customer_id),
            *wallet.shops(conn, customer_id),
            *partitions.shops(conn, customer_id),
        }
    )
    nobodys.forget(conn, keys, {each.hash for each in tables.credentials(conn, customer_id)})
    tables.forget(conn, customer_id, mark=mark(keys, customer_id), now_ms=now_ms)
    events.forget(conn, customer_id)
    wallet.forget(conn, customer_id, nobody=os.urandom(16))
    imports.forget(conn, customer_id)
    tokens.forget(conn, customer_id)
    hooks.forget(conn, customer_id)
    news.tell(conn, [news.News("customer.erased", now_ms, customer_id)])
    partitions.forget(conn, customer_id)
    return gone + partitions.publish(
        conn, [line for shop_id in shop_ids for line in feed.erasure(shop_id, customer_id)]
    )


def mark(keys: Keys, customer_id: bytes) -> bytes:
    """What stays of an erased id, so that nothing late brings the customer back."""
    return next(iter(marks(keys, [customer_id])))


def marks(keys: Keys, customer_ids: Iterable[bytes]) -> dict[bytes, bytes]:
    """The mark of each, with the id it is of."""
    key = derive(keys.hub_kek, "erased")
    return {hmac.digest(key, customer_id, sha256): customer_id for customer_id in customer_ids}


def inner_hash(keys: Keys, kind: CredentialKind, value: str) -> bytes:
    """What the hub keeps of a credential; raises Refused for what cannot be one."""
    normal = normalise(kind, value) if kind in ("number", "uid") else None
    if normal is None:
        raise _refused("a credential is empty, too long or of an unknown kind", code="BAD_CREDENTIAL")
    if not is_read(kind, normal):
        what = "hex of 4 to 10 bytes, and none that is new at each tap (08…)" if kind == "uid" else "one line"
        raise _refused(f"no card is read so: a {kind} is {what}", code="BAD_CREDENTIAL")
    return inner(keys.chain_key, kind, normal)


def plain_traits(traits: Mapping[str, Any]) -> dict[str, bytes]:
    """Each value as JSON; raises Refused for an undeclared one, and for one that is too long."""
    plains: dict[str, bytes] = {}
    for name, value in traits.items():
        if name not in TRAITS:
            raise _refused(f"no trait is declared as {name[:32]!r}", code="UNDECLARED_TRAIT")
        plains[name] = msgspec.json.encode(value)
        if len(plains[name]) > TRAIT_BYTES:
            raise _refused(f"a {name} is over {TRAIT_BYTES} bytes", code="TOO_LARGE")
    return plains


def seal_traits(
    key: bytes, customer_id: bytes, *, traits: Mapping[str, Any], ver: int, now_ms: int
) -> list[wire.Trait]:
    """Each value sealed in its place, with the end of its retention; raises Refused for an undeclared one."""
    sealed = []
    for name, plain in plain_traits(traits).items():
        keep_days = TRAITS[name].keep_days
        sealed.append(
            wire.Trait(
                name=name,
                sealed=seal(key, plain, trait_place(customer_id, name, ver)),
                ver=ver,
                as_of_ms=now_ms,
                until_ms=None if keep_days is None else now_ms + keep_days * DAY_MS,
            )
        )
    return sealed


def _shop(conn: Connection, keys: Keys, shop_id: str) -> _Shop:
    key = shop_key_of(conn, keys, shop_id)
    return _Shop(shop_id, key, derive(key, "key-transport"))


def _whole(
    shop: _Shop,
    customer_id: bytes,
    *,
    key: bytes,
    traits: list[wire.Trait],
    cards: list[tables.Credential],
    given: list[tables.Consent],
) -> list[Line]:
    """All a shop is to know of one resident, the key first."""
    urgent, main, *rest = _known(shop, customer_id, key=key, cards=cards, given=given)
    return [urgent, main, feed.customer(shop.id, customer_id, ver=1, traits=traits), *rest]


def _known(
    shop: _Shop,
    customer_id: bytes,
    *,
    key: bytes,
    cards: list[tables.Credential],
    given: list[tables.Consent],
) -> list[Line]:
    lines = feed.key(shop.id, customer_id, wrapped=seal(shop.transport, key, key_place(customer_id)))
    for card in cards:
        lines += feed.credential(shop.id, card, outer_hash=outer(shop.key, card.hash))
    for each in given:
        lines += feed.consent(shop.id, each)
    return lines


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; check what was given")
