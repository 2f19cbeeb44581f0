"""The talk with Apple Wallet (VAS): one GET DATA for each pass type, and what its status words mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from drivers.codecs.dialogue import MORE, OK, Apdus, Damaged, Forged, Heard, WrongKey, command, get_response
from drivers.codecs.p256 import PrivateKey
from drivers.codecs.wallets import tlv, vas_cryptogram
from drivers.reader import Outcome, Token

VERSION: Final = b"\x01\x00"
VAS_POSSIBLE: Final = 0x08  # last byte of the phone's capabilities
GET_DATA: Final = bytes.fromhex("80ca0101")  # P2 01: the whole protocol, not the sign-up address only
SUPPORTED: Final = 0x80  # byte 1 of our capabilities
MORE_FOLLOW: Final = 0x80  # byte 3
VAS_OR_PAY, VAS_ONLY = 0, 2  # byte 3: only VAS_OR_PAY allows several GET DATA in one tap
TEMPLATE, CRYPTOGRAM = 0x70, 0x9F27
NONCE: Final = 4  # bytes; phones take any

# What a pass that was not given away means; every other status word is `unreadable`.
OUTCOMES: Final[dict[int, Outcome]] = {
    0x6287: "locked",  # not activated: Wallet opens, the customer unlocks
    0x6984: "choose_pass",  # the customer has to act in Wallet
    0x6A83: "no_pass",
    0x6100: "no_pass",  # nothing returned
}
# Of several pass types the first of these that came is told.
WORST_FIRST: Final[tuple[Outcome, ...]] = (
    *("forged", "locked", "choose_pass", "unreadable"),
    *("unknown_merchant", "no_pass"),
)


@dataclass(frozen=True, slots=True)
class Merchant:
    """One pass type and one key its passes may be made for; the same type may stand there with several keys."""

    pass_type_id: str
    private_key: PrivateKey = field(repr=False)


def mode(merchants: Sequence[Merchant]) -> int:
    """VAS_ONLY allows one pass type a tap; with several the phone is asked in VAS_OR_PAY."""
    return VAS_ONLY if len({each.pass_type_id for each in merchants}) == 1 else VAS_OR_PAY


def read(fci: bytes, merchants: Sequence[Merchant], *, nonce: bytes) -> Apdus[Heard]:
    """The tokens of all pass types, or the outcome in their place; raises Damaged. `nonce` has 4 bytes."""
    if tlv.value(fci, 0x9F21) != VERSION:
        raise Damaged("vas: another version")
    if not (tlv.value(fci, 0x9F23) or b"\0")[-1] & VAS_POSSIBLE:
        return Heard(outcome="no_pass")
    keys: dict[str, list[PrivateKey]] = {}
    for merchant in merchants:
        keys.setdefault(merchant.pass_type_id, []).append(merchant.private_key)
    tokens: list[Token] = []
    outcomes: list[Outcome] = []
    for number, pass_type_id in enumerate(keys, start=1):
        follow = MORE_FOLLOW if number < len(keys) else 0
        asked = request(pass_type_id, flags=mode(merchants) | follow, nonce=nonce)
        answer, status = yield asked
        if status >> 8 == MORE and status not in OUTCOMES:
            rest, status = yield from get_response(status)
            answer += rest
        found = _found(answer, status, pass_type_id, keys[pass_type_id])
        if isinstance(found, Token):
            tokens.append(found)
        else:
            outcomes.append(found)
    worst = next((each for each in WORST_FIRST if each in outcomes), None)
    return Heard(tuple(tokens)) if tokens else Heard(outcome=worst)


def request(pass_type_id: str, *, flags: int, nonce: bytes) -> bytes:
    """The GET DATA command for one pass type."""
    return command(
        GET_DATA,
        tlv.encode(0x9F22, VERSION)
        + tlv.encode(0x9F28, nonce)
        + tlv.encode(0x9F26, bytes([0, SUPPORTED, 0, flags]))
        + tlv.encode(0x9F25, sha256(pass_type_id.encode()).digest()),
    )


def _found(answer: bytes, status: int, pass_type_id: str, keys: Sequence[PrivateKey]) -> Token | Outcome:
    if status != OK:
        return OUTCOMES.get(status, "unreadable")
    try:
        cryptogram = tlv.value(answer, TEMPLATE, CRYPTOGRAM)
        message = None if cryptogram is None else _decrypt(cryptogram, pass_type_id, keys)
    except WrongKey:
        return "unknown_merchant"
    except Forged:
        return "forged"
    except Damaged:
        return "unreadable"
    if message is None or not message.text:
        return "unreadable"
    about = {"pass_type_id": pass_type_id, "signed_at": message.signed}
    return Token("vas", message.text, "strong", about, unique=message.unique)


def _decrypt(cryptogram: bytes, pass_type_id: str, keys: Sequence[PrivateKey]) -> vas_cryptogram.Message:
    """By the first key that fits: two keys may share the 4 bytes that name them."""
    error: Damaged = WrongKey("vas: made for another reader key")
    for key in keys:
        try:
            return vas_cryptogram.decrypt(cryptogram, pass_type_id, key)
        except WrongKey:
            continue
        except Damaged as raised:
            error = raised
    raise error
