"""Takes in the chains of looks, and says where one does not hold: a box's owner cannot rewrite who looked.

A break is kept and told, and nothing is refused for it: what the box says from there on is a branch of its own,
beside the lines that the hub held before.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.kit.sql import Connection
from edge.looks.rules import Line, link, reference, signed_text
from sync import wire
from sync.hub.tables import looks as tables
from sync.hub.tables.devices import Device
from sync.hub.tables.looks import Break, Head, Receipt
from sync.reports import LooksTold


class _Shown(msgspec.Struct):
    """What a `card_shown` says of its look; one of an earlier version has no colleague."""

    customer_id: wire.Hex16
    visit_id: wire.Hex16
    role: str
    purpose: str
    reason: str = ""
    staff_id: str = ""


def take(conn: Connection, device: Device, told: LooksTold, *, now_ms: int) -> Break | None:
    """Keep the lines that a device told; where its chain did not hold, None where it did."""
    held = tables.head(conn, device.id)
    lines, why, at = _read(told, device.public_key)
    last = told.first + len(lines) - 1
    if not why:
        known = tables.hashes(conn, device.id, held.branch, first=told.first - 1, last=last)
        why, at = _joins(held, told, lines, known, epoch=device.epoch)
    if not why:
        fresh = [each for each in lines if each[0].n > held.n]
        if fresh:
            tables.put(conn, device.id, held.branch, told=fresh)
            reached = Head(held.branch, last, lines[-1][1], device.epoch)
            tables.put_head(conn, device.id, reached, sig=told.sig, now_ms=now_ms)
        return None
    branch = held.branch + 1
    tables.put(conn, device.id, branch, told=lines)
    reached = Head(branch, last, bytes.fromhex(told.head), device.epoch)
    tables.put_head(conn, device.id, reached, sig=told.sig, now_ms=now_ms)
    broken = Break(device.id, branch, at, why, now_ms)
    tables.put_break(conn, broken)
    return broken


def receipts(conn: Connection, shown: Sequence[bytes]) -> list[Receipt | None]:
    """For each body of a `card_shown` its line in the chain, None where the box has not told it yet."""
    references = [reference_of(body) for body in shown]
    found = tables.by_reference(conn, [each for each in references if each])
    return [found.get(each) for each in references]


def reference_of(body: bytes) -> str:
    """`customer_ref` of the line of a `card_shown`; empty where the body does not say whose it is."""
    try:
        shown = wire.decode_as(body, _Shown)
    except wire.Malformed:
        return ""
    return reference(
        bytes.fromhex(shown.customer_id),
        bytes.fromhex(shown.visit_id),
        role=shown.role,
        purpose=shown.purpose,
        reason=shown.reason,
        staff=shown.staff_id,
    )


def _read(told: LooksTold, public_key: bytes) -> tuple[list[tuple[Line, bytes]], str, int]:
    """The lines with their hashes, worked out anew; what is wrong in themselves, and at which line."""
    previous, why, at = bytes.fromhex(told.prev), "", 0
    lines = []
    for place, said in enumerate(told.lines):
        line = Line(*said)
        if line.n != told.first + place and not why:
            why, at = "missing", told.first + place
        line = line._replace(n=told.first + place)
        previous = link(previous, line)
        lines.append((line, previous))
    if previous.hex() != told.head and not why:
        why, at = "changed", told.first
    if not why and not _signed(told, lines[-1][0].n, public_key):
        why, at = "unsigned", told.first
    return lines, why, at


def _joins(
    held: Head,
    told: LooksTold,
    lines: Sequence[tuple[Line, bytes]],
    known: dict[int, bytes],
    *,
    epoch: int,
) -> tuple[str, int]:
    """Whether the lines go on where the hub's end, or are those it holds; else why not, and from which line."""
    if told.first > held.n + 1:
        return "missing", held.n + 1
    another = "restored" if epoch > held.epoch else "changed"
    before = held.hash if told.first == held.n + 1 else known.get(told.first - 1)
    if before is not None and before.hex() != told.prev:
        return another, told.first - 1
    for line, hash_ in lines:
        if line.n in known and known[line.n] != hash_:
            return another, line.n
    return "", 0


def _signed(told: LooksTold, n: int, public_key: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(b64decode(told.sig, validate=True), signed_text(n, bytes.fromhex(told.head)))
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return True
