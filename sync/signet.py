"""What the hub says under its own signature, so that nobody between it and a shop can say it instead.

Ed25519 over the place and the content: TLS ends at proxies, and an erasure or a price must come from the hub itself.
A shop pins two keys, the current and the next. Only the next may bring a new one after it, so whoever takes the
current key cannot choose its successor.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.wire import Malformed, Page, Signed

Place = Literal["checkpoint", "manifest"]
_HINT: Final = (
    "if headquarters' key was replaced, enrol this box again; else something on the line poses as the hub"
)


def public_of(key: Ed25519PrivateKey) -> str:
    """The public half, hex."""
    return key.public_key().public_bytes_raw().hex()


def key_id(public: str) -> str:
    """How a public key (hex) is named beside a signature."""
    return sha256(bytes.fromhex(public)).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, place: Place, content: bytes) -> Signed:
    """`content` under the hub's key; a signature for one place is none for another."""
    signature = b64encode(key.sign(_base(place, content))).decode()
    return Signed(content, key_id(public_of(key)), signature)


def verify(pins: Sequence[str], place: Place, signed: Signed) -> str:
    """Which of the public keys (hex) signed it; raises Malformed NOT_THE_HUB when none did."""
    for public in pins:
        if key_id(public) != signed.key:
            continue
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
            key.verify(b64decode(signed.sig, validate=True), _base(place, signed.content))
        except (InvalidSignature, NotBase64, ValueError):
            break
        return public
    raise Malformed("this is not signed by the hub that this box knows", code="NOT_THE_HUB", hint=_HINT)


def vouched(page: Page, pins: Sequence[str]) -> tuple[str, ...]:
    """The keys to pin after this page; raises Malformed unless it is the pinned hub's.

    `pins` are (current, next), or none for a box that meets its hub for the first time and believes it once. A hub
    of an earlier version does not sign; it is believed only as long as nothing is pinned.
    """
    said = tuple(page.checkpoint.keys)
    if not pins and not said:
        return ()
    signer = verify(pins or said[:1], "checkpoint", page.signed)
    expected = tuple(pins) if pins and signer == pins[0] else (signer, *said[1:])
    if said != expected or len(said) != 2:
        raise Malformed("the hub names other keys than it may", code="NOT_THE_HUB", hint=_HINT)
    return said


def _base(place: Place, content: bytes) -> bytes:
    return b"welkom-" + place.encode() + b"\n" + content
