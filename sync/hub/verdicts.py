"""What a reported fact does, and what the hub says of it: taken, or a dead letter with its code."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypedDict

from msgspec import Struct

from edge.consent.rules import Register
from edge.kit.clock import LATEST_MS
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync import reports, wire
from sync.hub import consents, guests, joined, looks, stays
from sync.hub.config import Keys
from sync.hub.hq import news
from sync.hub.purses import Purses
from sync.hub.stays import Forgotten
from sync.hub.tables import catalogue as products
from sync.hub.tables import events
from sync.hub.tables.devices import Device
from sync.hub.tables.events import Kept
from sync.hub.tables.feed import Line
from sync.hub.tables.looks import Break

# What a shop may report; the name of a fact of the appliance in the words of the wire.
KINDS: Final = frozenset(
    (
        "visit_started",
        "greeted",
        "seen_again",
        "card_shown",
        "visit_ended",
        "consent_withdrawn",
        "consent_given",
        "wallet_moved",
        "help_claimed",
        "help_released",
        "left_alone",
        "suggestion_said",
        "suggestion_dismissed",
        "customer_joined",
        "credential_bound",
        "credential_blocked",
        "tap_replayed",
        "product_gap_met",
        "guest_left",
        "guest_saved",
        "looks_told",
        "customer_missed",
    )
)

# What is done at once, whenever it is said to have happened.
_WHENEVER: Final = frozenset({"consent_withdrawn", "credential_blocked"})


class Late(NamedTuple):
    """What judging letters once more sends out, and what programs are to be told of them."""

    lines: list[Line]
    told: list[news.News]


# Judges once more what was said before the hub knew them of somebody who joined, or was given a card, just now.
Again = Callable[[bytes], Late]


class _About(Struct):
    """Whom a fact is about, where it says so."""

    customer_id: wire.Hex16 | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A fact as far as everything about it could be read; `code`: why it could not."""

    fact: wire.Event
    hash: bytes  # the chain up to here
    customer_id: bytes | None = None
    move: wire.WalletMoved | None = None
    code: str | None = None


@dataclass(slots=True)
class Effects:
    """What an upload sends out, what programs are told, and the balances it moves (a row a customer)."""

    device: Device
    epoch: int  # of the history that is judged
    now_ms: int
    purses: Purses
    erased: set[bytes] = field(default_factory=set)  # of whom these facts speak
    lines: list[Line] = field(default_factory=list)
    told: list[news.News] = field(default_factory=list)  # that they joined before what waited for it
    breaks: list[Break] = field(default_factory=list)
    # Of whom was erased: what else names them says nothing of anybody any more.
    visits: set[bytes] = field(default_factory=set)
    idle: set[int] = field(default_factory=set)  # seqs of what changed nothing: of them there is no news

    @property
    def shop_id(self) -> str:
        return self.device.shop_id

    def did(self, fact: wire.Event, lines: list[Line] | None) -> None:
        """What a fact sends out; None: all that it says was known."""
        if lines is None:
            self.idle.add(fact.seq)
        else:
            self.lines += lines


class Whose(TypedDict):
    shop_id: str
    device_id: str
    epoch: int
    forgotten: Forgotten


def whose(device: Device, hub_epoch: int, *, now_ms: int, epoch: int | None = None) -> Whose:
    """Who moves balances; the box, or the hub, may have been put back since a guest came."""
    return Whose(
        shop_id=device.shop_id,
        device_id=device.id,
        epoch=device.epoch if epoch is None else epoch,
        forgotten=stays.forgotten(hub_epoch=hub_epoch, epoch=device.epoch, now_ms=now_ms),
    )


def read(fact: wire.Event, hash_: bytes) -> Read:
    """`hash_`: the chain up to this fact."""
    try:
        customer_id, move = _whom(fact), None
        if fact.kind == "wallet_moved" and fact.hash is None:
            move = wire.decode_as(bytes(fact.body), wire.WalletMoved)
    except wire.Malformed:
        return Read(fact, hash_, code="BAD_BODY" if fact.kind in KINDS else "UNKNOWN_KIND")
    if fact.at_ms > LATEST_MS and fact.kind not in _WHENEVER:
        return Read(fact, hash_, customer_id, code="BAD_BODY")  # an instant that no calendar has
    return Read(fact, hash_, customer_id, move)


def judged(conn: Connection, keys: Keys, it: Read, *, effects: Effects, again: Again) -> Kept:
    """The fact as it goes into the history, after it did its work; what comes of that is added to `effects`."""
    fact, customer_id, code = it.fact, it.customer_id, it.code
    body, late = bytes(fact.body), Late([], [])
    yeses: list[tuple[str, str]] = []
    try:
        if customer_id in effects.erased:
            effects.visits.add(events.visit_of(body))
            body, customer_id = events.NOTHING, None
        elif code is not None:
            pass
        elif effects.visits and events.visit_of(body) in effects.visits - {b""}:
            body = events.NOTHING
        elif fact.kind == "consent_withdrawn" and fact.hash is None:
            withdrawal = wire.decode_as(body, wire.ConsentWithdrawn)
            stopped = _withdrawn(conn, withdrawal, shop_id=effects.shop_id, now_ms=effects.now_ms)
            effects.did(fact, stopped)
        elif fact.kind == "consent_given" and fact.hash is None:
            yes = wire.decode_as(body, reports.ConsentGiven)
            at_ms = min(fact.at_ms, effects.now_ms)
            its, code = joined.agreed(conn, yes, shop_id=effects.shop_id, at_ms=at_ms)
            effects.lines += its
        elif it.move is not None:
            effects.purses.move(it.move, seq=fact.seq, at_ms=fact.at_ms)
        elif fact.kind == "customer_joined" and fact.hash is None:
            new = wire.decode_as(body, reports.CustomerJoined)
            effects.purses.settle()  # the card may have saved without a name, and become theirs
            its = joined.joined(
                conn, keys, new, shop_id=effects.shop_id, at_ms=fact.at_ms, now_ms=effects.now_ms
            )
            effects.did(fact, its or None)  # who was there already does not join again
            yeses = [(yes.purpose, yes.recipient) for yes in new.consents]
            late = again(bytes.fromhex(new.customer_id))
            effects.lines += late.lines
        elif fact.kind == "credential_bound" and fact.hash is None:
            card = wire.decode_as(body, reports.CredentialBound)
            effects.purses.settle()
            its, code = joined.bound(
                conn, keys, card, shop_id=effects.shop_id, at_ms=fact.at_ms, now_ms=effects.now_ms
            )
            effects.lines += its
            if its and code is None:
                late = again(bytes.fromhex(card.customer_id))
                effects.lines += late.lines
        elif fact.kind == "credential_blocked" and fact.hash is None:
            lost = wire.decode_as(body, reports.CredentialBlocked)
            effects.did(fact, joined.blocked(conn, keys, lost, shop_id=effects.shop_id))
        elif fact.kind == "guest_left" and fact.hash is None:
            gone = wire.decode_as(body, reports.GuestLeft)
            if leaving := guests.left(conn, gone, shop_id=effects.shop_id):
                effects.lines = [each for each in effects.lines if not guests.is_of(each, leaving)] + leaving
            effects.purses.again(bytes.fromhex(gone.customer_id))
        elif fact.kind == "guest_saved" and fact.hash is None:
            earned = wire.decode_as(body, reports.GuestSaved)
            try:
                customer_id, line = guests.saved(conn, keys, earned, shop_id=effects.shop_id)
                effects.purses.count(customer_id, line, seq=fact.seq, at_ms=fact.at_ms)
            except Refused as error:
                if error.code not in guests.WAITS:
                    body, customer_id = events.NOTHING, None
                raise
            body = events.NOTHING  # whose card it was says the history; which one, nothing
        elif fact.kind == "product_gap_met" and fact.hash is None:
            gap = wire.decode_as(body, reports.ProductGapMet)
            products.put_gap(conn, gap.item, effects.shop_id, gap.lacking, at_ms=fact.at_ms)
        elif fact.kind == "looks_told":
            told = wire.decode_as(body, reports.LooksTold)
            if broken := looks.take(conn, effects.device, told, now_ms=effects.now_ms):
                effects.breaks.append(broken)
        elif fact.kind == "customer_missed":
            body, customer_id = events.NOTHING, None  # nobody who was erased; of whom else nothing is kept
        elif fact.kind not in KINDS:
            code = "UNKNOWN_KIND"
    except wire.Malformed:
        code = "BAD_BODY" if fact.kind in KINDS else "UNKNOWN_KIND"
    except Refused as error:
        code = error.code
    kept = Kept(fact.seq, fact.at_ms, fact.kind, body, it.hash, code, customer_id)
    fresh = _news(kept, effects)
    effects.told += fresh + [one for each in fresh for one in news.given(each, yeses)] + late.told
    return kept


def _news(fact: Kept, effects: Effects) -> list[news.News]:
    """What programs are told of a fact: nothing of a dead letter, nor of what changed nothing."""
    if fact.code is not None or fact.kind not in news.FACTS or fact.seq in effects.idle:
        return []
    source = f"{effects.device.id}/{effects.epoch}/{fact.seq}"
    return [news.News(news.FACTS[fact.kind], fact.at_ms, fact.customer_id, effects.shop_id, source)]


def _whom(fact: wire.Event) -> bytes | None:
    whom = wire.decode_as(bytes(fact.body), _About).customer_id
    return None if whom is None else bytes.fromhex(whom)


def _withdrawn(
    conn: Connection, body: wire.ConsentWithdrawn, *, shop_id: str, now_ms: int
) -> list[Line] | None:
    return consents.withdrawn(
        conn,
        bytes.fromhex(body.customer_id),
        purpose=body.purpose,
        recipient=body.recipient,
        register=Register(body.gen, "withdrawn"),
        now_ms=now_ms,
        said=joined.said(body.said, shop_id),
    )
