"""A box that was put back from a backup, or copied: nothing it holds is lost, nothing the hub has is doubled."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest

from edge.kit.sql import Connection
from edge.visits.facts import Greeted, VisitEnded
from edge.wallet import acts
from sync import mending, wire
from sync.hub import devices
from sync.standing import Standing
from tests.sync.centre import ANNA, BRAM, now_ms
from tests.sync.wallets import Chain, Shop, open_chain, saver

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def one_shop(tmp_path: Path) -> AsyncGenerator[tuple[Chain, Shop], None]:
    async with open_chain(tmp_path, [saver(ANNA, points=100)]) as chain:
        yield chain, chain.shops[0]


async def earn(shop: Shop, *amounts: int) -> None:
    for amount in amounts:
        asked = shop.asked(ANNA, shop.name.encode() + amount.to_bytes(14))
        done = await shop.db.write(
            partial(acts.earn, asked=asked, instrument="points", amount=amount, here=shop.here)
        )
        assert done.facts


def copy_of(folder: Path, to: Path) -> None:
    to.mkdir(exist_ok=True)
    for name in ("journal.db", "replica.db"):
        with closing(sqlite3.connect(folder / name)) as ours, closing(sqlite3.connect(to / name)) as theirs:
            ours.backup(theirs)


async def put_back(shop: Shop, backup: Path) -> None:
    await shop.db.close()
    for path in shop.folder.glob("*.db*"):
        path.unlink()
    copy_of(backup, shop.folder)
    await shop.start()


async def refused(shop: Shop) -> str:
    with pytest.raises(wire.Refused) as caught:
        await shop.agent.once()
    return caught.value.code


def at_hub(chain: Chain) -> list[int]:
    """The amounts in the hub's ledger, each as often as it stands there."""
    return sorted(delta for _, _, _, delta, *_ in chain.ledger())


async def test_a_restored_box_goes_on_in_the_epoch_a_person_gives_it_and_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1, 2)
        await shop.agent.once()
        await earn(shop, 3)  # waits when the backup is made, and is sent after it
        copy_of(shop.folder, tmp_path / "backup")
        await earn(shop, 4)
        await shop.agent.once()
        await put_back(shop, tmp_path / "backup")
        await earn(shop, 5, 6)  # under the numbers of 4 and after it
        assert await refused(shop) == "FORKED"
        assert at_hub(chain) == [1, 2, 3, 4]
        await chain.hub.db.apply(devices.renew, "box-s1")
        await shop.agent.once()
        assert at_hub(chain) == [1, 2, 3, 4, 5, 6]
        await chain.settle()
        for each in chain.shops:
            assert each.balances(ANNA).points == chain.held(ANNA).balances.points == 100 + 21
        await earn(shop, 7)
        assert shop.balances(ANNA).points == 128
        await shop.agent.once()
        assert at_hub(chain)[-1] == 7
        numbers = [(epoch, seq) for *_, epoch, seq in shop.ledger()]
        assert numbers == sorted(numbers, key=lambda each: each[1]) or len(set(numbers)) == len(numbers)


async def test_a_restored_box_with_nothing_new_finds_that_the_hub_is_ahead(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1)
        copy_of(shop.folder, tmp_path / "backup")
        await earn(shop, 2, 3)
        await shop.agent.once()
        await put_back(shop, tmp_path / "backup")
        assert await refused(shop) == "HUB_AHEAD"
        await chain.hub.db.apply(devices.renew, "box-s1")
        await shop.agent.once()
        await earn(shop, 4)
        await shop.agent.once()
        assert at_hub(chain) == [1, 2, 3, 4]


async def test_a_restored_box_with_nothing_to_say_writes_nothing_while_it_waits(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1)
        await shop.agent.once()
        await chain.hub.db.apply(devices.renew, "box-s1")
        await earn(shop, 2)
        copy_of(shop.folder, tmp_path / "backup")
        await shop.agent.once()
        await put_back(shop, tmp_path / "backup")
        await chain.hub.db.apply(devices.renew, "box-s1")
        for _ in range(2):
            await shop.agent.once()
        assert shop.agent._box.silent()
        version = "PRAGMA data_version"  # moves with each commit of another connection
        before = shop.db.reader.execute(version).fetchone()
        await shop.agent.once()
        assert shop.db.reader.execute(version).fetchone() == before

        async def meanwhile(epoch: int, seq: int) -> Standing:
            if epoch < shop.agent._box.epoch() and shop.agent._box.silent():
                await earn(shop, 3)
            return await shop.agent.pushing.standing(epoch, seq)

        assert not await mending.renew(shop.agent._box, meanwhile)
        await shop.agent.once()
        assert at_hub(chain) == [1, 2, 3]


async def test_a_box_that_takes_another_epoch_while_its_history_is_compared_goes_on(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1, 2)
        await shop.agent.once()
        await chain.hub.db.apply(devices.renew, "box-s1")
        await lose(chain, "epoch=1", "event", "ledger")
        box, standing = shop.agent._box, shop.agent.pushing.standing

        async def meanwhile(epoch: int, seq: int) -> Standing:
            answer = await standing(epoch, seq)
            if box.epoch() == 1:
                assert await mending.renew(box, standing)
            return answer

        assert await mending.send_again(box, meanwhile)
        await earn(shop, 3)
        for _ in range(2):
            await shop.agent.once()
        assert at_hub(chain) == [1, 2, 3]


async def test_two_restores_in_a_row_and_a_restart_between_them_still_double_nothing(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1)
        copy_of(shop.folder, tmp_path / "backup")
        await shop.agent.once()
        for amount in (2, 3):
            await put_back(shop, tmp_path / "backup")
            await earn(shop, amount)
            await chain.hub.db.apply(devices.renew, "box-s1")
            await shop.restart()
            await shop.agent.once()
            copy_of(shop.folder, tmp_path / "backup")
        assert at_hub(chain) == [1, 2, 3]
        await chain.settle()
        assert shop.balances(ANNA).points == 106


def told_twice(chain: Chain) -> list[str]:
    """Kinds of the facts that stand in the hub's history more than once."""
    return [
        kind
        for (kind,) in chain.hub.db.reader.execute(
            "SELECT kind FROM event WHERE body<>'{}' GROUP BY device_id, at_ms, kind, body HAVING count(*)>1"
        )
    ]


async def lose(chain: Chain, which: str, *tables: str) -> None:
    """The hub's history ends earlier, as that of one put back from a backup."""

    def shorter(conn: Connection) -> None:
        for table in tables:
            conn.execute(f"DELETE FROM {table} WHERE {which}")

    await chain.hub.db.apply(shorter)


async def renewed(chain: Chain, shop: Shop) -> int:
    """A person gives the box an epoch before it has said anything; how many facts it says in that."""
    epoch = await chain.hub.db.apply(devices.renew, "box-s1")
    await shop.agent.once()
    assert shop.agent._box.epoch() == epoch
    return int(shop.db.reader.execute("SELECT count(*) FROM outbox").fetchone()[0])


async def test_what_waited_in_a_backup_and_was_said_in_epochs_it_does_not_know_is_not_said_again(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA, points=100), saver(BRAM)]) as chain:
        shop = chain.shops[0]
        await shop.agent.once()
        (said,) = shop.db.reader.execute("SELECT seq FROM outbox_head").fetchone()
        await earn(shop, 1, 2)
        visit = shop.visit(BRAM)
        await shop.db.write(lambda conn: [Greeted(visit, now_ms()), VisitEnded(visit, "quiet", now_ms())])
        await earn(shop, 3)
        copy_of(shop.folder, tmp_path / "backup")
        # Of what waits there the first half is said in epoch 2, and the rest of it in 3, with what came after it.
        assert await renewed(chain, shop) == 5
        await lose(chain, "epoch=2 AND seq>3", "event")
        await earn(shop, 4)
        assert await renewed(chain, shop) == 3
        facts = chain.hub.db.reader.execute("SELECT count(*) FROM event").fetchone()
        # What speaks of Bram's visits is blanked here before it can be looked for.
        await chain.hub.erase(BRAM)
        await put_back(shop, tmp_path / "backup")
        await earn(shop, 5)
        assert await renewed(chain, shop) == 1
        assert told_twice(chain) == []
        assert chain.hub.db.reader.execute("SELECT count(*) FROM event").fetchone() == (facts[0] + 1,)
        assert at_hub(chain) == [1, 2, 3, 4, 5]
        await chain.settle()
        for each in chain.shops:
            assert each.balances(ANNA).points == chain.held(ANNA).balances.points == 100 + 15
        # And it holds them under the numbers of those epochs, should that hub be put back.
        lasts = {epoch: last for epoch, (_, last) in shop.agent._box.retained().items()}
        assert lasts == {1: said, 2: 3, 3: 2, 4: 1}
        await lose(chain, "epoch>2", "event", "ledger")
        await earn(shop, 6)
        assert await renewed(chain, shop) == 4
        assert at_hub(chain) == [1, 2, 3, 5, 6]  # what it lost with its disk the hub had alone


async def test_what_another_history_says_in_that_epoch_is_not_taken_for_what_waited(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await shop.agent.once()
        copy_of(shop.folder, tmp_path / "older")
        await earn(shop, 1, 2)
        copy_of(shop.folder, tmp_path / "backup")
        await put_back(shop, tmp_path / "older")
        await earn(shop, 3, 4, 5)
        assert await renewed(chain, shop) == 3
        await put_back(shop, tmp_path / "backup")
        assert await renewed(chain, shop) == 2
        assert at_hub(chain) == [1, 2, 3, 4, 5]
        # The same backup once more: now it is known, two epochs further.
        await put_back(shop, tmp_path / "backup")
        await earn(shop, 6)
        assert await renewed(chain, shop) == 1
        assert at_hub(chain) == [1, 2, 3, 4, 5, 6]
        assert told_twice(chain) == []


async def test_a_box_with_nothing_to_say_hears_that_a_hub_which_forgot_what_it_said_gave_it_another_epoch(
    tmp_path: Path,
) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1)
        copy_of(shop.folder, tmp_path / "backup")
        assert await renewed(chain, shop) > 0
        await put_back(shop, tmp_path / "backup")
        assert await renewed(chain, shop) == 0
        await lose(chain, "epoch>1", "event", "ledger")
        assert at_hub(chain) == []
        await chain.hub.db.apply(lambda conn: conn.execute("UPDATE device SET epoch=2") and None)
        await shop.agent.once()  # a person has still to do it
        assert at_hub(chain) == []
        # The number that it had already taken of the hub before is one under which it has said nothing.
        assert await renewed(chain, shop) > 0
        assert at_hub(chain) == [1]
        assert told_twice(chain) == []


async def test_a_copied_box_is_an_alarm_once_and_stopped_while_the_real_one_goes_on(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1)
        await shop.agent.once()
        copy_of(shop.folder, tmp_path / "copy")
        clone = Shop.__new__(Shop)
        clone.name, clone.folder, clone.line = shop.name, tmp_path / "copy", shop.line
        clone.client, clone.secrets = shop.client, shop.secrets
        await clone.start()
        await earn(shop, 2)
        await shop.agent.once()
        await earn(clone, 3)
        for _ in range(3):
            assert await refused(clone) == "FORKED"
        assert chain.hub.log.count("forked") == 1  # type: ignore[attr-defined]
        await earn(shop, 4)
        await shop.agent.once()
        assert at_hub(chain) == [1, 2, 4]
        await clone.db.close()


async def test_a_hub_that_lost_facts_gets_again_what_the_shop_retains(tmp_path: Path) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await earn(shop, 1, 2, 3)
        await shop.agent.once()
        await lose(chain, "seq>2", "event", "ledger")
        await earn(shop, 4)
        await shop.agent.once()
        assert at_hub(chain) == [1, 2, 3, 4]
        assert chain.hub.db.reader.execute("SELECT count(*), max(seq) FROM event").fetchone() == (5, 5)


async def test_what_a_hub_was_told_again_under_the_epoch_of_now_is_not_told_a_second_time_by_a_backup(
    tmp_path: Path,
) -> None:
    async with one_shop(tmp_path) as (chain, shop):
        await shop.agent.once()
        (said,) = shop.db.reader.execute("SELECT seq FROM outbox_head").fetchone()
        await earn(shop, 1, 2)
        await shop.agent.once()
        await chain.hub.db.apply(devices.renew, "box-s1")
        await earn(shop, 3)
        await shop.agent.once()
        copy_of(shop.folder, tmp_path / "backup")
        # The hub is put back: what it lost of epoch 1 it hears again in epoch 2, behind what that had.
        await lose(chain, f"epoch=1 AND seq>{said}", "event", "ledger")
        assert await mending.send_again(shop.agent._box, shop.agent.pushing.standing)
        await shop.agent.once()
        assert at_hub(chain) == [1, 2, 3]
        await put_back(shop, tmp_path / "backup")
        await earn(shop, 4)
        assert await refused(shop) == "FORKED"
        assert await renewed(chain, shop) == 1
        assert told_twice(chain) == []
        assert at_hub(chain) == [1, 2, 3, 4]
        lasts = {epoch: last for epoch, (_, last) in shop.agent._box.retained().items()}
        assert lasts == {1: said, 2: 3, 3: 1}
