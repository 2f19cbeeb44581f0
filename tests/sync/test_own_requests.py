"""What a customer asks for in a shop is carried out at the hub: first, once there is a line, and under its rules."""

from pathlib import Path
from sqlite3 import Connection
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from edge import own_requests
from edge.app import open_edge
from edge.config import Config, Hub, Shop, Store
from edge.facts import Fact
from edge.guests import tables as guests
from edge.kit.sqlite import Database
from edge.own_requests import Request
from edge.refusals import REST_S, Refusals
from edge.staff.deeds import Doer
from sync import own_request, wire
from sync.hub import stays
from sync.hub.hq import fleet
from sync.hub.people import NewCustomer
from sync.hub.wishes import DAY_S, Wishes
from sync.own_request import OwnRequest
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, SECRETS, Centre, customer, now_ms, open_centre
from tests.sync.test_appliance import appliance, shown

pytestmark = pytest.mark.anyio
DOER, VISIT = Doer(b"s" * 16, b"t" * 32), b"v" * 16


async def said(db: object, kind: own_request.Kind, *, at_ms: int = 0, **words: str) -> Request:
    """A customer asks for it, with a phone that they unlocked, and no line."""
    at = at_ms or now_ms()
    reader = db.reader  # type: ignore[attr-defined]
    body = own_requests.sealed(reader, ANNA, words, kek=SECRETS.kek, at_ms=at) if words else b""
    asked = Request(ANNA, kind, "unlocked", at, body)
    if kind == "forget":
        await db.write(own_requests.forget, asked, doer=DOER, visit_id=VISIT)  # type: ignore[attr-defined]
    else:
        await db.apply(own_requests.correct, asked, doer=DOER, visit_id=VISIT)  # type: ignore[attr-defined]
    return asked


def posts(client: httpx.AsyncClient) -> list[str]:
    """Where it sends what, from now on."""
    sent: list[str] = []

    async def note(request: httpx.Request) -> None:
        if request.method == "POST":
            sent.append(request.url.path)

    client.event_hooks["request"].append(note)
    return sent


def customers(centre: Centre) -> int:
    return int(centre.hub.db.reader.execute("SELECT count(*) FROM customer", {}).fetchone()[0])


async def test_a_wish_of_a_day_without_a_line_is_carried_out_before_any_fact_and_gone_in_the_shop(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer(), customer(BRAM, name="Bram", number="2")])
        await agent.once()
        await said(db, "name", name="Anna de Vries")
        asked = await said(db, "forget")
        assert own_requests.of(db.reader, ANNA) == {"forget"}, "the name does not matter any more"
        assert "name" not in shown(db), "off the screens here at once"
        sent = posts(centre.client)
        await agent.once()
        assert [path for path in sent if path in (own_request.PATH, wire.EVENTS_PATH)] == [
            own_request.PATH,
            wire.EVENTS_PATH,
        ]
        assert customers(centre) == 1
        await agent.once()
        assert db.reader.execute("SELECT count(*) FROM own_request").fetchone() == (0,)
        keys = "SELECT count(*) FROM replica.customer_key WHERE customer_id=?"
        assert db.reader.execute(keys, (ANNA,)).fetchone() == (0,)
        # A box that was put back says it again.
        again = OwnRequest(customer_id=ANNA.hex(), kind="forget", shown="unlocked", at_ms=asked.at_ms)
        await own_request.ask(agent.asking, again)
        assert customers(centre) == 1


async def test_a_name_set_right_is_the_name_in_the_shop_unless_something_newer_was_said_since(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer()])
        await agent.once()
        await said(db, "name", name="mevrouw Jansen", at_ms=now_ms() + 1)
        await agent.once()
        name = shown(db)["name"]
        assert isinstance(name, dict)
        assert name["call"] == "mevrouw Jansen"
        await said(db, "name", name="mevrouw Eerder", at_ms=now_ms() - 86_400_000)
        await agent.once()
        assert shown(db)["name"] == name
        assert own_requests.of(db.reader, ANNA) == frozenset()


async def test_who_says_how_to_call_them_is_still_found_by_the_whole_name_of_headquarters(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        whole = {"call": "mevrouw De Vries", "short": "Marijke", "initials": "MV", "full": "Marijke de Vries"}
        await centre.hub.add_customers(
            ["s1"], [NewCustomer(ANNA, {"name": whole}, [("number", "1")], customer().consents)]
        )
        await agent.once()
        await said(db, "name", name="Marijke", at_ms=now_ms() + 1)
        await agent.once()
        name = shown(db)["name"]
        assert name == {"call": "Marijke", "short": "Marijke", "initials": "MV", "full": "Marijke de Vries"}


async def test_the_hub_takes_no_less_proof_than_its_own_page_and_of_no_other_shops_customer(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.hub.add_customers([], [customer(BRAM, name="Bram", number="2")])
        await agent.once()
        at = now_ms()
        body = own_requests.sealed(db.reader, ANNA, {"name": "Kwaad"}, kek=SECRETS.kek, at_ms=at).hex()
        wish = OwnRequest(customer_id=ANNA.hex(), kind="forget", shown="unlocked", at_ms=at)
        name = replace(wish, kind="name", sealed=body)
        for asked, code in (
            (replace(wish, shown="strong"), "NOT_SURE"),
            (replace(wish, shown="weak"), "NOT_SURE"),
            (replace(name, shown="weak"), "NOT_SURE"),
            (replace(wish, customer_id=BRAM.hex()), "NOT_RESIDENT"),
            (replace(wish, customer_id="09" * 16), "NOT_RESIDENT"),
            (replace(name, at_ms=at + 1), "BAD_BODY"),  # sealed for another moment
            (replace(name, kind="birthday"), "BAD_BODY"),
            (replace(name, sealed=""), "BAD_BODY"),
        ):
            with pytest.raises(wire.Refused) as caught:
                await own_request.ask(agent.asking, asked)
            assert caught.value.code == code, asked
        assert customers(centre) == 2
        await agent.once()
        assert shown(db)["name"] == "A. de Vries"


async def test_a_hub_of_before_stops_no_fact_and_gets_the_wish_when_it_is_newer(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        inner, old = httpx.ASGITransport(app=centre.hub.app), [True]
        now_s = [0.0]

        class Older(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                if old[0] and request.url.path == own_request.PATH:
                    request.url = request.url.copy_with(path="/sync/v1/unheard-of")
                return await inner.handle_async_request(request)

        async with (
            httpx.AsyncClient(transport=Older(), base_url="http://hub.test") as client,
            appliance(centre, client, Refusals(lambda: now_s[0])) as (db, agent),
        ):
            await centre.hub.add_customers(["s1"], [customer()])
            await agent.once()
            await said(db, "forget")
            for _ in range(2):
                await agent.once()
            withdrawn = "SELECT count(*) FROM event WHERE kind='consent_withdrawn'"
            assert centre.hub.db.reader.execute(withdrawn, {}).fetchone()[0] > 0
            assert centre.said.count("own_request_refused") == 1
            assert customers(centre) == 1
            old[0], now_s[0] = False, REST_S
            await agent.once()
            assert customers(centre) == 0


@pytest.mark.parametrize("online", [True, False])
async def test_a_whole_shop_asks_at_once_with_a_line_and_without_one_as_soon_as_there_is(
    tmp_path: Path, online: bool
) -> None:
    config = Config(
        shop=Shop(id="s1", recipient=HERE),
        store=Store(state=tmp_path / "edge"),
        hub=Hub(url="http://hub.test", device="box-1"),
    )
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        opening = open_edge(config, keys=SECRETS, readers=[], hub_transport=centre.line, log=centre.said)
        async with opening as edge:
            assert edge.agent
            await edge.agent.once()
            house = edge.house
            house.health.online = online
            await said(house.db, "forget")
            assert house.own_page.carries
            await house.own_page.carry_out()
            assert (customers(centre), own_requests.of(house.db.reader, ANNA)) == (
                (0, frozenset()) if online else (1, {"forget"})
            )
            await edge.agent.once()
            assert (customers(centre), own_requests.of(house.db.reader, ANNA)) == (0, frozenset())


async def test_a_disk_that_is_full_when_the_hub_carried_it_out_is_as_good_as_no_line_and_ends_nothing(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer()])
        await agent.once()
        await said(db, "forget")
        await full_at_done(db)
        with pytest.raises(wire.Unreachable) as caught:
            await agent.once()
        assert (caught.value.code, customers(centre)) == ("S01", 0)
        await db.apply(lambda conn: conn.execute("DROP TRIGGER full"))
        await agent.once()
        assert own_requests.of(db.reader, ANNA) == frozenset()


async def test_what_the_hub_refused_is_asked_for_again_after_an_hour_or_when_it_is_said_anew(
    tmp_path: Path,
) -> None:
    now_s = [0.0]
    refusals = Refusals(lambda: now_s[0])
    async with open_centre(tmp_path) as centre, appliance(centre, refusals=refusals) as (db, agent):
        await centre.hub.add_customers([], [customer()])
        await agent.once()
        sent = posts(centre.client)

        async def asked() -> int:
            await agent.once()
            return sent.count(own_request.PATH)

        await said(db, "forget")
        assert [await asked() for _ in range(3)] == [1, 1, 1]
        now_s[0] = REST_S
        assert [await asked(), await asked()] == [2, 2]
        await said(db, "forget", at_ms=now_ms() + 1)
        assert [await asked(), await asked()] == [3, 3]
        assert centre.said.count("own_request_refused") == 1
        assert [box.why for box in await fleet.boxes(centre.hub) if "wishes" in box.why]
        await centre.hub.db.apply(let_in, ANNA)
        now_s[0] += REST_S
        await agent.once()
        assert (customers(centre), own_requests.of(db.reader, ANNA)) == (0, frozenset())


@pytest.mark.parametrize("shop", ["s1", "s2"])
async def test_the_hubs_own_word_of_a_stay_forgets_a_guest_who_left_or_whom_it_forgot_and_no_other_shops(
    tmp_path: Path, shop: str
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers([], [customer()])
        await agent.once()
        at = now_ms()
        stay = stays.word(KEYS, shop, ANNA, since_ms=at)
        await db.apply(guests.put, ANNA, since_ms=at, stay=stay)
        await said(db, "forget")
        await db.apply(guests.drop, ANNA)
        await agent.once()
        done: tuple[int, frozenset[str]] = (0, frozenset())
        assert (customers(centre), own_requests.of(db.reader, ANNA)) == (
            done if shop == "s1" else (1, {"forget"})
        )


async def test_a_shop_has_so_many_customers_forgotten_a_day_each_in_the_log_and_no_more(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (_, agent):
        people = [number.to_bytes(16) for number in range(1, 5)]
        named = [customer(each, number=f"CHAIN-{number}") for number, each in enumerate(people)]
        await centre.hub.add_customers(["s1"], named)
        now_s = [0.0]
        centre.hub.wishes = Wishes(2, now_s=lambda: now_s[0])

        async def asked(who: bytes) -> str:
            wish = OwnRequest(customer_id=who.hex(), kind="forget", shown="unlocked", at_ms=now_ms())
            try:
                await own_request.ask(agent.asking, wish)
            except wire.Refused as error:
                return error.code
            return "done"

        assert [await asked(each) for each in people] == ["done", "done", "FORGETS_MANY", "FORGETS_MANY"]
        assert await asked(people[0]) == "done", "who is forgotten already takes nothing of it"
        lines = [given for event, given in centre.said.lines if event == "forgotten_in_shop"]
        assert lines == [{"device": "box-1"}] * 2
        assert ["wishes" in box.why for box in await fleet.boxes(centre.hub)] == [True]
        now_s[0] = DAY_S
        assert [await asked(each) for each in people[2:]] == ["done", "done"]
        assert customers(centre) == 0


def let_in(conn: Any, customer_id: bytes) -> None:
    given = {"id": customer_id, "at": now_ms()}
    conn.execute("INSERT INTO residency VALUES (:id, 's1', 'home', :at)", given)


async def full_at_done(db: Database[Fact]) -> None:
    """From now on the disk has no room for taking a wish out."""
    ((pages,),) = db.reader.execute("PRAGMA main.page_count").fetchall()

    def fill(conn: Connection) -> None:
        conn.execute("CREATE TABLE hog (bytes BLOB)")
        conn.execute(
            "CREATE TRIGGER full AFTER DELETE ON own_request BEGIN INSERT INTO hog VALUES (zeroblob(9999999)); END"
        )
        conn.execute(f"PRAGMA main.max_page_count={pages + 100}")

    await db.apply(fill)
