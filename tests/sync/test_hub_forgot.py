"""A hub that was put back forgot more than facts: what it sent to shops, and the numbers that it gave their boxes."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path

import httpx
import pytest

from edge import centre, missing
from edge.consent.facts import ConsentGiven
from edge.keys import Keys as Secrets
from edge.recognition.rules import hashes
from edge.wallet import acts
from sync import wire
from sync.hub import consents, devices, lost
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.people import NewCustomer
from sync.hub.tables import fleet, hooks
from sync.standing import DEVICE_PATH
from tests.fresh import lay_hub
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, Said, device
from tests.sync.shop import Liar
from tests.sync.wallets import Shop, saver

pytestmark = pytest.mark.anyio
CARD = "LOYALTY-0002"


class Chain(httpx.AsyncBaseTransport):
    """A hub that can be put back in this process, and two shops that talk with whichever of its lives it is in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shops: list[Shop] = []
        self.stale = False  # whether a proxy gives what it gave before to who asks the same
        self._said: dict[str, bytes] = {}
        self.held: dict[
            str, tuple[asyncio.Event, asyncio.Event]
        ] = {}  # a page of this part: read, and let go
        self._open = AsyncExitStack()
        self._rest = AsyncExitStack()
        lay_hub(folder / "hub")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await httpx.ASGITransport(app=self.hub.app).handle_async_request(request)
        if held := self.held.pop(request.url.params.get("part", ""), None):
            held[0].set()
            await held[1].wait()
        if not request.url.path.startswith(DEVICE_PATH):
            return answer
        question = {name: request.url.params[name] for name in ("epoch", "seq")}
        if self.stale and (before := self._said.get(str(question))):
            return await Liar(body=before).handle_async_request(request)
        body = self._said[str(question)] = await answer.aread()
        return await Liar(status=answer.status_code, body=body).handle_async_request(request)

    async def start(self, *, put_back: bool = False) -> None:
        opening = open_hub(Config(self._folder / "hub", KEYS), log=Said(), put_back=put_back)
        self.hub: Hub = await self._open.enter_async_context(opening)

    async def add_shop(self, name: str) -> None:
        key = name.encode().ljust(32, b"*")
        shop = Shop.__new__(Shop)
        shop.name, shop.folder = name, self._folder / name
        shop.secrets = Secrets(
            shop_key=key, chain_key=KEYS.chain_key, kek=key, pin_pepper=key, device_key=key
        )
        box = device(f"box-{name}", name, key=shop.signing)
        await self.hub.db.apply(devices.register, KEYS, device=box, shop_key=key)
        shop.client = await self._rest.enter_async_context(
            httpx.AsyncClient(transport=self, base_url="http://hub.test", timeout=PATIENT_S)
        )
        await shop.start()
        self._rest.push_async_callback(lambda: shop.db.close())
        self.shops.append(shop)

    def back_up(self) -> None:
        _copy(self._folder / "hub" / "hub.db", self._folder / "backup")

    async def put_back(self) -> None:
        await self._open.aclose()
        for path in (self._folder / "hub").glob("hub.db*"):
            path.unlink()
        _copy(self._folder / "backup", self._folder / "hub" / "hub.db")
        await self.start(put_back=True)

    async def settle(self) -> None:
        for _ in range(3):
            for shop in self.shops:
                await shop.agent.once()

    def lines(self) -> list[int]:
        rows = self.hub.db.reader.execute("SELECT delta FROM ledger WHERE why<>'opening'")
        return sorted(delta for (delta,) in rows)


def _copy(file: Path, to: Path) -> None:
    with closing(sqlite3.connect(file)) as ours, closing(sqlite3.connect(to)) as theirs:
        ours.backup(theirs)


@asynccontextmanager
async def chain_of(folder: Path, *names: str) -> AsyncGenerator[Chain, None]:
    chain = Chain(folder)
    try:
        await chain.start()
        for name in names:
            await chain.add_shop(name)
        await chain.hub.add_customers(names, [saver(ANNA, points=100)])
        await chain.settle()
        yield chain
    finally:
        await chain._rest.aclose()
        await chain._open.aclose()


def with_card(somebody: bytes, card: str) -> NewCustomer:
    new = saver(somebody)
    return NewCustomer(somebody, new.traits, [("number", card)], new.consents)


async def earn(shop: Shop, amount: int) -> None:
    asked = shop.asked(ANNA, shop.name.encode() + amount.to_bytes(14))
    act = partial(acts.earn, asked=asked, instrument="points", amount=amount, here=shop.here)
    assert (await shop.db.write(act)).facts


def named(shop: Shop, customer_id: bytes) -> list[str]:
    """The tables of both files in which somebody stands in any column."""
    found = []
    for file in ("main", "replica"):
        names = shop.db.reader.execute(f"SELECT name FROM {file}.sqlite_schema WHERE type='table'").fetchall()
        for (name,) in names:
            words = [
                each.encode() if isinstance(each, str) else each
                for row in shop.db.reader.execute(f"SELECT * FROM {file}.{name}").fetchall()
                for each in row
                if isinstance(each, bytes | str)
            ]
            if any(customer_id in word or customer_id.hex().encode() in word for word in words):
                found.append(f"{file}.{name}")
    return found


async def test_whoever_was_erased_leaves_also_a_shop_that_the_backup_does_not_know_to_have_heard_of_them(
    tmp_path: Path,
) -> None:
    async with chain_of(tmp_path, "s1", "s2") as chain:
        chain.back_up()
        # A customer of after the backup: both shops hear that they said no, and that their card is lost.
        await chain.hub.add_customers(["s1", "s2"], [with_card(BRAM, CARD)])
        await chain.hub.change(consents.withdraw, BRAM, purpose="recognition", recipient=HERE, now_ms=1)
        await chain.hub.change(lost.block, KEYS, kind="number", value=CARD, now_ms=1)
        await chain.settle()
        for shop in chain.shops:
            assert {"main.consent", "main.credential"} <= set(named(shop, BRAM))
        await chain.hub.erase(BRAM)  # and neither shop hears that before the hub is lost
        await chain.put_back()
        await chain.settle()
        for shop in chain.shops:
            assert named(shop, BRAM) == []


def said_again(chain: Chain) -> list[tuple[str, str, bytes]]:
    """Shop, kind and customer of every "no" that the hub heard from a shop."""
    return chain.hub.db.reader.execute(
        """
        SELECT d.shop_id, e.kind, e.customer_id FROM event AS e JOIN device AS d ON d.id=e.device_id
        WHERE e.kind IN ('consent_withdrawn', 'credential_blocked') ORDER BY 1, 2, 3
        """
    ).fetchall()


async def test_a_hub_that_was_put_back_hears_once_what_it_may_lack_and_tells_what_was_new(
    tmp_path: Path,
) -> None:
    async with chain_of(tmp_path, "s1", "s2") as chain:
        s2 = chain.shops[1]
        await chain.hub.add_customers(["s1"], [with_card(BRAM, CARD)])
        # Of Anna everybody knows already; of Bram, a guest in s2, only that shop does.
        await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        await chain.settle()
        kinds = frozenset({"consent.withdrawn", "card.blocked"})
        await chain.hub.db.apply(
            hooks.add_hook, hooks.Hook("hook", "https://127.0.0.1:9/", kinds, b"", None, None, None, None)
        )
        chain.back_up()
        card = hashes(KEYS.chain_key, s2.secrets.shop_key, "qr", CARD)
        assert card
        for statement, values in (
            (
                "INSERT INTO consent VALUES (?, 'recognition', ?, 'consent', 1, 'withdrawn', 1, NULL, 0)",
                (BRAM, HERE),
            ),
            (
                "INSERT INTO credential (hash, customer_id, state) VALUES (?, ?, 'blocked')",
                (card.outer, BRAM),
            ),
        ):
            await s2.db.apply(lambda conn, of=(statement, values): conn.execute(*of))
        await chain.put_back()
        # A crash while all was being dropped.
        box = s2.agent._box
        await s2.db.apply(centre.forget_some_of_replica, most=1_000)
        await chain.settle()
        again = [("s2", "consent_withdrawn", BRAM), ("s2", "credential_blocked", BRAM)]
        assert said_again(chain) == sorted(again)
        read = chain.hub.db.reader.execute
        assert read("SELECT state FROM credential").fetchall() == [("blocked",)]
        messages = "SELECT count(*) FROM webhook_message"
        assert read(messages).fetchone() == (2,)
        # Compared once more, it lacks nothing: it hears that again, and has nothing to tell.
        await box.start_over(box.hub_epoch(), empty=True)
        await chain.settle()
        assert said_again(chain) == sorted(again * 2)
        assert read(messages).fetchone() == (2,)


async def pages_come(chain: Chain, order: str, customer_id: bytes) -> None:
    """`U`, `M`: the hub reads a page of the urgent and the main partition; `u`, `m`: it comes; `E`: the erasure."""
    (shop,) = chain.shops
    pulls: dict[str, tuple[asyncio.Task[bool], asyncio.Event]] = {}
    for each in order:
        if each == "E":
            await chain.hub.erase(customer_id)
        elif each.isupper():
            part = f"shop:{shop.name}" + (":urgent" if each == "U" else "")
            read, go = chain.held[part] = asyncio.Event(), asyncio.Event()
            pulls[each] = asyncio.create_task(shop.agent._pull(part, wait_s=0)), go
            await read.wait()
        else:
            pull, go = pulls[each.upper()]
            go.set()
            await pull


async def test_in_whatever_order_pages_come_nothing_stays_of_who_is_erased_while_all_is_fetched_anew(
    tmp_path: Path,
) -> None:
    async with chain_of(tmp_path, "s1") as chain:
        (shop,) = chain.shops
        box = shop.agent._box
        for number, order in enumerate(("MEUum", "MEUmu", "UEMmu", "UEMum", "MUEum", "MUEmu")):
            somebody, card = bytes([number + 49]) * 16, f"LOYALTY-{number + 10:04}"
            await chain.hub.add_customers(["s1"], [with_card(somebody, card)])
            await chain.hub.change(
                consents.withdraw, somebody, purpose="recognition", recipient=HERE, now_ms=1
            )
            await chain.hub.change(lost.block, KEYS, kind="number", value=card, now_ms=1)
            await shop.agent.once()
            await box.start_over(box.hub_epoch(), empty=True)
            await pages_come(chain, order, somebody)
            if order in ("MEUum", "UEMmu"):  # the other lane had said so: this page of before is too late
                assert named(shop, somebody) == [], order
            await shop.agent.once()
            assert named(shop, somebody) == [], order


@asynccontextmanager
async def heard_since_the_backup(folder: Path) -> AsyncGenerator[tuple[Chain, Shop], None]:
    """A shop that said two things, the second after the backup."""
    async with chain_of(folder, "s1") as chain:
        (shop,) = chain.shops
        await shop.enter(ANNA)
        await earn(shop, 1)
        await shop.agent.once()
        chain.back_up()
        await earn(shop, 2)
        await shop.agent.once()
        yield chain, shop


@asynccontextmanager
async def bram_came_after_the_backup(folder: Path) -> AsyncGenerator[tuple[Chain, Shop], None]:
    """A shop where both customers were; the hub has a backup that knows Anna alone."""
    async with chain_of(folder, "s1") as chain:
        (shop,) = chain.shops
        chain.back_up()
        await chain.hub.add_customers(["s1"], [saver(BRAM, points=7)])
        await chain.settle()
        for who in (ANNA, BRAM):
            await shop.enter(who)
        await chain.settle()
        yield chain, shop


async def test_a_box_and_a_hub_that_were_both_put_back_know_nobody_who_was_erased_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, "AT_ONCE", 1)
    async with bram_came_after_the_backup(tmp_path) as (chain, shop):
        for name in ("journal", "replica"):
            _copy(shop.folder / f"{name}.db", tmp_path / name)
        await chain.hub.erase(BRAM)
        await chain.settle()
        assert named(shop, BRAM) == []
        await chain.put_back()
        await chain.settle()
        await shop.db.close()
        for name in ("journal", "replica"):
            for each in shop.folder.glob(f"{name}.db*"):
                each.unlink()
            _copy(tmp_path / name, shop.folder / f"{name}.db")
        await shop.start()
        assert "visit" in {each.partition(".")[2] for each in named(shop, BRAM)}
        await chain.settle()
        assert named(shop, BRAM) == []
        assert named(shop, ANNA)
        bodies = chain.hub.db.reader.execute("SELECT body FROM event WHERE kind='customer_missed'").fetchall()
        assert bodies == [(b"{}",)]


async def test_a_yes_of_whom_a_hub_that_was_put_back_does_not_know_here_is_asked_again(
    tmp_path: Path,
) -> None:
    async with bram_came_after_the_backup(tmp_path) as (chain, shop):
        for who in (ANNA, BRAM):
            yes = ConsentGiven(who, "analytics", HERE, 1, None, "", b"a" * 16, shop.clock.wall_ms())
            await shop.db.write(told, yes)
        await chain.settle()
        assert "main.consent" in named(shop, BRAM)
        await chain.put_back()
        await chain.settle()
        assert "main.consent" not in named(shop, BRAM)
        assert "main.consent" in named(shop, ANNA)


def told(_: sqlite3.Connection, yes: ConsentGiven) -> list[ConsentGiven]:
    return [yes]


async def renewed(chain: Chain, device_id: str) -> int:
    return await chain.hub.db.apply(devices.renew, device_id)


async def test_what_was_said_under_an_older_number_is_said_again_though_the_hub_gives_out_a_number_twice(
    tmp_path: Path,
) -> None:
    async with heard_since_the_backup(tmp_path) as (chain, shop):
        assert await renewed(chain, "box-s1") == 2
        await earn(shop, 4)
        await shop.agent.once()
        assert chain.lines() == [1, 2, 4]
        await chain.put_back()
        # A person does so before the box is on the line: nothing says which number it has.
        assert await renewed(chain, "box-s1") == 2
        await chain.settle()
        assert chain.lines() == [1, 2, 4]
        assert shop.balances(ANNA).points == 107
        facts = "SELECT count(*), count(DISTINCT hash) FROM event"
        count = chain.hub.db.reader.execute(facts).fetchone()
        await earn(shop, 8)
        await chain.settle()
        assert chain.lines() == [1, 2, 4, 8]
        assert chain.hub.db.reader.execute(facts).fetchone() == (count[0] + 1, count[0] + 1)


async def test_a_hub_that_was_put_back_gives_a_box_a_number_above_the_one_that_it_says_it_has(
    tmp_path: Path,
) -> None:
    async with heard_since_the_backup(tmp_path) as (chain, shop):
        await renewed(chain, "box-s1")
        for amount in (4, 8):
            await earn(shop, amount)
            await shop.agent.once()
            await renewed(chain, "box-s1")
        await earn(shop, 16)
        await shop.agent.once()
        assert shop.agent._box.epoch() == 4
        await chain.put_back()
        with pytest.raises(wire.Refused, match="epoch"):
            await shop.agent.once()
        assert fleet.ahead(chain.hub.db.reader) == {"box-s1"}
        assert await renewed(chain, "box-s1") == 5
        assert fleet.ahead(chain.hub.db.reader) == set()
        await chain.settle()
        assert chain.lines() == [1, 2, 4, 8, 16]
        assert shop.balances(ANNA).points == 131


async def test_what_the_hub_said_of_a_history_before_it_was_put_back_is_no_answer_after_it(
    tmp_path: Path,
) -> None:
    async with heard_since_the_backup(tmp_path) as (chain, shop):
        await shop.agent.pushing.standing(1, shop.agent._box.retained()[1][1])
        await shop.agent.pushing.standing(1, 0)
        await chain.put_back()
        chain.stale = True
        with pytest.raises(wire.Unreachable, match="another question"):
            await shop.agent.once()
        chain.stale = False
        await chain.settle()
        assert chain.lines() == [1, 2]
