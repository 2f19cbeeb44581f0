"""A shop whose customers have histories: sealed in the replica as the feed would, with a catalogue and stock."""

import json
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from edge.advice.advisor import Advisor
from edge.advice.process import Worker
from edge.advice.rules import Basket, Item
from edge.consent import tables as consent
from edge.kit.child import Start
from edge.kit.seal import key_place, new_key, seal, trait_place
from edge.kit.sqlite import Database
from edge.recognition import tables
from edge.visits.facts import VisitStarted
from tests.kit.clocks import HandClock
from tests.rules.advice_shop import trait
from tests.tables.floor import KEYS, RECIPIENT, Floor, open_floor

PURPOSES = ("recognition", "saving", "profiling")


def put_items(conn: Connection, items: Collection[Item], *, counted_ms: int = 1) -> None:
    """A catalogue and its stock, in place of what was there."""
    conn.execute("DELETE FROM replica.product")
    conn.execute("DELETE FROM replica.stock")
    columns = [name for _, name, *_ in conn.execute("PRAGMA replica.table_info(product)")]
    for each in items:
        values: dict[str, object] = dict.fromkeys(columns, "") | {
            "item": each.item,
            "title": each.title,
            "category": each.category,
            "place": each.place,
            "durable": each.durable,
            "sensitive": each.sensitive,
            "price_cents": 100,
            "ver": 1,
        }
        marks = ", ".join("?" * len(columns))
        conn.execute(f"INSERT INTO replica.product VALUES ({marks})", [values[name] for name in columns])
        if each.stock is not None:
            conn.execute("INSERT INTO replica.stock VALUES (?, ?, ?, 1)", (each.item, each.stock, counted_ms))


def put_history(
    conn: Connection,
    customer_id: bytes,
    baskets: Sequence[Basket],
    *,
    kek: bytes,
    recipient: str = RECIPIENT,
    purposes: Collection[str] = PURPOSES,
    until_ms: int | None = None,
    also: Mapping[str, Any] | None = None,
) -> None:
    """A resident with purchases, and further traits."""
    own = new_key()
    tables.put_key(conn, customer_id, seal(kek, own, key_place(customer_id)))
    rows: list[dict[str, object]] = [
        {
            "customer_id": customer_id,
            "name": name,
            "sealed": seal(own, json.dumps(value).encode(), trait_place(customer_id, name, 1)),
            "ver": 1,
            "as_of_ms": 1,
            "until_ms": None,
        }
        for name, value in {"baskets": trait(baskets), **(also or {})}.items()
    ]
    tables.put_customer(conn, customer_id, ver=1, traits=rows)
    for purpose in purposes:
        row: dict[str, object] = {
            "customer_id": customer_id,
            "purpose": purpose,
            "recipient": recipient,
            "basis": "agreement" if purpose == "saving" else "consent",
            "gen": 1,
            "state": "given",
            "from_ms": 0,
            "until_ms": until_ms if purpose == "profiling" else None,
            "ver": 1,
        }
        consent.put(conn, row)


@dataclass(slots=True)
class AdviceShop:
    """A floor with an advisor that a test runs."""

    floor: Floor
    advisor: Advisor
    worker: Worker
    told: list[int] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def db(self) -> Database[Any]:
        return self.floor.db

    async def history(self, lines: Mapping[bytes, Sequence[Basket]], **more: Any) -> None:
        def put(conn: Connection) -> None:
            for customer_id, baskets in lines.items():
                put_history(conn, customer_id, baskets, kek=KEYS.kek, **more)

        await self.db.apply(put)

    async def visit(self, customer_id: bytes) -> bytes:
        """Somebody comes in; their visit."""
        visit_id = os.urandom(16)

        def come(conn: Connection) -> list[Any]:
            return [VisitStarted(visit_id, customer_id, "counter-1", "tap", "weak", at_ms=self.floor.now_ms)]

        await self.db.write(come)
        return visit_id


@asynccontextmanager
async def open_advice(
    folder: Path, items: Mapping[str, Item], clock: HandClock | None = None
) -> AsyncIterator[AdviceShop]:
    async with open_floor(folder, clock=clock) as floor:
        worker = Worker(Start(str(folder / "journal.db"), str(folder / "replica.db"), RECIPIENT, KEYS.kek))
        told: list[int] = []
        events: list[tuple[str, dict[str, Any]]] = []

        def log(event: str, /, **fields: Any) -> None:
            events.append((event, fields))

        advisor = Advisor(
            floor.db,
            floor.time,
            worker,
            recipient=RECIPIENT,
            timezone="Europe/Amsterdam",
            tell=lambda: told.append(1),
            log=log,
        )
        floor.db.listeners.append(advisor.heard)
        await floor.db.apply(put_items, items.values())
        yield AdviceShop(floor, advisor, worker, told, events)
