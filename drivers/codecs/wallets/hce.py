"""The talk with the shop's own app on Android (host card emulation); the contract fixes every byte of it.

The phone carries a certificate of its key, so the appliance stores the issuer's public key and nothing secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.dialogue import OK, Apdus, Damaged, Heard, command, select, whole
from drivers.codecs.p256 import COMPRESSED, PublicKey, public_key, verifies
from drivers.reader import Token

VERSION: Final = 2
KEY_ID, NONCE = 4, 16  # bytes
CHALLENGE: Final = bytes.fromhex("80100000")
CERTIFICATE, PROOF = b"hce-cert1", b"hce2"


@dataclass(frozen=True, slots=True)
class Issuer:
    """One app by its application name, and one key its members' certificates may be signed with."""

    aid: bytes
    public_key: PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    member_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    issuer_signature: bytes = field(repr=False)
    proof: bytes = field(repr=False)


def read(issuers: Sequence[Issuer], *, nonce: bytes) -> Apdus[Heard | None]:
    """The member's token, or `forged`; None for a phone without such an app. Raises Damaged.

    `nonce` is 16 bytes that were never used before: an answer to another one is `forged`.
    """
    for aid in dict.fromkeys(each.aid for each in issuers):
        selected, status = yield from whole(select(aid))
        if status != OK:
            continue
        if len(selected) != 1 + KEY_ID + NONCE or selected[0] != VERSION:
            raise Damaged("hce: another version")
        key_id, card_nonce = selected[1 : 1 + KEY_ID], selected[1 + KEY_ID :]
        shown, status = yield from whole(command(CHALLENGE, nonce))
        if status != OK:
            return Heard(outcome="unreadable")
        answer = _parse(shown)
        card_key = public_key(answer.public_key)
        certified = CERTIFICATE + key_id + answer.public_key + answer.member_id
        proven = PROOF + aid + card_nonce + nonce + answer.member_id
        is_certified = any(
            verifies(each.public_key, answer.issuer_signature, certified)
            for each in issuers
            if each.aid == aid
        )
        if not is_certified or not verifies(card_key, answer.proof, proven):
            return Heard(outcome="forged")
        return Heard((Token("hce", _member(answer.member_id), "strong", {"key_id": key_id.hex()}),))
    return None


def _parse(shown: bytes) -> _Answer:
    member_id, rest = _sized(shown)
    point, rest = rest[:COMPRESSED], rest[COMPRESSED:]
    issuer_signature, rest = _sized(rest)
    proof, rest = _sized(rest)
    if rest:
        raise Damaged("hce: an answer is longer than it says")
    return _Answer(member_id, point, issuer_signature, proof)


def _sized(data: bytes) -> tuple[bytes, bytes]:
    if not data or not 0 < data[0] < len(data):
        raise Damaged("hce: an answer is shorter than it says")
    return data[1 : 1 + data[0]], data[1 + data[0] :]


def _member(member_id: bytes) -> str:
    try:
        return member_id.decode()
    except UnicodeDecodeError:
        raise Damaged("hce: the member id is not UTF-8") from None
