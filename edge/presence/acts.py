"""What happens to customers' devices: a fob is given, or taken back. Each runs whole in one transaction."""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from sqlite3 import Connection
from typing import Final

from drivers.codecs.printed.fob import Fob
from edge.consent import acts as consent
from edge.consent.facts import ConsentGiven
from edge.consent.records import Said
from edge.consent.rules import may_ask
from edge.presence import beacons
from edge.presence.devices import EXPONENTS, ID, Device
from edge.recognition import tables as recognition
from edge.staff.deeds import Doer, note

# More than a person carries; a customer with more is a mistake or somebody who collects keys.
MOST_FOBS: Final = 5


def device_id(fob: Fob, *, shop_key: bytes) -> bytes:
    """What sightings call it: of one key always the same, so that no key is enrolled twice, and no way back to it."""
    return hmac.digest(shop_key, b"beacon|" + fob.identity_key, sha256)[:ID]


def is_usable(fob: Fob) -> bool:
    """Whether it rotates as often as a customer's device has to, and no oftener than this box keeps up with."""
    return fob.exponent in EXPONENTS


def give(
    conn: Connection,
    fob: Fob,
    *,
    customer_id: bytes,
    shop_key: bytes,
    kek: bytes,
    purposes: Sequence[str],
    until_ms: int | None,
    doer: Doer,
    visit_id: bytes,
    recipient: str,
    now_ms: int,
    said: Mapping[str, Said] | None = None,
) -> list[ConsentGiven]:
    """A fob becomes this customer's, with their yes to `purposes` (being located, perhaps found) until `until_ms`.

    Nothing is written where it is anybody's already, where they may not be recognised, are under sixteen, or have too
    many; no fact where the yes held before. What became of it `beacons.of_customer` says.
    """
    id_ = device_id(fob, shop_key=shop_key)
    wrapped = beacons.wrapped_key(conn, customer_id)
    if (
        wrapped is None
        or not is_usable(fob)
        or beacons.is_anybodys(conn, id_)
        or beacons.is_the_shops(conn, id_)
        or len(beacons.of_customer(conn, customer_id)) >= MOST_FOBS
        or not all(may_ask(each, minor=recognition.is_minor(conn, customer_id)) for each in purposes)
        or not recognition.may_recognise(conn, customer_id, recipient=recipient, now_ms=now_ms)
    ):
        return []
    device = Device(id_.hex(), fob.identity_key, fob.exponent, fob.epoch_s)
    beacons.give(conn, device, customer_id=customer_id, wrapped=wrapped, kek=kek, now_ms=now_ms)
    note(conn, doer, what="fob_given", visit_id=visit_id, now_ms=now_ms)
    return [
        fact
        for purpose in purposes
        for fact in consent.give(
            conn,
            customer_id,
            purpose=purpose,
            recipient=recipient,
            until_ms=until_ms,
            staff_id=doer.staff_id,
            now_ms=now_ms,
            said=(said or {}).get(purpose),
        )
    ]


def take_back(
    conn: Connection, id_: bytes, *, customer_id: bytes, doer: Doer, visit_id: bytes, now_ms: int
) -> bool:
    """The fob is nobody's from now on; False where it was not this customer's. Their yes stays theirs to withdraw."""
    if id_ not in beacons.of_customer(conn, customer_id):
        return False
    beacons.drop(conn, [id_])
    note(conn, doer, what="fob_taken_back", visit_id=visit_id, now_ms=now_ms)
    return True
