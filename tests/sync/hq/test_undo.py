"""An import is taken back whole, however many slices it is."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from edge.catalogue.rules import Product, Stock
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync.hub import books, lost
from sync.hub.consents import NewConsent
from sync.hub.hq import imports, put, rows, undo
from sync.hub.tables import imports as tables
from sync.hub.tables.feed import Moved
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, HERE, KEYS
from tests.sync.hq.desk import Desk

pytestmark = pytest.mark.anyio
MANY = undo.SLICE + 1
SAVING = NewConsent("saving", HERE)


async def test_balances_of_more_than_one_slice_are_taken_back_and_the_ledger_says_so(desk: Desk) -> None:
    hub, now_ms = desk.hub, desk.hub.now_ms()
    new = [
        rows.Customer(line, f"K-{line}", traits={"points": {"balance": 10}}, shops=["s1"], consents=[SAVING])
        for line in range(MANY)
    ]
    counted = [rows.Balance(line, f"K-{line}", points=20) for line in range(MANY)]
    await imports.take(
        hub, "customers", new, lambda c, n, some: put.put_customers(c, KEYS, n, found=some, now_ms=now_ms)
    )
    number = await imports.take(
        hub, "balances", counted, lambda c, n, some: put.put_balances(c, KEYS, n, found=some, now_ms=now_ms)
    )
    assert await imports.take_back(hub, number) == (MANY, undo.Left())
    booked = hub.db.reader.execute(
        "SELECT device_id, count(*), sum(delta) FROM ledger GROUP BY device_id ORDER BY device_id"
    ).fetchall()
    came, back = (books.OPENING, MANY + 2, 10 * MANY + 120 + 3), (books.UNDO, MANY, -10 * MANY)
    assert booked == [(books.IMPORT, MANY, 10 * MANY), came, back]
    verdicts = {
        put.judge_balance(hub.db.reader, KEYS, rows.Balance(2, f"K-{n}", points=10), now_ms=now_ms)
        for n in (0, MANY - 1)
    }
    assert verdicts == {"same"}


async def take(desk: Desk, kind: str, *found: Any) -> int:
    """Import these; its number."""
    now_ms = desk.hub.now_ms()

    def put_(conn: Connection, number: int, some: Sequence[Any]) -> list[Moved]:
        match kind:
            case "customers":
                return put.put_customers(conn, KEYS, number, found=some, now_ms=now_ms)
            case "balances":
                return put.put_balances(conn, KEYS, number, found=some, now_ms=now_ms)
            case "catalogue":
                gone = [each for each in some if isinstance(each, str)]
                products = [each for each in some if isinstance(each, Product)]
                return put.put_products(conn, number, found=products, gone=gone)
            case "stock":
                return put.put_stock(conn, number, found=some, shop_ids=None)
            case _:
                return put.put_staff(conn, number, found=some)

    return await imports.take(desk.hub, kind, found, put_)


def lies(desk: Desk) -> list[list[Any]]:
    """What the hub holds of what imports write, without versions and seals."""
    return [
        desk.hub.db.reader.execute(sql).fetchall()
        for sql in (
            "SELECT id FROM customer ORDER BY id",
            "SELECT customer_id, name FROM trait ORDER BY customer_id, name",
            "SELECT customer_id, sum(delta) FROM ledger GROUP BY customer_id HAVING sum(delta)<>0 ORDER BY 1",
            "SELECT hash FROM credential ORDER BY hash",
            "SELECT customer_id, purpose FROM consent WHERE state='given' ORDER BY customer_id, purpose",
            "SELECT item, d FROM product WHERE d IS NOT NULL ORDER BY item",
            "SELECT item, d FROM stock WHERE d IS NOT NULL ORDER BY item",
            "SELECT id, d FROM staff WHERE d IS NOT NULL ORDER BY id",
        )
    ]


def kees(call: str, *cards: str, points: int | None = None) -> rows.Customer:
    traits: dict[str, Any] = {"name": {"call": call}}
    traits |= {} if points is None else {"points": {"balance": points}}
    return rows.Customer(
        2, "K-1", traits=traits, cards=[("number", card) for card in cards], shops=["s1"],
        consents=[] if points is None else [SAVING],
    )  # fmt: skip


def anna(points: int, stamps: int) -> rows.Balance:
    return rows.Balance(2, "", ANNA.hex(), points, stamps)


def iris(name: str) -> rows.Staff:
    return rows.Staff(2, "P1", name, "staff", "nl", ["s1"])


FILES: dict[str, list[tuple[str, list[Any]]]] = {
    "customers": [
        ("customers", [kees("Kees")]),
        ("customers", [kees("meneer Bos", "C-1", points=5)]),
        ("customers", [kees("Bos", "C-2", points=5)]),
    ],
    "balances": [
        ("balances", [anna(200, 4)]),
        ("balances", [anna(210, 5)]),
        ("balances", [anna(220, 5)]),
    ],
    "catalogue": [
        ("catalogue", [Product("trui", "Trui", 100)]),
        ("catalogue", [Product("trui", "Trui", 200)]),
        ("catalogue", ["trui"]),
        ("catalogue", [Product("trui", "Trui", 300)]),
    ],
    "staff": [("staff", [iris("Iris")]), ("staff", [iris("I.")]), ("staff", [iris("Iris B.")])],
    "counts and what they count": [
        ("catalogue", [Product("trui", "Trui", 100)]),
        ("stock", [Stock("trui", 3, 1)]),
        ("stock", [Stock("trui", 4, 2)]),
        ("catalogue", ["trui"]),
        ("catalogue", [Product("trui", "Trui", 300)]),
        ("catalogue", ["trui"]),
    ],
    "customers and their balances": [
        ("customers", [kees("Kees", points=5)]),
        ("balances", [rows.Balance(2, "K-1", points=7)]),
        ("customers", [kees("Bos", "C-1")]),
        ("balances", [rows.Balance(2, "K-1", points=9)]),
    ],
}


@pytest.mark.parametrize("what", FILES)
async def test_imports_in_a_row_are_taken_back_one_after_the_other(desk: Desk, what: str) -> None:
    before, numbers = [], []
    for kind, found in FILES[what]:
        before.append(lies(desk))
        numbers.append(await take(desk, kind, *found))
    assert len({repr(each) for each in before}) > 1
    while numbers:
        await imports.take_back(desk.hub, numbers.pop())
        assert lies(desk) == before.pop()
    whose = desk.hub.db.reader.execute("SELECT DISTINCT customer_id FROM ledger").fetchall()
    assert whose == [(ANNA,)]  # of who came by an import nothing stays


async def test_a_balance_taken_back_later_bars_no_newer_import_of_the_customer(desk: Desk) -> None:
    await take(desk, "customers", kees("Kees", points=5))
    counted = await take(desk, "balances", rows.Balance(2, "K-1", points=7))
    named = await take(desk, "customers", kees("Bos", "C-1"))
    assert await imports.take_back(desk.hub, counted) == (1, undo.Left())
    assert await imports.take_back(desk.hub, named) == (1, undo.Left())


async def test_what_somebody_else_changed_between_two_imports_bars_the_first_still(desk: Desk) -> None:
    first = await take(desk, "customers", kees("Kees", "C-0"))
    await desk.hub.change(lost.block, KEYS, kind="number", value="C-0", now_ms=1)
    second = await take(desk, "customers", kees("meneer Bos"))
    await imports.take_back(desk.hub, second)
    with pytest.raises(Refused, match="changed since"):
        await imports.take_back(desk.hub, first)
    third = await take(desk, "staff", iris("Iris"))
    await desk.hub.db.apply(put.staff_lines, "P1", None)
    await imports.take_back(desk.hub, await take(desk, "staff", iris("I.")))
    with pytest.raises(Refused, match="staff P1 changed since"):
        await imports.take_back(desk.hub, third)


async def test_rows_that_were_touched_are_left_when_asked_and_all_others_taken_back(desk: Desk) -> None:
    first = await take(desk, "catalogue", *(Product(f"p-{n}", "Trui", 100) for n in range(MANY)))
    await take(desk, "catalogue", Product("p-7", "Trui", 200))
    with pytest.raises(Refused, match="product p-7 changed since"):
        await imports.take_back(desk.hub, first)
    tried = await imports.take_back(desk.hub, first, dry_run=True, skip_touched=True)
    done = await imports.take_back(desk.hub, first, skip_touched=True)
    assert tried == done
    assert (done.rows, [each.id for each in done.left.first]) == (MANY - 1, ["p-7"])
    assert [item for item, _ in lies(desk)[5]] == ["jas-1", "p-7"]
    assert desk.hub.db.reader.execute("SELECT count(*) FROM import_row WHERE number=1").fetchone() == (0,)


async def test_a_program_takes_back_all_but_what_is_newer_and_reads_what_was_left(desk: Desk) -> None:
    first = await take(desk, "catalogue", *(Product(f"p-{n}", "Trui", 100) for n in range(3)))
    await take(desk, "catalogue", Product("p-1", "Trui", 200))
    path = f"/api/v1/imports/{first}/undo"
    refused = await desk.client.post(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "IMPORT_TOUCHED")
    assert "`?skip_touched=true`" in refused.json()["hint"]
    left = {"left": 1, "first": [{"kind": "product", "id": "p-1"}]}
    asked = {"skip_touched": "true"}
    assert await desk.ask("POST", path, params=asked) == {"number": first, "rows": 2} | left
    assert [item for item, _ in lies(desk)[5]] == ["jas-1", "p-1"]
    again = await desk.client.post(path, params=asked)
    assert (again.status_code, again.json()["code"]) == (409, "IMPORT_UNDONE")
    none = await desk.client.post("/api/v1/imports/99/undo")
    assert (none.status_code, none.json()["code"]) == (404, "UNKNOWN_IMPORT")


async def test_of_however_many_touched_rows_the_first_five_are_kept_and_the_others_counted(
    desk: Desk,
) -> None:
    first = await take(desk, "catalogue", *(Product(f"p-{n}", "Trui", 100) for n in range(MANY)))
    await take(desk, "catalogue", *(Product(f"p-{n}", "Trui", 200) for n in range(1, MANY)))
    with pytest.raises(
        Refused, match=rf"product p-1, (product p-\d+, ){{3}}product p-\d+ and {MANY - 6} more"
    ):
        await imports.take_back(desk.hub, first)
    done = await imports.take_back(desk.hub, first, skip_touched=True)
    assert (done.rows, done.left.rows, len(done.left.first)) == (1, MANY - 1, undo.MOST_NAMED)


async def test_a_product_that_was_counted_since_bars_its_import_until_the_count_is_taken_back(
    desk: Desk,
) -> None:
    first = await take(desk, "catalogue", Product("trui", "Trui", 100), Product("sok", "Sok", 100))
    counted = await take(desk, "stock", Stock("trui", 3, 1))
    with pytest.raises(Refused, match="product trui changed since"):
        await imports.take_back(desk.hub, first)
    assert (await imports.take_back(desk.hub, counted)).rows == 1
    assert (await imports.take_back(desk.hub, first)).rows == 2
    again = await take(desk, "catalogue", Product("trui", "Trui", 100))
    await desk.ask("PUT", "/api/v1/shops/s1/stock/trui", json={"count": 4})
    left = await imports.take_back(desk.hub, again, skip_touched=True)
    assert (left.rows, [each.id for each in left.left.first]) == (0, ["trui"])
    assert (await desk.ask("GET", "/api/v1/shops/s1/stock/trui"))["count"] == 4


async def test_an_import_that_is_taken_back_while_it_runs_stops_and_nothing_of_it_stays(desk: Desk) -> None:
    begun, taken_back = threading.Event(), threading.Event()

    def found() -> Iterator[Product]:
        yield from (Product(f"p-{n}", "Trui", 100) for n in range(MANY))
        begun.set()
        taken_back.wait(PATIENT_S)
        yield from (Product(f"p-{n}", "Trui", 100) for n in range(MANY, 2 * MANY))

    def put_(conn: Connection, number: int, some: Sequence[Any]) -> list[Moved]:
        return put.put_products(conn, number, found=some)

    before = lies(desk)
    taking = asyncio.create_task(imports.take(desk.hub, "catalogue", found(), put_))
    await asyncio.to_thread(begun.wait, PATIENT_S)
    await imports.take_back(desk.hub, 1)
    taken_back.set()
    with pytest.raises(Refused, match="import 1 was taken back while it ran"):
        await taking
    assert lies(desk) == before
    assert (await desk.ask("GET", "/api/v1/imports/1"))["state"] == "undone"
    with pytest.raises(Refused, match="taken back already"):
        await imports.take_back(desk.hub, 1)
    assert await take(desk, "catalogue", Product("p-1", "Trui", 100)) == 2


async def test_what_was_not_taken_back_whole_is_named_and_gone_on_with(desk: Desk) -> None:
    number = await imports.begin(desk.hub, "catalogue")
    await desk.hub.change(put.put_products, number, found=[Product("p-1", "Trui", 100)])
    await desk.hub.db.apply(tables.leave, number, "undone")  # and then the power went
    with pytest.raises(Refused, match="import 1 stands half done"):
        await take(desk, "catalogue", Product("p-2", "Trui", 100))
    assert await imports.take_back(desk.hub, number) == (1, undo.Left())
    assert await take(desk, "catalogue", Product("p-2", "Trui", 100)) == 2
