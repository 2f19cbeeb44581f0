"""What people did, in a shop and at the hub, and what must have come of it once everything has been said."""

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Any, Final

import msgspec

from edge.outbox import BLANK
from edge.recognition.rules import outer
from edge.simulate.box import RECIPIENT, Box
from edge.simulate.centre import KEYS, Done
from sync import receipt as receipts
from sync.hub import people
from sync.hub import receipts as at_hub
from sync.hub.tables import devices

Broken = tuple[str, str]  # an invariant, and what does not hold
Customers = set[bytes]

_IN_SHOPS: Final = """
    SELECT kind, body FROM event WHERE device_id=? AND code IS NULL AND body<>?
    AND kind IN ('credential_blocked', 'credential_bound', 'consent_withdrawn', 'consent_given')"""
# A yes is of one generation more than what it was said to. Where that had been stopped it has to have said so.
_ON_A_STOP: Final = """
    SELECT c.customer_id, c.purpose, c.gen FROM consent AS c JOIN consent_event AS e
        ON e.customer_id=c.customer_id AND e.purpose=c.purpose AND e.recipient=c.recipient
        AND e.gen=c.gen-1 AND e.granted=0
    WHERE c.state='given' AND c.basis='consent' AND NOT EXISTS (
        SELECT 1 FROM consent_event AS y WHERE y.customer_id=c.customer_id AND y.purpose=c.purpose
        AND y.recipient=c.recipient AND y.gen=c.gen AND y.granted=1 AND y.shop_id='')"""


def came_of_it(
    hub: Connection, done: Done, boxes: list[Box], known: Customers, contested: set[str]
) -> Iterator[Broken]:
    """What was said at the hub, and what it took in from shops, holds there; the shops are compared with that (I3).

    `contested`: cards that two customers were said to have.
    """
    registers: dict[tuple[bytes, str], tuple[int, str]] = {
        (customer_id, purpose): (gen, state)
        for customer_id, purpose, gen, state in hub.execute(
            "SELECT customer_id, purpose, gen, state FROM consent WHERE recipient=?", (RECIPIENT,)
        )
    }
    cards = {bytes(hash_): (owner, state) for hash_, owner, state in hub.execute(_CARDS)}
    for card in sorted(done.blocked - contested):
        held = cards.get(_inner(card))
        if held is not None and held[1] != "blocked":
            yield "I4", "a card that headquarters blocked is active again"
    for (customer_id, purpose), gen in done.withdrawn.items():
        if customer_id in known:
            yield from _stopped(registers.get((customer_id, purpose)), purpose, gen)
    for (customer_id, purpose), gen in done.given.items():
        if customer_id in known:
            yield from _said(registers.get((customer_id, purpose)), purpose, gen)
    yeses: set[tuple[bytes, str, int]] = set()  # that were said to a stop
    for box in boxes:
        theirs = {outer(box.keys.shop_key, hash_): each for hash_, each in cards.items()}
        unsure = {_outer(box, card) for card in contested}
        for kind, body in hub.execute(_IN_SHOPS, (box.device, BLANK)):
            fact: dict[str, Any] = msgspec.json.decode(body)
            customer_id = bytes.fromhex(fact["customer_id"])
            if customer_id not in known:
                continue
            if kind.startswith("credential"):
                hash_ = bytes.fromhex(fact["hash"])
                owner, state = theirs.get(hash_, (b"", ""))
                if hash_ in unsure:
                    continue
                if owner != customer_id:
                    yield "I1", f"the hub took {kind} of {box.name} in, and the card is not theirs"
                elif kind == "credential_blocked" and state != "blocked":
                    yield "I4", f"a card that {box.name} blocked is active at the hub"
            else:
                place = customer_id, fact["purpose"]
                if kind == "consent_withdrawn":
                    yield from _stopped(registers.get(place), fact["purpose"], fact["gen"])
                else:
                    yield from _said(registers.get(place), fact["purpose"], fact["gen"])
                    if fact["base"] != "given":
                        yeses.add((*place, fact["gen"]))
    for customer_id, purpose, gen in hub.execute(_ON_A_STOP):
        if (customer_id, purpose, gen) not in yeses:
            yield "I4", f"{purpose} was stopped, and a yes that was said to what was before it is given"


_CARDS: Final = "SELECT hash, customer_id, state FROM credential"


def _stopped(held: tuple[int, str] | None, purpose: str, gen: int) -> Iterator[Broken]:
    if held is None or held[0] < gen or (held[0] == gen and held[1] != "withdrawn"):
        yield "I4", f"{purpose} was withdrawn at generation {gen} and is {held} at the hub"


def _said(held: tuple[int, str] | None, purpose: str, gen: int) -> Iterator[Broken]:
    if held is None or held[0] < gen:
        yield "I1", f"{purpose} was given at generation {gen} and is {held} at the hub"


def receipts_given(hub: Connection, boxes: list[Box]) -> Iterator[Broken]:
    """I5: for all that was to go each shop has given its receipt, and signed it."""
    for each in at_hub.still_open(hub):
        yield "I5", f"{each.device_id} gave no receipt for {each.erasures} erasures and {each.stops} stops"
    for box in boxes:
        row = hub.execute(_RECEIPT, (box.device,)).fetchone()
        if row is not None:
            part, cursor, epoch, sig = row
            held = receipts.Receipt(part=part, cursor=cursor, device=box.device, epoch=epoch, sig=sig)
            if not receipts.holds(held, _device(hub, box).public_key):
                yield "I5", f"the receipt of {box.name} is not signed by it"


def _device(hub: Connection, box: Box) -> devices.Device:
    device = devices.device(hub, box.device)
    assert device is not None
    return device


_RECEIPT: Final = "SELECT part, cursor, epoch, sig FROM receipt WHERE device_id=?"


def _inner(card: str) -> bytes:
    return people.inner_hash(KEYS, "number", card)


def _outer(box: Box, card: str) -> bytes:
    return outer(box.keys.shop_key, _inner(card))
