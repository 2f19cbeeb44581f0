"""What a line of the chain of looks is, and how the chain is checked. Pure; the same on the appliance and at the hub.

    hash = SHA-256(previous hash ‖ canonical line)

The canonical line is JSON (RFC 8259, UTF-8, no spaces): the array of the fields of `Line` in their order, hashes and
ids in lower hex. The first line chains to 32 bytes of nought.

A line says of the customer only `customer_ref`: an HMAC that is another for each line, keyed by the customer's id and
said over the visit's. Who has both ids can tell that a line is about this customer. An erasure destroys both, here
and at the hub: then no two lines can be told to be about one person, and the chain holds as before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from edge.consent.rules import TRAITS, Role, traits_for, traits_of
from edge.kit.keyed import keyed_once

GENESIS: Final = bytes(32)
REF_BYTES: Final = 16
# Lines of one fact: some 40 kB of the 64 that one fact may have on the wire.
MOST_LINES: Final = 150
_JSON: Final = msgspec.json.Encoder()


class Line(NamedTuple):
    """One look: who of the staff (empty: every tablet of that role, by a tap), on which tablet, at what and why."""

    n: int  # dense from 1
    at_ms: int
    role: str
    staff: str  # their id, hex; empty: the card came up on all tablets of the role
    device: str  # the tablet: the beginning of its token's hash, hex; empty likewise
    customer_ref: str  # hex
    purpose: str
    fields: str  # names of traits with a space between
    reason: str  # empty: a glance; else what somebody chose


def link(previous: bytes, line: Line) -> bytes:
    """The chain up to and with `line`."""
    return sha256(previous + canonical(line)).digest()


def canonical(line: Line) -> bytes:
    return _JSON.encode(tuple(line))


def reference(
    customer_id: bytes, visit_id: bytes, *, role: str, purpose: str, reason: str, staff: str
) -> str:
    """`customer_ref` of the one line that a visit has for this role, purpose, reason and colleague."""
    about = _JSON.encode((visit_id.hex(), role, purpose, reason, staff))
    return keyed_once(customer_id, b"welkom-look\n" + about)[:REF_BYTES].hex()


@cache
def fields_of(role: Role, purpose: str, reason: str) -> str:
    """What is shown to a role for a purpose: at a glance the card, with a reason all that the purpose allows."""
    if purpose in ("location", "finding"):
        return "zone"
    glance = purpose == "recognition" and not reason
    names = traits_for(role) if glance else traits_of(role)
    return " ".join(name for name in names if glance or TRAITS[name].purpose == purpose)


def signed_text(n: int, head: bytes) -> bytes:
    """What a box signs with its Ed25519 key: the number of its last line, and the chain up to it."""
    return f"welkom-looks\n{n}|{head.hex()}".encode()


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain breaks first: `missing` (a number is not there), `changed` (the hash is of another line, or it
    chains to another), `cut` (it ends before the head)."""

    n: int
    why: str


def verify(
    lines: Iterable[tuple[Line, bytes, bytes]], *, before: int, start: bytes, last: int, head: bytes
) -> Broken | None:
    """The first break of the lines (each with `prev` and hash) after line `before`, whose hash is `start`.

    `last` and `head` are the number and hash at which the chain is known to end.
    """
    n, previous = before, start
    for line, prev, hash_ in lines:
        n += 1
        if line.n != n:
            return Broken(n, "missing")
        if prev != previous or link(previous, line) != hash_:
            return Broken(n, "changed")
        previous = hash_
    if n < last:
        return Broken(n + 1, "cut")
    return None if (n, previous) == (last, head) else Broken(n, "changed")
