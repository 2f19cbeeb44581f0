"""Somebody at the counter with points and stamps, and what was written of them."""

from typing import Any

from edge.staff.deeds import Doer
from edge.wallet import tables
from edge.wallet.rules import Asked, Balances
from tests.tables.floor import CARD, KEYS, RECIPIENT, TRAITS, Floor, Person

DOER = Doer(b"a" * 16, b"t" * 32)
HERE = tables.Here(recipient=RECIPIENT, device="box", kek=KEYS.kek)
FULL = TRAITS | {"stamps": {"have": 8, "of": 8, "reward": "gratis impregneren"}}


async def arrive(floor: Floor, **more: Any) -> Person:
    person = await floor.resident(CARD, **more)
    await phone(floor)
    return person


async def phone(floor: Floor) -> None:
    """The customer's app answers the reader."""
    await floor.tap(kind="hce", evidence="strong", about={"key_id": "00000001"})


def asked(floor: Floor, line: int = 1) -> Asked:
    (visit_id,) = floor.db.reader.execute("SELECT id FROM visit ORDER BY started_ms DESC").fetchone()
    return Asked(line.to_bytes(16), visit_id, role="staff", staff_id=b"anna............", at_ms=floor.now_ms)


def saved(floor: Floor, person: Person) -> Balances | None:
    return tables.balances(floor.db.reader, person.customer_id, role="staff", here=HERE, now_ms=floor.now_ms)


def lines(floor: Floor) -> list[tuple[Any, ...]]:
    return floor.db.reader.execute(
        "SELECT instrument, delta, why, role, staff_id FROM ledger ORDER BY seq"
    ).fetchall()
