"""A shop's receipt: everything that was taken away up to a cursor of its urgent partition is gone there too."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from sync.wire import Count, Name, Seq

RECEIPT_PATH: Final = "/sync/v1/receipt"


class Receipt(Struct, frozen=True, kw_only=True):
    """`sig` (base64) is the device's Ed25519 over `welkom-receipt`, a line feed and `part|cursor|device|epoch`.

    It is kept beside what it says: evidence that outlives the request it came in.
    """

    part: Name
    cursor: Count
    device: Name
    epoch: Seq
    sig: Annotated[str, Meta(max_length=128)] = ""


def signed(receipt: Receipt, key: Ed25519PrivateKey) -> Receipt:
    return msgspec.structs.replace(receipt, sig=b64encode(key.sign(_base(receipt))).decode())


def holds(receipt: Receipt, public_key: bytes) -> bool:
    """Whether the device with this key (32 bytes) signed it."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(b64decode(receipt.sig, validate=True), _base(receipt))
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return True


def encode(receipt: Receipt) -> bytes:
    return msgspec.json.encode(receipt)


def _base(receipt: Receipt) -> bytes:
    said = f"{receipt.part}|{receipt.cursor}|{receipt.device}|{receipt.epoch}"
    return b"welkom-receipt\n" + said.encode()
