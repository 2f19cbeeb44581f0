"""A card that earned without a name becomes somebody's: once, both histories, right totals, undone as a whole."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.kit.errors import Refused
from edge.kit.sqlite import Database
from edge.recognition.rules import hashes
from edge.wallet.facts import WalletMoved
from sync.hub import devices, merging, wallet
from sync.hub.app import open_hub
from sync.hub.config import Config
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import merges
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, SHOP_KEY, Centre, Said, device, now_ms, open_centre
from tests.sync.test_appliance import appliance, found
from tests.sync.test_joined import bound, joined, verdicts
from tests.sync.test_merged_twice import CARLA, merge

pytestmark = pytest.mark.anyio
CARD = "LOYALTY-0099"
WALLET = {"points": {"balance": 300}, "stamps": {"have": 5, "of": 8, "reward": "koffie"}}


def card_only(customer_id: bytes = BRAM, **traits: Any) -> NewCustomer:
    return NewCustomer(customer_id, WALLET | traits, [("number", CARD)], [NewConsent("saving", HERE)])


def anna() -> NewCustomer:
    return NewCustomer(
        ANNA,
        {"name": "A. de Vries", "points": {"balance": 120}},
        [("number", "LOYALTY-0001")],
        [NewConsent("saving", HERE), NewConsent("recognition", HERE)],
    )


@asynccontextmanager
async def two(folder: Path) -> AsyncGenerator[tuple[Centre, Database[Any], Any], None]:
    async with open_centre(folder) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [card_only(), anna()])
        await agent.once()
        yield centre, db, agent


def earned(points: int, *, whose: bytes = BRAM, number: int = 1) -> WalletMoved:
    line = bytes([number]) * 16
    return WalletMoved(line, whose, bytes(16), "points", points, "purchase", "staff", bytes(16), now_ms())


async def points(centre: Centre, customer_id: bytes) -> int | None:
    held = await centre.hub.db.read(wallet.balances, KEYS, customer_id, now_ms=now_ms())
    return held.balances.points


def ledger(centre: Centre, customer_id: bytes) -> int:
    sql = "SELECT coalesce(sum(delta + short), 0) FROM ledger WHERE customer_id=:id AND instrument='points'"
    (total,) = centre.hub.db.reader.execute(sql, {"id": customer_id}).fetchone()
    return int(total)


def standing(centre: Centre) -> list[merges.Merge]:
    return merges.of(centre.hub.db.reader, ANNA)


async def test_a_card_bound_to_a_customer_brings_all_it_saved_along_once(tmp_path: Path) -> None:
    async with two(tmp_path) as (centre, db, agent):
        # Earned in the shop and not told yet: it comes up with the very upload that makes the card Anna's.
        fact = bound(ANNA, CARD)
        await db.write(lambda conn: [earned(40), fact, earned(7, number=2)])
        await agent.once()
        await agent.once()
        assert verdicts(centre) == [
            ("wallet_moved", None),
            ("credential_bound", None),
            ("wallet_moved", None),
        ]
        assert (await points(centre, ANNA), await points(centre, BRAM)) == (120 + 340 + 7, 0)
        (done,) = standing(centre)
        assert (done.from_id, done.points, done.stamps, done.why, done.shop_id) == (
            BRAM,
            340,
            5,
            "bound",
            "s1",
        )
        assert getattr(found(db, CARD), "customer_id", None) == ANNA
        # Both histories stand: each balance is the sum of its lines, the first of them what it began with.
        assert (ledger(centre, ANNA), ledger(centre, BRAM)) == (120 + 340 + 7, 0)
        assert merging.history(centre.hub.db.reader, ANNA) == [ANNA, BRAM]
        # The same again changes nothing.
        await db.write(lambda conn: [bound(ANNA, CARD)])
        await agent.once()
        assert await points(centre, ANNA) == 467
        assert len(standing(centre)) == 1


async def test_a_shop_that_did_not_hear_of_it_yet_still_counts_for_the_new_owner(tmp_path: Path) -> None:
    async with two(tmp_path) as (centre, db, agent):

        def elsewhere(conn: Any) -> None:
            merging.merged(conn, KEYS, BRAM, ANNA, why="bound", shop_id="s2", now_ms=now_ms())

        await centre.hub.db.apply(elsewhere)
        await db.write(lambda conn: [earned(50), earned(-30, number=2)])
        await agent.once()
        assert (await points(centre, ANNA), await points(centre, BRAM)) == (120 + 300 + 20, 0)


async def test_whose_a_card_became_is_taken_with_everybody_else_of_an_upload(tmp_path: Path) -> None:
    """Taken one after the other, two hubs on one database could each hold whom the other waits for."""
    async with two(tmp_path) as (centre, db, agent):
        await merge(centre, (BRAM, ANNA))
        asked: list[str] = []
        await centre.hub.db.apply(lambda conn: conn.set_trace_callback(asked.append))
        await db.write(lambda conn: [earned(50)])
        await agent.once()
        assert await points(centre, ANNA) == 120 + 300 + 50
        assert sum("FROM customer WHERE id IN" in each and "FOR UPDATE" in each for each in asked) == 1


async def test_somebody_who_registers_with_their_card_keeps_what_it_earned(tmp_path: Path) -> None:
    async with two(tmp_path) as (centre, db, agent):
        new = joined(CARD)
        await db.write(lambda conn: [new])
        await agent.once()
        await agent.once()
        assert await points(centre, new.customer_id) == 300
        assert getattr(found(db, CARD), "customer_id", None) == new.customer_id


async def test_a_merge_is_undone_whole_and_everywhere(tmp_path: Path) -> None:
    async with two(tmp_path) as (centre, db, agent):
        await db.write(lambda conn: [bound(ANNA, CARD)])
        await agent.once()
        (done,) = standing(centre)
        await centre.hub.change(merging.undo, KEYS, done.id, now_ms=now_ms())
        await agent.once()
        assert (await points(centre, ANNA), await points(centre, BRAM)) == (120, 300)
        assert getattr(found(db, CARD), "customer_id", None) == BRAM
        assert getattr(found(db), "customer_id", None) == ANNA
        assert [each.undone_ms is None for each in standing(centre)] == [False]
        await db.write(lambda conn: [earned(5)])
        await agent.once()
        assert (await points(centre, ANNA), await points(centre, BRAM)) == (120, 305)
        with pytest.raises(Refused, match="no such merge"):
            await centre.hub.change(merging.undo, KEYS, done.id, now_ms=now_ms())


async def test_what_was_redeemed_since_cannot_be_given_back(tmp_path: Path) -> None:
    async with two(tmp_path) as (centre, db, agent):
        await db.write(lambda conn: [bound(ANNA, CARD), earned(-400, whose=ANNA)])
        await agent.once()
        (done,) = standing(centre)
        with pytest.raises(Refused) as error:
            await centre.hub.change(merging.undo, KEYS, done.id, now_ms=now_ms())
        assert error.value.code == "MERGE_SPENT"
        assert await points(centre, ANNA) == 20


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": {"call": "Bram"}}, "NOT_ANONYMOUS"),
        ({"vouchers": {"items": [{"label": "10%"}]}}, "MERGE_MORE"),
    ],
)
async def test_whoever_is_more_than_a_card_is_never_merged(
    tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [card_only(**change), anna()])
        with pytest.raises(Refused) as error:
            await centre.hub.db.apply(
                merging.merged, KEYS, BRAM, ANNA, why="bound", shop_id="s1", now_ms=now_ms()
            )
        assert error.value.code == code
        await db.write(lambda conn: [bound(ANNA, CARD)])
        await agent.once()
        assert await points(centre, BRAM) == 300
        assert standing(centre) == []


async def test_whoever_is_forgotten_is_forgotten_with_the_card_they_were(tmp_path: Path) -> None:
    async with two(tmp_path) as (centre, db, agent):
        await db.write(lambda conn: [bound(ANNA, CARD)])
        await agent.once()
        await centre.hub.erase(ANNA)
        await agent.once()
        reader = centre.hub.db.reader
        assert reader.execute("SELECT count(*) FROM customer").fetchone() == (0,)
        assert reader.execute("SELECT count(*) FROM merge").fetchone() == (0,)
        assert db.reader.execute("SELECT count(*) FROM replica.customer").fetchone() == (0,)
        card = hashes(KEYS.chain_key, SHOP_KEY, "qr", CARD)
        assert card
        assert found(db, CARD) is None


def test_headquarters_lists_merges_and_undoes_one_by_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "hub_kek").write_text(KEYS.hub_kek.hex())
    (credentials / "chain_key").write_text(KEYS.chain_key.hex())
    (tmp_path / "hub.toml").write_text('[hub]\nstate = "hub"\n')

    async def merge() -> None:
        async with open_hub(Config(tmp_path / "hub", KEYS), log=Said()) as hub:
            await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
            await hub.add_customers(["s1"], [card_only(), anna()])

            def act(conn: Any) -> None:
                merging.merged(conn, KEYS, BRAM, ANNA, why="bound", shop_id="s1", now_ms=now_ms())

            await hub.db.apply(act)

    asyncio.run(merge())
    config = ["--config", str(tmp_path / "hub.toml")]

    def told() -> dict[str, Any]:
        assert main(["merge", "list", *config]) == 0
        line: dict[str, Any] = json.loads(capsys.readouterr().out)
        return line

    assert (told()["points"], told()["undone"]) == (300, None)
    assert main(["merge", "undo", told()["id"], "--dry-run", *config]) == 0
    assert told()["undone"] is None
    assert main(["merge", "undo", told()["id"], *config]) == 0
    assert told()["undone"] is not None
    assert main(["merge", "undo", told()["id"], *config]) == 1
    assert main(["merge", "undo", "that one", *config]) == 2


async def test_an_undo_takes_its_new_owner_out_of_the_shops_that_only_the_card_knew(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        for name in ("s2", "s3"):
            await hub.db.apply(devices.register, KEYS, device=device(f"box-{name}", name), shop_key=SHOP_KEY)
        second = NewCustomer(CARLA, {}, [("number", "LOYALTY-0098")], [NewConsent("saving", HERE)])
        await hub.add_customers(["s1"], [anna()])
        await hub.add_customers(["s1", "s2"], [card_only()])
        await hub.add_customers(["s2", "s3"], [second])

        def rows(sql: str) -> list[Any]:
            return hub.db.reader.execute(sql).fetchall()

        residents = "SELECT customer_id, shop_id, reason FROM residency ORDER BY 1, 2"
        before = rows(residents)
        await merge(centre, (BRAM, ANNA), (CARLA, ANNA))
        first, later = standing(centre)
        both = rows(residents)
        await hub.change(merging.undo, KEYS, first.id, now_ms=now_ms())
        assert rows(residents) == both  # the other card is known in s2 as well
        await hub.change(merging.undo, KEYS, later.id, now_ms=now_ms())
        assert rows(residents) == before
        gone = "SELECT part FROM feed WHERE op='del' AND t='customer' AND id='{}' ORDER BY part"
        assert rows(gone.format(ANNA.hex())) == [
            (f"shop:{each}",) for each in ("s2", "s2:urgent", "s3", "s3:urgent")
        ]
        assert rows("SELECT count(*) FROM merge_shop") == [(3,)]
        await hub.erase(ANNA)
        assert rows("SELECT count(*) FROM merge_shop") == [(0,)]
