"""What headquarters does, on PostgreSQL: the same statements mean the same."""

from pathlib import Path

import pytest

from edge.catalogue.rules import Product, Stock
from sync import wire
from sync.hub import consents
from sync.hub.hq import export, fleet, imports, put, rows, webhooks
from tests.sync.centre import ANNA, HERE
from tests.sync.hq.desk import WHO, open_desk

pytestmark = pytest.mark.anyio
V1 = "/api/v1"


async def test_imports_the_api_the_fleet_and_exports_work_on_postgresql(
    tmp_path: Path, postgresql: str
) -> None:
    async with open_desk(tmp_path) as desk:
        hub, now_ms = desk.hub, desk.hub.now_ms()
        new = [
            rows.Customer(2, "K-1", traits={"points": {"balance": 1}}, shops=["s1"], cards=[("number", "C")])
        ]
        balance = [rows.Balance(2, "", ANNA.hex(), points=150)]
        number = await imports.take(
            hub,
            "customers",
            new,
            lambda c, n, some: put.put_customers(c, hub.keys, n, found=some, now_ms=now_ms),
        )
        assert number == 1
        await imports.take(
            hub,
            "balances",
            balance,
            lambda c, n, some: put.put_balances(c, hub.keys, n, found=some, now_ms=now_ms),
        )
        goods = [Product("trui", "Trui", 100)]
        await imports.take(hub, "catalogue", goods, lambda c, n, some: put.put_products(c, n, found=some))
        counts = [Stock("trui", 3, now_ms)]
        await imports.take(
            hub, "stock", counts, lambda c, n, some: put.put_stock(c, n, found=some, shop_ids=None)
        )
        staff = [rows.Staff(2, "P1", "Iris", "staff", "nl", ["s1"])]
        await imports.take(hub, "staff", staff, lambda c, n, some: put.put_staff(c, n, found=some))

        order = {"channel": "web", "number": "W-1", "state": "ready", "at_ms": 5, "shop": "s1"}
        await desk.ask("PUT", f"{WHO}/orders", json=order)
        await desk.ask("PUT", f"{WHO}/wishlist", json={"items": ["trui"]})
        move = {"instrument": "points", "delta": 5}
        for _ in range(2):
            said = await desk.ask("POST", f"{WHO}/ledger", json=move, headers={"idempotency-key": "a"})
            assert said["balance"] == 155
        assert len((await desk.ask("GET", f"{V1}/customers"))["items"]) == 2
        line = (await desk.ask("GET", f"{WHO}/timeline"))["items"]
        assert [each["channel"] for each in line] == ["hq"] * 4 + ["web"]
        assert (await desk.ask("GET", WHO))["traits"]["points"]["value"]["balance"] == 155
        assert (await desk.ask("GET", f"{V1}/products"))["items"] == ["jas-1", "trui"]

        said_ = wire.Status(version="0.2.0", clock_ms=now_ms)
        await hub.db.apply(fleet.take, "box-1", said=said_, now_ms=now_ms)
        assert (await desk.ask("GET", f"{V1}/fleet"))["boxes"][0]["status"]["version"] == "0.2.0"

        hook, _ = await hub.db.apply(
            webhooks.make, hub.keys, url="https://example.com/", kinds=frozenset(), allowed=()
        )
        await hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=now_ms)
        (listed,) = (await desk.ask("GET", f"{V1}/webhooks"))["items"]
        assert (listed["id"], listed["waiting"]) == (hook.id, 1)

        asked = export.Asked(hub.keys, "saving", now_ms, hub.log)
        for name, sheet in export.SHEETS.items():
            found = await hub.db.view(lambda conn, sheet=sheet: list(sheet.rows(conn, asked)))
            # Too few people for a report, no day of facts has passed, nobody agreed to be written to.
            assert found or name in ("facts", "visitors", "segments", "suggestions"), name

        for each in (5, 4, 3, 1):
            assert (await desk.ask("POST", f"{V1}/imports/{each}/undo"))["number"] == each
        touched = await desk.client.post(f"{V1}/imports/2/undo")
        assert touched.json()["code"] == "IMPORT_TOUCHED"
        assert len((await desk.ask("GET", f"{V1}/customers"))["items"]) == 1
        await desk.ask("DELETE", WHO)
