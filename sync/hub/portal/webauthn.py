"""Passkeys: what a phone proves when its owner unlocks it (W3C Web Authentication, Level 2).

No attestation is asked for: which make of authenticator somebody has is none of our business, and nothing is decided
by it. So a registration is the authenticator data alone, in which the key stands as CTAP2 canonical CBOR, and for the
three algorithms that phones and computers use that is a fixed row of bytes around the key: no CBOR parser meets what
a stranger sent. A challenge is made of chance, an end and our own MAC; it is remembered only once it was answered.
"""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.kit import base64url
from edge.kit.base64url import encode
from sync.hub.problem import Refusal

CHALLENGE_MS: Final = 5 * 60_000
# COSE algorithm (RFC 9053) by which a phone may sign, in the order we like them.
ALGORITHMS: Final = (-7, -8, -257)
MOST_ID: Final = 1023  # bytes (section 4, credential id)
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
_HEAD: Final = 37  # hash of the relying party, flags, counter (section 6.1)
_AAGUID: Final = 16
_RANDOM, _END, _MAC = 16, 8, 16
Kind = Literal["webauthn.create", "webauthn.get"]
PublicKey = ec.EllipticCurvePublicKey | Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Relying:
    """The page that passkeys are for: one origin, and its host name. `key` makes challenges."""

    origin: str
    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey."""

    id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)  # SubjectPublicKeyInfo, DER
    count: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A challenge that was answered: its hash, to be remembered until it is over."""

    challenge_hash: bytes
    until_ms: int


class _Client(msgspec.Struct, rename="camel"):
    """CollectedClientData (section 5.8.1), as far as it is looked at."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False


def challenge(relying: Relying, context: bytes, *, now_ms: int) -> str:
    """A challenge for one `context` (whose page, or the door), good for five minutes."""
    head = os.urandom(_RANDOM) + (now_ms + CHALLENGE_MS).to_bytes(_END, "big")
    return encode(head + _mac(relying, head, context))


def registered(
    relying: Relying, sent: Mapping[str, str], *, context: bytes, now_ms: int
) -> tuple[Passkey, Answered]:
    """A new passkey out of what the browser sent (section 7.1); raises Refusal BAD_PASSKEY."""
    answered = _client(relying, sent, "webauthn.create", context=context, now_ms=now_ms)[1]
    data = _data(relying, decode(sent.get("data", "")), need=_ATTESTED)
    rest = data[_HEAD + _AAGUID :]
    size = int.from_bytes(rest[:2], "big")
    id_, cose = rest[2 : 2 + size], rest[2 + size :]
    if not 0 < size <= MOST_ID or len(id_) != size or id_ != decode(sent.get("id", "")):
        raise bad("the credential id is not that of the data")
    der = _key(cose).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Passkey(id_, der, int.from_bytes(data[33:_HEAD], "big")), answered


def proven(
    relying: Relying, sent: Mapping[str, str], passkey: Passkey, *, context: bytes, now_ms: int
) -> tuple[int, Answered]:
    """The counter after a proof by this passkey (section 7.2); raises Refusal BAD_PASSKEY."""
    client, answered = _client(relying, sent, "webauthn.get", context=context, now_ms=now_ms)
    data = _data(relying, decode(sent.get("data", "")), need=0)
    try:
        key = serialization.load_der_public_key(passkey.public_key)
        _verify(key, decode(sent.get("signature", "")), data + sha256(client).digest())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise bad("the signature is not of this passkey") from None
    count = int.from_bytes(data[33:_HEAD], "big")
    if (count or passkey.count) and count <= passkey.count:
        raise bad("the counter went back: the passkey was copied")
    return count, answered


def decode(text: str) -> bytes:
    """Unpadded base64url (section 2, RFC 7515), in its one spelling; raises Refusal for anything else."""
    try:
        return base64url.decode(text)
    except ValueError:
        raise bad("not base64url") from None


def bad(why: str) -> Refusal:
    return Refusal(why, code="BAD_PASSKEY", hint="try again, or ask for a link or a code", status=403)


def _client(
    relying: Relying, sent: Mapping[str, str], kind: Kind, *, context: bytes, now_ms: int
) -> tuple[bytes, Answered]:
    raw = decode(sent.get("client", ""))
    try:
        client = msgspec.json.decode(raw, type=_Client)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise bad("the client data is none") from None
    if client.type != kind or client.origin != relying.origin or client.cross_origin:
        raise bad("the client data is of another page or act")
    given = decode(client.challenge)
    head, mac = given[: _RANDOM + _END], given[_RANDOM + _END :]
    until_ms = int.from_bytes(head[_RANDOM:], "big")
    if not hmac.compare_digest(mac, _mac(relying, head, context)) or until_ms <= now_ms:
        raise bad("the challenge is not ours, or over")
    return raw, Answered(sha256(given).digest(), until_ms)


def _data(relying: Relying, data: bytes, *, need: int) -> bytes:
    need |= _PRESENT | _VERIFIED
    if len(data) < _HEAD or data[:32] != sha256(relying.id.encode()).digest() or data[32] & need != need:
        raise bad("not for this page, or nobody unlocked the phone")
    return data


def _mac(relying: Relying, head: bytes, context: bytes) -> bytes:
    return hmac.digest(relying.key, head + context, sha256)[:_MAC]


def _key(cose: bytes) -> PublicKey:
    """The key in a COSE_Key (RFC 9053, sections 7.1, 7.2; RFC 8230, section 4) of one of the three algorithms."""
    es256, eddsa, rs256 = (
        bytes.fromhex(each)
        for each in ("a5010203262001215820", "a4010103272006215820", "a401030339010020590100")
    )
    try:
        if cose.startswith(es256) and cose[42:45] == b"\x22\x58\x20" and len(cose) >= 77:
            x, y = int.from_bytes(cose[10:42], "big"), int.from_bytes(cose[45:77], "big")
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if cose.startswith(eddsa) and len(cose) >= 42:
            return Ed25519PublicKey.from_public_bytes(cose[10:42])
        if cose.startswith(rs256) and cose[267:272] == b"\x21\x43\x01\x00\x01":
            return rsa.RSAPublicNumbers(65537, int.from_bytes(cose[11:267], "big")).public_key()
    except (ValueError, UnsupportedAlgorithm):
        pass
    raise bad("the key is of no algorithm that was asked for")


def _verify(key: PublicKey, signature: bytes, content: bytes) -> None:
    match key:
        case ec.EllipticCurvePublicKey():
            key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        case Ed25519PublicKey():
            key.verify(signature, content)
        case rsa.RSAPublicKey():
            key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
        case _:
            raise InvalidSignature
