"""A shop whose advice runs, and a customer whom it knows something of."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any

from edge.advice.rules import DAY_MS, Basket, Item
from tests.advice.shop import put_history, put_items
from tests.patience import PATIENT_S
from tests.rules.advice_shop import trait
from tests.staff_ui.house import DE_VRIES, Place
from tests.stories.shop import until

CARD = "2900000000011"
ITEMS = (
    Item("tent-2", "Tent Vuurtoren 2", "tenten", True, False, 3, "wand 4"),
    Item("sheet-2", "Grondzeil 2 personen", "tenten", True, False, 6, "wand 4"),
    Item("gas-1", "Gasblik 230 g", "koken", False, False, 24, "kopstelling"),
    Item("sock-1", "Wandelsokken merino", "sokken", False, False, 12, ""),
    Item("wax-1", "Impregneerwas", "onderhoud", False, False, None, "kassa"),
    Item("test-1", "Zelftest", "gezondheid", False, True, 5, ""),
)
SOLD_OUT = Item("gone-1", "Uitverkochte muts", "mutsen", False, False, 0, "")


def basket(place: Place, days_ago: int, *items: str) -> Basket:
    return Basket(place.now_ms() - days_ago * DAY_MS, items)


def put_shop(place: Place) -> None:
    """Thirty customers who bought a ground sheet with their tent, and socks."""

    def put(conn: Connection) -> None:
        put_items(conn, (*ITEMS, SOLD_OUT), counted_ms=place.now_ms() - DAY_MS)
        for number in range(30):
            lines = [basket(place, 200 + number, "tent-2", "sheet-2"), basket(place, 90, "sock-1", "gone-1")]
            lines += [basket(place, 20, "wax-1", "gas-1")] if number % 2 else []
            put_history(
                conn,
                os.urandom(16),
                lines,
                kek=place.house.keys.kek,
                recipient=place.house.config.shop.recipient,
            )

    place.run(place.house.db.apply(put))


@contextmanager
def advising(place: Place) -> Iterator[None]:
    """The shop with its worker running."""
    put_shop(place)
    work: list[Any] = []

    async def start() -> None:
        work.append(asyncio.create_task(place.house.advisor.run()))
        place.house.advisor.start()

    async def stop() -> None:
        work[0].cancel()
        await asyncio.gather(*work, return_exceptions=True)

    place.run(start())
    until(lambda: place.house.advisor.condition.up, timeout_s=PATIENT_S, what="trained")
    yield
    place.run(stop())


def tent_owner(place: Place, **more: Any) -> bytes:
    lines = [basket(place, days, "gas-1", "test-1") for days in (120, 90, 60, 30)]
    lines.append(basket(place, 12, "tent-2", "test-1"))
    # So little else on the card that an offer beside it is still a glance.
    stamps = {"have": 7, "of": 8, "reward": "gratis impregneren"}
    return place.customer(CARD, name=DE_VRIES, stamps=stamps, baskets=trait(lines), **more)


def visit_of(place: Place) -> str:
    ((visit_id,),) = place.rows("SELECT id FROM visit WHERE ended_ms IS NULL")
    return bytes(visit_id).hex()


def suggested(place: Place) -> str:
    """The visit of whoever was just seen, with its suggestions there."""
    visit = visit_of(place)

    def there() -> Any:
        async def look() -> Any:
            return place.house.advisor.suggestions(bytes.fromhex(visit))

        return place.run(look())

    until(there, timeout_s=PATIENT_S, what="suggestions")
    return visit


def withdraw(place: Place, purpose: str) -> None:
    """Whoever is here takes a consent back, and the tablets hear of it."""
    ((customer_id,),) = place.rows("SELECT customer_id FROM visit WHERE ended_ms IS NULL")
    place.withdraw(bytes(customer_id), purpose)
    place.tell()
