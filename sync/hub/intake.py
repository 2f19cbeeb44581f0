"""Takes in what the shops report: each fact once, in order, and never two histories of one box."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Final, NamedTuple

from edge.kit.chain import link
from edge.kit.sql import Connection
from sync import signing, wire
from sync.hub import feed, judging, people, verdicts, wallet
from sync.hub.config import Keys
from sync.hub.hq import news
from sync.hub.problem import Refusal
from sync.hub.purses import Purses
from sync.hub.tables import devices, events, merges, nonces
from sync.hub.tables import feed as partitions
from sync.hub.tables import looks as chains
from sync.hub.tables import people as customers
from sync.hub.tables.devices import Device, End
from sync.hub.tables.events import Kept
from sync.hub.tables.feed import Line, Moved
from sync.hub.tables.looks import Break
from sync.hub.tables.nonces import Noted
from sync.hub.verdicts import Effects, Read
from sync.signing import BadSignature


class Proof(NamedTuple):
    """Why an upload was let in: the key that its box was last known by, and what may come once."""

    public_key: bytes
    noted: Noted | None


class Upload(NamedTuple):
    """What a device sent at once. `proof`: what is still to be looked at in the transaction that takes it in."""

    envelope: wire.Envelope
    facts: Sequence[wire.Event]
    proof: Proof | None = None


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


# What makes right what was said of a customer before the hub heard it.
_BEFORE: Final = frozenset({"customer_joined", "credential_bound"})
# What an upload is answered.
Said = Taken | Refusal | BadSignature


@dataclass(frozen=True, slots=True)
class _Begun:
    """An upload that fits onto what is held: what of it is new, and what was said of the rest before."""

    device: Device
    held: End
    fresh: list[Read]
    stored: list[tuple[int, str | None]]
    ends: bytes  # the chain up to the last that is held in the end

    def taken(self, kept: Sequence[Kept], breaks: Sequence[Break]) -> Taken:
        codes = self.stored + [(fact.seq, fact.code) for fact in kept]
        rejected = [wire.Rejection(seq, code) for seq, code in codes if code]
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
    if not isinstance(answer, Taken):
        raise answer
    return replace(answer, moved=moved)


def take_all(
    conn: Connection, keys: Keys, *, uploads: Sequence[Upload], now_ms: int
) -> tuple[list[Said], list[Moved]]:
    """As `take`, of several devices in one transaction: what each is answered, and the partitions that grew.

    An upload is refused before it has changed anything but that it came, so that the others are what they would be
    without it.
    """
    asked = [upload.envelope.device for upload in uploads]
    held = devices.hold_all(conn, asked)
    # Whoever sends one of these again, here or at another hub, waits for its box's row.
    noted = [upload.proof.noted for upload in uploads if upload.proof and upload.proof.noted]
    once = nonces.remember(conn, noted) if noted else set()
    ends = devices.ends(conn, asked)
    begun = [_unproven(upload, held, once) or _begun(conn, upload, held, ends) for upload in uploads]
    new = [each for each in begun if isinstance(each, _Begun) and each.fresh]
    done, moved = _done(conn, keys, new, now_ms=now_ms) if new else ({}, [])
    answers: list[Said] = []
    for each in begun:
        if isinstance(each, _Begun):
            answers.append(done.get(each.device.id) or each.taken([], []))
        else:
            answers.append(each)
    return answers, moved


def _unproven(upload: Upload, held: Mapping[str, Device], once: Collection[Noted]) -> BadSignature | None:
    """Why an upload that was let in is none of its box: that has another key by now, or this request came before."""
    device, proof = held.get(upload.envelope.device), upload.proof
    if proof is None:
        return None
    if device is None or device.public_key != proof.public_key:
        return signing.other_key()
    return signing.replayed() if proof.noted and proof.noted not in once else None


def _begun(
    conn: Connection, upload: Upload, held: Mapping[str, Device], ends: Mapping[str, End]
) -> _Begun | Taken | Refusal:
    """Read an upload against what is held; Taken: there is a gap before it."""
    envelope, facts, _ = upload
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
    fresh: list[Read] = []
    for fact in facts:
        previous = _hash(previous, fact)
        if fact.seq > end.seq:
            fresh.append(verdicts.read(fact, previous))
        elif stored[fact.seq][0] != previous:
            return _no("the hub holds another history of this device", code="FORKED")
    before = [(seq, code) for seq, (_, code) in sorted(stored.items())]
    return _Begun(device, end, fresh, before, previous if fresh else end.hash)


def _done(
    conn: Connection, keys: Keys, begun: Sequence[_Begun], *, now_ms: int
) -> tuple[dict[str, Taken], list[Moved]]:
    """Judge and keep what is new of uploads; what each device is answered, and the partitions that grew."""
    one = begun[0]
    whose = verdicts.whose(one.device, one.held.hub_epoch, now_ms=now_ms)
    purses = Purses(conn, keys, now_ms=now_ms, **whose)
    again = partial(judging.again, conn, keys, now_ms=now_ms)
    gone = _gather(conn, keys, [fact for each in begun for fact in each.fresh], purses)
    histories: list[tuple[str, int, list[Kept]]] = []
    lines: list[Line] = []
    told: list[news.News] = []
    done: dict[str, Taken] = {}
    for each in begun:
        device = each.device
        its = purses.of(**verdicts.whose(device, each.held.hub_epoch, now_ms=now_ms))
        erased = gone & {fact.customer_id for fact in each.fresh}
        # The shop spoke of them after the erasure had gone out, perhaps to others alone: it forgets them too.
        leaving = [line for whom in sorted(erased) for line in feed.erasure(device.shop_id, whom)]
        effects = Effects(device, device.epoch, now_ms, its, erased, leaving)
        kept = [verdicts.judged(conn, keys, fact, effects=effects, again=again) for fact in each.fresh]
        histories.append((device.id, device.epoch, kept))
        lines += effects.lines
        done[device.id] = each.taken(kept, effects.breaks)
        told += effects.told
    lines += wallet.rows(conn, purses.keep())
    events.keep_all(conn, histories, now_ms=now_ms)
    for whom in _joined_late(kept for _, _, kept in histories):
        late = again(whom)
        lines += late.lines
        told += late.told
    news.tell(conn, told)
    chains.shown(conn, [device_id for device_id, _, kept in histories if _has_shown(kept)], now_ms=now_ms)
    return done, partitions.publish(conn, lines)


def _joined_late(histories: Iterable[Sequence[Kept]]) -> list[bytes]:
    """Who joined, or was given a card, behind something that was said of them in the same transaction.

    A box that goes on under a new number says behind what it said there what the hub had lost.
    """
    late: dict[bytes, None] = {}
    letters = set[bytes]()
    for fact in chain.from_iterable(histories):
        if fact.customer_id is None:
            continue
        if fact.code is not None:
            letters.add(fact.customer_id)
        elif fact.kind in _BEFORE and fact.customer_id in letters:
            late[fact.customer_id] = None
    return list(late)


def _has_shown(kept: Sequence[Kept]) -> bool:
    """Whether these report looks whose lines of the chain did not come with them."""
    return kept[-1].kind != "looks_told" and any(each.kind == "card_shown" for each in kept)


def _gather(conn: Connection, keys: Keys, fresh: Sequence[Read], purses: Purses) -> set[bytes]:
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


def _hash(previous: bytes, fact: wire.Event) -> bytes:
    # Only a body that an erasure blanked may stand on its word: any other is covered by the chain itself.
    if fact.hash is not None and bytes(fact.body) == b"{}":
        return bytes.fromhex(fact.hash)
    return link(previous, seq=fact.seq, at_ms=fact.at_ms, kind=fact.kind, body=bytes(fact.body))


def _no(message: str, *, code: str) -> Refusal:
    hint = "nothing was stored; if the box was restored or copied, give it a new epoch at the hub"
    return Refusal(message, code=code, hint=hint, status=409)
