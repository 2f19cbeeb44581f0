"""From a token to a credential, and what a presentation means. Pure; the hub computes the same.

A credential at rest is `HMAC(shop_key, HMAC(chain_key, kind ‖ 0 ‖ value))`: the hub keeps the inner value and
sends each shop the outer one, so that two shops' files cannot be joined and no card number is at rest.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

from edge.kit.keyed import keyed
from edge.kit.text import has_controls
from edge.recognition.evidence import WEAK, Proof

CredentialKind = Literal["number", "uid", "pass"]

# What was printed, put in a pass or written on a tag is one number, whichever way it was read; the strength
# of the proof travels beside it as evidence. A GTIN names a product and an EID a device: neither is a person.
CREDENTIAL_KINDS: Final[dict[str, CredentialKind]] = {
    "barcode": "number",
    "qr": "number",
    "ndef": "number",
    "vas": "number",
    "smarttap": "number",
    "hce": "number",
    "vendor": "number",
    "uid": "uid",
    "sun": "uid",
    # A pass whose code changes (rotating.py): its name alone, printed or typed, is nobody's.
    "pass": "pass",
}
MAX_VALUE_BYTES: Final = 1024
_UID: Final = re.compile(rb"(?!08.{6}$)(?:[0-9a-f]{2}){4,10}")


def normalise(kind: CredentialKind, value: str) -> bytes | None:
    """The bytes a credential is made of, or None for what cannot be one (empty, or over 1 KiB)."""
    text = unicodedata.normalize("NFC", value).strip()
    if kind == "uid":
        text = text.lower().replace(":", "")
    encoded = text.encode("utf-8", "replace")
    return encoded if 0 < len(encoded) <= MAX_VALUE_BYTES else None


def is_read(kind: CredentialKind, normal: bytes) -> bool:
    """Whether a reader ever says this, normalised, of one and the same card.

    A UID of 4 bytes that begins with 08 is new at each tap (ISO/IEC 14443-3, 6.5.4); a number is one line of text, in
    which FNC1 stands as GS.
    """
    if kind == "uid":
        return bool(_UID.fullmatch(normal))
    return not has_controls(normal.decode().replace("\x1d", ""))


def inner(chain_key: bytes, kind: CredentialKind, value: bytes) -> bytes:
    """What the hub keeps of a credential, 32 bytes."""
    return keyed(chain_key, kind.encode() + b"\0" + value)


def outer(shop_key: bytes, inner_hash: bytes) -> bytes:
    """What one shop keeps of a credential, 32 bytes."""
    return keyed(shop_key, inner_hash)


@dataclass(frozen=True, slots=True)
class Hashes:
    """Both hashes of one credential: what the hub would keep of it, and what this shop would; and what it is."""

    inner: bytes = field(repr=False)
    outer: bytes = field(repr=False)
    kind: str = ""


def hashes(chain_key: bytes, shop_key: bytes, token_kind: str, value: str) -> Hashes | None:
    """The hashes of a token, or None where a token of this kind or value is no person's credential."""
    kind = CREDENTIAL_KINDS.get(token_kind)
    if kind is None:
        return None
    normal = normalise(kind, value)
    if normal is None:
        return None
    inner_hash = inner(chain_key, kind, normal)
    return Hashes(inner_hash, outer(shop_key, inner_hash), token_kind)


def credential(chain_key: bytes, shop_key: bytes, token_kind: str, value: str) -> bytes | None:
    """The shop's hash of a token, or None where a token of this kind or value is no person's credential."""
    made = hashes(chain_key, shop_key, token_kind, value)
    return None if made is None else made.outer


# One hold of a card shows up as several reads on readers that repeat themselves; two people never tap the
# same card within this time. Must stay below the 5 s in which a re-plugged reader has to recognise again.
SAME_TAP_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class LastSeen:
    reader: str
    at_ms: int
    proof: Proof = WEAK


def is_repeat(last: LastSeen | None, *, reader: str, at_ms: int, proof: Proof = WEAK) -> bool:
    """Whether a presentation is the same hold of the same card at the same reader, and proves nothing else."""
    return (
        last is not None
        and last.reader == reader
        and 0 <= at_ms - last.at_ms < SAME_TAP_MS
        and proof in (last.proof, WEAK)
    )


@dataclass(frozen=True, slots=True)
class Recognised:
    """Someone who wants to be recognised."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody here; nothing about them is written."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Someone of ours who does not want to be recognised, or whose card is blocked.

    Nothing is written of it but what `marks` needs so that no proof works twice; of a blocked card nothing at all.
    """

    why: Literal["no_basis", "blocked"]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same hold of the same card: nothing new happened."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A proof that was there before: nothing is opened."""


Recognition = Recognised | Stranger | Withheld | Repeat | Replayed


@dataclass(frozen=True, slots=True)
class Found:
    """What the tables say about one credential at one instant."""

    customer_id: bytes
    blocked: bool
    may_recognise: bool


def recognise(found: Found | None) -> Recognition:
    """The meaning of what was gathered."""
    if found is None:
        return Stranger()
    if found.blocked:
        return Withheld("blocked")
    return Recognised() if found.may_recognise else Withheld("no_basis")
