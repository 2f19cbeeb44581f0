"""Enrolment: a box with a key of its own and a single-use code becomes the voice of its shop.

The code (128 bits) is carried by people and never goes over the line: the box proves that it has it by a MAC over
what it asks, and what the hub gives comes under a key of an X25519 exchange salted with it. Who ends TLS between
can neither put in a key of their own nor read the shop's.

A box that has worked keeps its shop's keys, and says so. A hub that was put back from a backup older than the shop
asks for them, and gets them the same way.
"""

import hmac
import secrets
from base64 import b32decode, b32encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta, Struct

from sync.wire import SCHEMA, Count, Hex16, Hex32, Malformed, Name, Seq, decode_as

ENROL_PATH: Final = "/sync/v1/enrol"
CODE_BYTES: Final = 16
CODE_MS: Final = 15 * 60_000
_NONCE: Final = bytes(12)  # of what the hub says: a key is used for one message of either side
_KEPT_NONCE: Final = bytes(11) + b"\1"


def new_code() -> str:
    """A code as people read it out: seven groups of four letters and digits, without 0, 1, 8 and 9."""
    text = b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def code_of(text: str) -> bytes | None:
    """The bytes of a code however it was typed; None for what is none."""
    letters = "".join(each for each in text.upper() if each.isalnum())
    try:
        code = b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        return None
    return code if len(code) == CODE_BYTES else None


class Asked(Struct, frozen=True, kw_only=True):
    """What a box asks, as JSON under the name of its new key. `epoch` is the highest it ever wrote under.

    `code` is the id of the code; `exchange` the box's half of an X25519 exchange (hex); `mac` HMAC-SHA-256 under it.
    A box that has worked adds `keeps`, an HMAC-SHA-256 under the code of the keys it has worked with, and where the
    hub asked for them (`Wanted`) `kept`: `ShopKeys`, sealed (hex). Older boxes and hubs know neither.
    """

    schema: Seq = SCHEMA
    code: Hex16
    device: Name
    shop: Name
    public_key: Hex32
    exchange: Hex32
    epoch: Seq
    mac: Hex32
    keeps: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")] = ""
    kept: Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){0,512}$(?!\n)")] = ""


class ShopKeys(Struct, frozen=True, kw_only=True):
    """The keys that a box has worked with."""

    shop_key: Hex32
    chain_key: Hex32


class Wanted(Struct, frozen=True, kw_only=True, tag_field="wanted", tag="keys"):
    """What the hub seals instead of `Membership` where it has nothing of the shop: the box is to say its keys."""


class Given(Struct, frozen=True, kw_only=True):
    """The hub's answer: its half of the exchange, and `Membership`, or `Wanted`, sealed (hex)."""

    schema: Seq = SCHEMA
    exchange: Hex32
    sealed: Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){1,4096}$(?!\n)")]
    hub_time_ms: Count


class Membership(Struct, frozen=True, kw_only=True):
    """What makes a box the voice of its shop: its epoch, the shop's keys, and the keys of the hub to believe."""

    device: Name
    shop: Name
    epoch: Seq
    shop_key: Hex32
    chain_key: Hex32
    hub_keys: Annotated[list[Hex32], Meta(min_length=2, max_length=2)]
    hub_epoch: Seq


@dataclass(frozen=True, slots=True)
class Exchange:
    """The box's side while it asks."""

    code: bytes = field(repr=False)
    key: X25519PrivateKey = field(repr=False)

    def ask(
        self, *, device: str, shop: str, public_key: bytes, epoch: int, keeps: ShopKeys | None = None
    ) -> Asked:
        """`keeps`: the keys of a box that has worked."""
        asked = Asked(
            code=code_id(self.code),
            device=device,
            shop=shop,
            public_key=public_key.hex(),
            exchange=self.key.public_key().public_bytes_raw().hex(),
            epoch=epoch,
            mac="00" * 32,
        )
        mac = _mac(self.code, asked)
        return msgspec.structs.replace(asked, mac=mac, keeps=_keeps(self.code, mac, keeps) if keeps else "")

    def keep(self, asked: Asked, wanted: Given, keys: ShopKeys) -> Asked:
        """The same question with the keys that the hub `wanted`."""
        key = _key(self.code, self.key, wanted.exchange)
        sealed = AESGCM(key).encrypt(_KEPT_NONCE, msgspec.json.encode(keys), ENROL_PATH.encode())
        return msgspec.structs.replace(asked, kept=sealed.hex())

    def open(self, given: Given) -> Membership | Wanted:
        """What the hub gave; raises Malformed NOT_THE_HUB for what was not sealed for this box and code."""
        key = _key(self.code, self.key, given.exchange)
        try:
            plain = AESGCM(key).decrypt(_NONCE, bytes.fromhex(given.sealed), ENROL_PATH.encode())
        except InvalidTag:
            raise Malformed(
                "the answer does not come from the hub that made the code",
                code="NOT_THE_HUB",
                hint="see what stands between this box and the hub, and ask for another code",
            ) from None
        return Wanted() if plain == msgspec.json.encode(Wanted()) else decode_as(plain, Membership)


def exchange(code: bytes) -> Exchange:
    return Exchange(code, X25519PrivateKey.generate())


def code_id(code: bytes) -> str:
    """How a code is named on the line and at rest; it cannot be told back from it."""
    return sha256(b"welkom-enrol|" + code).hexdigest()[:32]


def proves(asked: Asked, code: bytes) -> bool:
    """Whether whoever asks has the code."""
    return hmac.compare_digest(asked.mac, _mac(code, asked))


def keeps(asked: Asked, code: bytes, keys: ShopKeys) -> bool:
    """Whether these are the keys that the box has worked with, or it has not worked yet (or does not say)."""
    return not asked.keeps or hmac.compare_digest(asked.keeps, _keeps(code, asked.mac, keys))


def kept(code: bytes, asked: Asked, ours: X25519PrivateKey) -> ShopKeys:
    """The keys that the box says it has worked with, to the hub's question by `ours`; raises Malformed."""
    try:
        sealed = bytes.fromhex(asked.kept)
        plain = AESGCM(_key(code, ours, asked.exchange)).decrypt(_KEPT_NONCE, sealed, ENROL_PATH.encode())
    except (InvalidTag, ValueError):
        raise Malformed(
            "the keys are not sealed for this", code="MALFORMED", hint="use the code again"
        ) from None
    return decode_as(plain, ShopKeys)


def asking(secret: bytes, code: bytes) -> X25519PrivateKey:
    """The hub's half where it wants keys: the same each time it is asked with this code, and kept nowhere."""
    derived = HKDF(SHA256(), length=32, salt=code, info=b"welkom-enrol-wanted").derive(secret)
    return X25519PrivateKey.from_private_bytes(derived)


def want(code: bytes, asked: Asked, ours: X25519PrivateKey, *, now_ms: int) -> Given:
    """Ask the box for the keys that it has worked with."""
    return _sealed(code, asked, Wanted(), ours, now_ms=now_ms)


def give(code: bytes, asked: Asked, membership: Membership, *, now_ms: int) -> Given:
    """`membership` sealed for the box that asked."""
    return _sealed(code, asked, membership, X25519PrivateKey.generate(), now_ms=now_ms)


def _sealed(
    code: bytes, asked: Asked, what: Membership | Wanted, ours: X25519PrivateKey, *, now_ms: int
) -> Given:
    key = _key(code, ours, asked.exchange)
    sealed = AESGCM(key).encrypt(_NONCE, msgspec.json.encode(what), ENROL_PATH.encode())
    exchange = ours.public_key().public_bytes_raw().hex()
    return Given(exchange=exchange, sealed=sealed.hex(), hub_time_ms=now_ms)


def encode(message: Asked | Given) -> bytes:
    return msgspec.json.encode(message)


def _mac(code: bytes, asked: Asked) -> str:
    said = f"{asked.code}|{asked.device}|{asked.shop}|{asked.public_key}|{asked.exchange}|{asked.epoch}"
    return hmac.digest(code, said.encode(), sha256).hex()


def _keeps(code: bytes, mac: str, keys: ShopKeys) -> str:
    return hmac.digest(code, f"keeps|{mac}|{keys.shop_key}|{keys.chain_key}".encode(), sha256).hex()


def _key(code: bytes, ours: X25519PrivateKey, theirs: str) -> bytes:
    try:
        shared = ours.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(theirs)))
    except ValueError:
        raise Malformed("the exchange is no key", code="MALFORMED", hint="ask for another code") from None
    return HKDF(SHA256(), length=32, salt=code, info=b"welkom-enrol").derive(shared)
