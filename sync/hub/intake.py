"""Takes in what the shops report: each fact once, in order, and never two histories of one box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, NamedTuple, TypedDict

from msgspec import Raw, Struct

from edge.consent.rules import Register
from edge.kit.chain import link
from edge.kit.clock import LATEST_MS
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync import reports, wire
from sync.hub import consents, feed, guests, joined, looks, people, stays, wallet
from sync.hub.config import Keys
from sync.hub.hq import news
from sync.hub.problem import Refusal
from sync.hub.purses import Purses
from sync.hub.stays import Forgotten
from sync.hub.tables import catalogue as products
from sync.hub.tables import devices, events, merges
from sync.hub.tables import feed as partitions
from sync.hub.tables import looks as chains
from sync.hub.tables import people as customers
from sync.hub.tables.devices import Device, End
from sync.hub.tables.events import Kept
from sync.hub.tables.feed import Line, Moved
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
    )
)

# What is done at once, whenever it is said to have happened.
_WHENEVER: Final = frozenset({"consent_withdrawn", "credential_blocked"})
_MOST_AGAIN: Final = (
    1_000  # dead letters of one customer; between a backup and a shop's next upload it is a handful
)


class _About(Struct):
    """Whom a fact is about, where it says so."""

    customer_id: wire.Hex16 | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A fact as far as everything about it could be read; `code`: why it could not."""

    fact: wire.Event
    hash: bytes  # the chain up to here
    customer_id: bytes | None = None
    move: wire.WalletMoved | None = None
    code: str | None = None


@dataclass(slots=True)
class _Effects:
    """What an upload sends out, and the balances it moves (a row a customer, however many lines)."""

    device: Device
    now_ms: int
    purses: Purses
    erased: set[bytes]  # of whom these facts speak
    lines: list[Line]
    breaks: list[Break]
    visits: set[bytes]  # of whom was erased: what else names them says nothing of anybody any more

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


class Upload(NamedTuple):
    """What a device sent at once."""

    envelope: wire.Envelope
    facts: Sequence[wire.Event]


@dataclass(frozen=True, slots=True)
class Taken:
    """What the hub now holds of the epoch, the dead letters among it, and the partitions that grew."""

    seq: int
    rejected: list[wire.Rejection]
    hub_epoch: int
    moved: list[Moved]
    hash: bytes = b""  # the chain up to `seq`
    new: int = 0  # how many of its facts the hub did not hold
    breaks: Sequence[Break] = ()  # where the box's chain of looks did not hold


@dataclass(frozen=True, slots=True)
class _Begun:
    """An upload that fits onto what is held: what of it is new, and what was said of the rest before."""

    device: Device
    held: End
    fresh: list[_Read]
    stored: list[tuple[int, str | None]]
    ends: bytes  # the chain up to the last that is held in the end

    def taken(self, kept: Sequence[Kept], breaks: Sequence[Break]) -> Taken:
        verdicts = self.stored + [(fact.seq, fact.code) for fact in kept]
        rejected = [wire.Rejection(seq, code) for seq, code in verdicts if code]
        last = self.held.seq + len(kept)
        return Taken(last, rejected, self.held.hub_epoch, [], self.ends, len(kept), breaks)


def take(
    conn: Connection,
    keys: Keys,
    *,
    envelope: wire.Envelope,
    facts: Sequence[wire.Event],
    now_ms: int,
) -> Taken:
    """Store the contiguous rest of an upload; raises Refusal (WRONG_EPOCH, BROKEN_CHAIN, FORKED).

    What is held already is compared by its hash, so that a repeated upload changes nothing and a second
    history under the same numbers is found.
    """
    (answer,), moved = take_all(conn, keys, uploads=[Upload(envelope, facts)], now_ms=now_ms)
    if isinstance(answer, Refusal):
        raise answer
    return replace(answer, moved=moved)


def take_all(
    conn: Connection, keys: Keys, *, uploads: Sequence[Upload], now_ms: int
) -> tuple[list[Taken | Refusal], list[Moved]]:
    """As `take`, of several devices in one transaction: what each is answered, and the partitions that grew.

    An upload is refused before it has changed anything, so that the others are what they would be without it.
    """
    asked = [upload.envelope.device for upload in uploads]
    held = devices.hold_all(conn, asked)
    ends = devices.ends(conn, asked)
    begun = [_begun(conn, upload, held, ends) for upload in uploads]
    new = [each for each in begun if isinstance(each, _Begun) and each.fresh]
    done, moved = _done(conn, keys, new, now_ms=now_ms) if new else ({}, [])
    answers: list[Taken | Refusal] = []
    for each in begun:
        if isinstance(each, _Begun):
            answers.append(done.get(each.device.id) or each.taken([], []))
        else:
            answers.append(each)
    return answers, moved


def _begun(
    conn: Connection, upload: Upload, held: Mapping[str, Device], ends: Mapping[str, End]
) -> _Begun | Taken | Refusal:
    """Read an upload against what is held; Taken: there is a gap before it."""
    envelope, facts = upload
    device = held.get(envelope.device)
    if device is None or device.epoch != envelope.epoch:
        return _no("this epoch of the device is not the current one", code="WRONG_EPOCH")
    end = ends[device.id]
    if envelope.from_seq > end.seq + 1:
        return Taken(end.seq, [], end.hub_epoch, [], end.hash)
    stored: dict[int, tuple[bytes, str | None]] = {}
    previous: bytes | None = end.hash
    if envelope.from_seq <= end.seq:
        last = min(envelope.from_seq + len(facts) - 1, end.seq)
        of = (conn, device.id, device.epoch)
        previous = events.hash_at(*of, seq=envelope.from_seq - 1)
        stored = events.between(*of, first=envelope.from_seq, last=last)
    if previous is None or previous.hex() != envelope.prev_hash:
        return _no("the upload does not chain to what came before", code="BROKEN_CHAIN")
    fresh: list[_Read] = []
    for fact in facts:
        previous = _hash(previous, fact)
        if fact.seq > end.seq:
            fresh.append(_read(fact, previous))
        elif stored[fact.seq][0] != previous:
            return _no("the hub holds another history of this device", code="FORKED")
    verdicts = [(seq, code) for seq, (_, code) in sorted(stored.items())]
    return _Begun(device, end, fresh, verdicts, previous if fresh else end.hash)


def _done(
    conn: Connection, keys: Keys, begun: Sequence[_Begun], *, now_ms: int
) -> tuple[dict[str, Taken], list[Moved]]:
    """Judge and keep what is new of uploads; what each device is answered, and the partitions that grew."""
    one = begun[0]
    purses = Purses(conn, keys, now_ms=now_ms, **_whose(one.device, one.held.hub_epoch, now_ms=now_ms))
    gone = _gather(conn, keys, [fact for each in begun for fact in each.fresh], purses)
    histories: list[tuple[str, int, list[Kept]]] = []
    lines: list[Line] = []
    told: list[news.News] = []
    done: dict[str, Taken] = {}
    for each in begun:
        device = each.device
        its = purses.of(**_whose(device, each.held.hub_epoch, now_ms=now_ms))
        erased = gone & {fact.customer_id for fact in each.fresh}
        # The shop spoke of them after the erasure had gone out, perhaps to others alone: it forgets them too.
        leaving = [line for whom in sorted(erased) for line in feed.erasure(device.shop_id, whom)]
        effects = _Effects(device, now_ms, its, erased, leaving, [], set())
        kept = [_judged(conn, keys, fact, effects=effects) for fact in each.fresh]
        histories.append((device.id, device.epoch, kept))
        lines += effects.lines
        done[device.id] = each.taken(kept, effects.breaks)
        source = f"{device.id}/{device.epoch}"
        told += [_news(fact, device.shop_id, source=source) for fact in kept if _is_news(fact, effects)]
    events.keep_all(conn, histories, now_ms=now_ms)
    chains.shown(conn, [device_id for device_id, _, kept in histories if _has_shown(kept)], now_ms=now_ms)
    news.tell(conn, told)
    return done, partitions.publish(conn, lines + wallet.rows(conn, purses.keep()))


def _has_shown(kept: Sequence[Kept]) -> bool:
    """Whether these report looks whose lines of the chain did not come with them."""
    return kept[-1].kind != "looks_told" and any(each.kind == "card_shown" for each in kept)


class _Whose(TypedDict):
    shop_id: str
    device_id: str
    epoch: int
    forgotten: Forgotten


def _whose(device: Device, hub_epoch: int, *, now_ms: int, epoch: int | None = None) -> _Whose:
    """Who moves balances; the box, or the hub, may have been put back since a guest came."""
    return _Whose(
        shop_id=device.shop_id,
        device_id=device.id,
        epoch=device.epoch if epoch is None else epoch,
        forgotten=stays.forgotten(hub_epoch=hub_epoch, epoch=device.epoch, now_ms=now_ms),
    )


def _gather(conn: Connection, keys: Keys, fresh: Sequence[_Read], purses: Purses) -> set[bytes]:
    """Take everybody these facts speak of and read their balances; who of them was erased."""
    about = {each.customer_id for each in fresh if each.customer_id is not None}
    if not about:
        return set()
    moves = [each.move for each in fresh if each.move is not None]
    moved = {each.customer_id for each in fresh if each.move is not None and each.customer_id is not None}
    into = merges.into(conn, moved) if moved else {}
    # All at once, so that two hubs take whom they share in one order.
    there = customers.hold(conn, about | set(into.values()))
    marks = people.marks(keys, about - there)
    gone = {marks[mark] for mark in customers.erased(conn, marks)} if marks else set()
    if moves:
        purses.expect(moves, there=there, into=into)
    return gone


def _read(fact: wire.Event, hash_: bytes) -> _Read:
    try:
        customer_id, move = _whom(fact), None
        if fact.kind == "wallet_moved" and fact.hash is None:
            move = wire.decode_as(bytes(fact.body), wire.WalletMoved)
    except wire.Malformed:
        return _Read(fact, hash_, code="BAD_BODY" if fact.kind in KINDS else "UNKNOWN_KIND")
    if fact.at_ms > LATEST_MS and fact.kind not in _WHENEVER:
        return _Read(fact, hash_, customer_id, code="BAD_BODY")  # an instant that no calendar has
    return _Read(fact, hash_, customer_id, move)


def _is_news(fact: Kept, effects: _Effects) -> bool:
    return fact.code is None and fact.kind in news.FACTS and fact.seq not in effects.idle


def _news(fact: Kept, shop_id: str, *, source: str) -> news.News:
    return news.News(news.FACTS[fact.kind], fact.at_ms, fact.customer_id, shop_id, f"{source}/{fact.seq}")


def _hash(previous: bytes, fact: wire.Event) -> bytes:
    # Only a body that an erasure blanked may stand on its word: any other is covered by the chain itself.
    if fact.hash is not None and bytes(fact.body) == b"{}":
        return bytes.fromhex(fact.hash)
    return link(previous, seq=fact.seq, at_ms=fact.at_ms, kind=fact.kind, body=bytes(fact.body))


def _judged(conn: Connection, keys: Keys, read: _Read, *, effects: _Effects) -> Kept:
    """The fact as it goes into the history, after it did its work; what it sends out is added to `effects`."""
    fact, customer_id, code = read.fact, read.customer_id, read.code
    body = bytes(fact.body)
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
        elif read.move is not None:
            effects.purses.move(read.move, seq=fact.seq, at_ms=fact.at_ms)
        elif fact.kind == "customer_joined" and fact.hash is None:
            new = wire.decode_as(body, reports.CustomerJoined)
            effects.purses.settle()  # the card may have saved without a name, and become theirs
            effects.lines += joined.joined(
                conn, keys, new, shop_id=effects.shop_id, at_ms=fact.at_ms, now_ms=effects.now_ms
            )
            effects.lines += _again(conn, keys, bytes.fromhex(new.customer_id), now_ms=effects.now_ms)
        elif fact.kind == "credential_bound" and fact.hash is None:
            card = wire.decode_as(body, reports.CredentialBound)
            effects.purses.settle()
            its, code = joined.bound(
                conn, keys, card, shop_id=effects.shop_id, at_ms=fact.at_ms, now_ms=effects.now_ms
            )
            effects.lines += its
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
            body = b"{}"  # a card of nobody's leaves nothing
            whose, line = guests.saved(conn, keys, earned, shop_id=effects.shop_id)
            effects.purses.count(whose, line, seq=fact.seq, at_ms=fact.at_ms)
            customer_id = whose
        elif fact.kind == "product_gap_met" and fact.hash is None:
            gap = wire.decode_as(body, reports.ProductGapMet)
            products.put_gap(conn, gap.item, effects.shop_id, gap.lacking, at_ms=fact.at_ms)
        elif fact.kind == "looks_told":
            told = wire.decode_as(body, reports.LooksTold)
            if broken := looks.take(conn, effects.device, told, now_ms=effects.now_ms):
                effects.breaks.append(broken)
        elif fact.kind not in KINDS:
            code = "UNKNOWN_KIND"
    except wire.Malformed:
        code = "BAD_BODY" if fact.kind in KINDS else "UNKNOWN_KIND"
    except Refused as error:
        code = error.code
    return Kept(fact.seq, fact.at_ms, fact.kind, body, read.hash, code, customer_id)


def _again(conn: Connection, keys: Keys, customer_id: bytes, *, now_ms: int) -> list[Line]:
    """Judge once more what shops said of somebody before the hub knew them, or had their key; what that sends out.

    A hub that was put back hears of a guest, perhaps, before it hears again that they joined. A letter that was
    taken is none any more, so that nothing is counted twice; of somebody erased nothing is found.
    """
    lines: list[Line] = []
    letters = events.unknown(conn, customer_id, most=_MOST_AGAIN)
    for (device_id, epoch), its in groupby(letters, key=lambda each: (each.device_id, each.epoch)):
        device = devices.device(conn, device_id)
        if device is None:
            continue
        whose = _whose(device, devices.hub_epoch(conn), now_ms=now_ms, epoch=epoch)
        purses = Purses(conn, keys, now_ms=now_ms, **whose)
        effects = _Effects(device, now_ms, purses, set(), [], [], set())
        for letter in its:
            read = _read(wire.Event(letter.seq, letter.at_ms, letter.kind, Raw(letter.body)), letter.hash)
            kept = _judged(conn, keys, read, effects=effects)
            events.judge(conn, letter, kept.code)
            if _is_news(kept, effects):
                news.tell(conn, [_news(kept, device.shop_id, source=f"{device_id}/{epoch}")])
        lines += effects.lines + wallet.rows(conn, purses.keep())
    return lines


def judge_again(conn: Connection, keys: Keys, whom: Sequence[bytes], *, now_ms: int) -> list[Moved]:
    """Judge once more what was said of these, of whom the hub knows more by now; the partitions that grew.

    Two hubs on one database may take two uploads in one moment, neither seeing who joined in the other's.
    """
    lines: list[Line] = []
    for each in whom:
        lines += _again(conn, keys, each, now_ms=now_ms)
    return partitions.publish(conn, lines)


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


def _no(message: str, *, code: str) -> Refusal:
    hint = "nothing was stored; if the box was restored or copied, give it a new epoch at the hub"
    return Refusal(message, code=code, hint=hint, status=409)
