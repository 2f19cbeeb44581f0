"""The talk with Google Wallet (Smart Tap 2.1): select, negotiate keys, get the objects, piece by piece."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.dialogue import OK, Apdus, Damaged, Forged, Heard, TooLarge, command, select, whole
from drivers.codecs.p256 import PrivateKey, compressed, public_key, sign
from drivers.codecs.wallets import smarttap_records as records
from drivers.codecs.wallets import tlv
from drivers.codecs.wallets.smarttap_bundle import MAX_PAYLOAD, is_encrypted, open_bundle
from drivers.codecs.wallets.smarttap_records import SPOKEN, Session
from drivers.reader import Evidence, Outcome, Token

NAME: Final = bytes.fromhex("a000000476d0000111")
NEGOTIATE, GET_DATA, GET_MORE_DATA = b"\x90\x53\0\0", b"\x90\x50\0\0", b"\x90\xc0\0\0"
CLA: Final = 0x90
LIVE: Final = b"\x01"  # the phone's nonce is signed, not a pre-made signature shown again
FIRST_SEQUENCE: Final = 1
RETRY_STEP: Final = 2
TRIES: Final = 3  # of one command that the phone could not do just now
MAX_PIECES: Final = 300  # of one answer; 64 KiB come in 257 pieces of 255 bytes

MORE_DATA, NO_PASS, NO_PASS_NOT_READY = 0x9100, 0x9001, 0x9102
WITH_DATA: Final = (OK, 0x9002, 0x9101)
TRANSIENT: Final = 0x92  # SW1; only SW1 is a promise, an unknown SW2 is tolerated
# By status word, else by SW1; all others are `unreadable`.
OUTCOMES: Final[dict[int, Outcome]] = {
    NO_PASS: "no_pass",
    NO_PASS_NOT_READY: "no_pass",
    0x9302: "choose_pass",  # the phone shows its carousel
    0x9407: "unknown_merchant",
    0x6A82: "no_pass",  # a wallet without the application
}
OUTCOMES_BY_SW1: Final[dict[int, Outcome]] = {0x93: "locked", 0x95: "unknown_merchant"}
WANTS_IT_AGAIN: Final = (0x04, 0x08)  # status inside `ses`: another sequence, or resend
NOT_OURS: Final = (0x05, 0x06)  # likewise: merchant unknown or not named
# One collector's answer ends the talk, except these: another collector or key version may fare better.
TRY_NEXT: Final[tuple[Outcome, ...]] = ("unknown_merchant", "no_pass")


@dataclass(frozen=True, slots=True)
class Collector:
    """One merchant as Google Wallet knows it, and one version of its key."""

    collector_id: int  # decimal in Google's console, four bytes on the air
    key_version: int
    private_key: PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a session needs new: 8 and 32 random bytes and a key of its own."""

    session_id: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    key: PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handshake:
    """Our side of one session's keys; the signature stays as it was sent, because the keys depend on its bytes."""

    collector: Collector
    fresh: Fresh
    signed_data: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def negotiate(self, session: Session) -> bytes:
        shown = self.fresh.nonce + LIVE + compressed(self.fresh.key)
        shown += self.collector.key_version.to_bytes(4, "big")
        return command(
            NEGOTIATE,
            records.negotiate(
                session,
                handshake=shown,
                collector_id=_collector_id(self.collector),
                signature=self.signature,
            ),
        )


def read(fci: bytes, collectors: Sequence[Collector], *, fresh: Callable[[], Fresh]) -> Apdus[Heard]:
    """The tokens of the first collector that has any, or the outcome.

    Raises Damaged. Each collector or key version gets a session of its own.
    """
    nonce = _nonce_of_phone(fci)
    heard: Heard | None = None
    without_pass: set[int] = set()
    for collector in collectors:
        if collector.collector_id in without_pass:  # its key was known: another version changes nothing
            continue
        if nonce is None:
            answer, status = yield from whole(select(NAME))
            if status != OK:
                return heard or Heard(outcome=_outcome(status))
            nonce = records.nonce_of_selection(answer)
            if nonce is None:
                raise Damaged("smart tap: another version")
        found = yield from _session(collector, fresh(), nonce)
        nonce = None  # signed once
        if found.outcome not in TRY_NEXT:
            return found
        if found.outcome == "no_pass":
            without_pass.add(collector.collector_id)
        if heard is None or found.outcome == "no_pass":
            heard = found
    return heard or Heard(outcome="no_pass")


def handshake(
    collector: Collector, fresh: Fresh, phone_nonce: bytes, signature: bytes | None = None
) -> Handshake:
    """Our side of the keys: what is signed is both nonces, the collector and our key of this session."""
    signed_data = fresh.nonce + phone_nonce + _collector_id(collector) + compressed(fresh.key)
    return Handshake(collector, fresh, signed_data, signature or sign(collector.private_key, signed_data))


def _nonce_of_phone(fci: bytes) -> bytes | None:
    """The nonce to sign if the phone lets us skip SELECT; None where it wants one."""
    entries = tlv.value(fci, 0xA5, 0xBF0C) or b""
    for entry in tlv.split(entries):
        if entry.tag != 0x61 or tlv.value(entry.value, 0x4F) != NAME:
            continue
        caps = tlv.value(entry.value, 0x73) or b""
        lowest, highest = tlv.value(caps, 0xDF6D) or b"\0", tlv.value(caps, 0xDF4D) or b"\xff"
        if not int.from_bytes(lowest, "big") <= SPOKEN <= int.from_bytes(highest, "big"):
            raise Damaged("smart tap: another version")
        nonce = tlv.value(caps, 0xDF6E) or tlv.value(fci, 0xC2)
        if (tlv.value(caps, 0xDF62) or b"\0")[-1] & 0x01 and nonce is not None and len(nonce) == 32:
            return nonce
    return None


def _session(collector: Collector, fresh: Fresh, phone_nonce: bytes) -> Apdus[Heard]:
    ours = handshake(collector, fresh, phone_nonce)
    session = Session(fresh.session_id, FIRST_SEQUENCE)
    message, status, session = yield from _ask(ours.negotiate, session)
    if status not in WITH_DATA:
        return Heard(outcome=_outcome(status))
    session, device_key = records.answer(message, b"nrs", b"dpk")
    if session.status in NOT_OURS:
        return Heard(outcome="unknown_merchant")
    if device_key is None:
        raise Damaged("smart tap: no key of the phone")
    public_key(device_key)  # 33 or 65 bytes on the curve, or Damaged before anything is asked

    def get_data(at: Session) -> bytes:
        return command(GET_DATA, records.get_data(at, collector_id=_collector_id(collector)))

    message, status, _ = yield from _ask(get_data, session.next())
    if status not in WITH_DATA:
        return Heard(outcome=_outcome(status))
    session, bundle = records.answer(message, b"srs", b"reb")
    if session.status in NOT_OURS:
        return Heard(outcome="unknown_merchant")
    if bundle is None:
        return Heard(outcome="no_pass")
    return _heard(bundle, ours, device_key)


def _ask(build: Callable[[Session], bytes], session: Session) -> Apdus[tuple[bytes, int, Session]]:
    """The whole answer, its status, and the session it was asked with; tried again while the phone is busy."""
    for _ in range(TRIES):
        message, status = yield from _pieces(build(session))
        if status >> 8 != TRANSIENT and not _wants_it_again(message, status):
            return message, status, session
        session = session.next(RETRY_STEP)
    return message, status, session


def _pieces(apdu: bytes) -> Apdus[tuple[bytes, int]]:
    message, status = yield from whole(apdu, cla=CLA)
    for _ in range(MAX_PIECES):
        if status != MORE_DATA:
            return message, status
        piece, status = yield from whole(command(GET_MORE_DATA), cla=CLA)
        message += piece
        if len(message) > MAX_PAYLOAD:
            break
    raise TooLarge(f"smart tap: an answer of more than {MAX_PAYLOAD} bytes")


def _wants_it_again(message: bytes, status: int) -> bool:
    if status not in WITH_DATA:
        return False
    for name in (b"nrs", b"srs"):
        if records.named(message, name) is not None:
            return records.answer(message, name, b"")[0].status in WANTS_IT_AGAIN
    return False


def _outcome(status: int) -> Outcome:
    return OUTCOMES.get(status) or OUTCOMES_BY_SW1.get(status >> 8) or "unreadable"


def _heard(bundle: bytes, ours: Handshake, device_key: bytes) -> Heard:
    try:
        found = open_bundle(
            bundle,
            ephemeral_key=ours.fresh.key,
            device_public_key=device_key,
            signed_data=ours.signed_data,
            signature=ours.signature,
        )
    except Forged:
        return Heard(outcome="forged")
    evidence: Evidence = "strong" if is_encrypted(bundle) else "weak"
    tokens = tuple(
        Token(
            "smarttap",
            each.number,
            evidence,
            {"collector_id": ours.collector.collector_id, "kind": each.kind, "oid": each.oid},
        )
        for each in found
        if each.number is not None
    )
    return Heard(tokens) if tokens else Heard(outcome="no_pass")


def _collector_id(collector: Collector) -> bytes:
    return collector.collector_id.to_bytes(4, "big")
