"""The fleet: what boxes say of themselves, what is made of it, and the page that shows it."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import wire
from sync.hub import consents, receipts
from sync.hub import devices as enrolled
from sync.hub.contacts import Reached
from sync.hub.hq import fleet
from sync.hub.tables import devices
from sync.hub.tables import fleet as tables
from sync.hub.tables.overview import DeviceFacts
from sync.receipt import Receipt, signed
from sync.signing import DeviceAuth
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, DEVICE_KEY, HERE, KEYS, device
from tests.sync.hq.desk import Desk
from tests.sync.portal.place import Place, open_place

WELL: dict[str, Any] = {
    "version": "0.2.0",
    "clock_ms": 1_000_000,
    "urgent": 3,
    "main": 10,
    "disk_free_mb": 20_000,
    "readers": [wire.ReaderHealth("counter-1")],
}


STARTS = wire.ReaderHealth("counter-1", fleet.STARTING)


def box(
    *,
    contact_ms: int | None = 1_000_000,
    connected: bool = True,
    dead: int = 0,
    ahead: bool = False,
    starting: bool = False,
    **status: Any,
) -> fleet.Box:
    said = wire.Status(**{**WELL, **status}) if contact_ms is not None else None
    return fleet.judged(
        DeviceFacts("box-1", "s1", 5, contact_ms, dead),
        said,
        connected=connected,
        contact_ms=contact_ms,
        lag_rows=None if said is None else 10 - said.main,
        receipts=0 if said is None else 3 - said.urgent,
        clock_off_ms=None if said is None else said.clock_ms - 1_000_000,
        forked=False,
        ahead=ahead,
        starting=starting,
        old=False,
        now_ms=1_000_500,
    )


@pytest.mark.parametrize(
    ("given", "mood", "why"),
    [
        ({}, "well", ()),
        ({"contact_ms": None, "connected": False}, "out", ("never",)),
        ({"contact_ms": 800_000, "connected": False, "clock_ms": 1_000_000}, "out", ("silent",)),
        ({"contact_ms": 900_000, "connected": False}, "well", ()),
        ({"trouble": "S01"}, "out", ("trouble",)),
        ({"readers": [wire.ReaderHealth("counter-1", "gone")]}, "look", ("reader",)),
        ({"readers": [STARTS], "starting": True}, "starting", ()),
        ({"readers": [STARTS, wire.ReaderHealth("door", "gone")], "starting": True}, "look", ("reader",)),
        ({"readers": [STARTS], "starting": True, "disk_free_mb": 900}, "look", ("disk",)),
        ({"readers": [STARTS]}, "look", ("reader",)),
        ({"outbox": 4, "outbox_oldest_s": 121}, "look", ("stuck",)),
        ({"urgent": 2}, "look", ("receipts",)),
        ({"clock_ms": 1_300_001}, "look", ("clock",)),
        ({"disk_free_mb": 900, "dead": 1}, "look", ("disk", "dead")),
        ({"ahead": True}, "out", ("parted",)),
    ],
    ids=str,
)
def test_what_somebody_has_to_look_at_is_named(
    given: dict[str, Any], mood: str, why: tuple[str, ...]
) -> None:
    found = box(**given)
    assert (found.mood, found.why) == (mood, why)


@contextmanager
def on_the_line(place: Place) -> Iterator[httpx.Client]:
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=place.clock.wall_ms)
    with httpx.Client(base_url=place.url, auth=auth, timeout=PATIENT_S) as client:
        yield client


def say(place: Place, **status: Any) -> None:
    given = {**WELL, "clock_ms": place.clock.wall_ms(), "urgent": 99, "main": 99, **status}
    with on_the_line(place) as client:
        answer = client.post(wire.STATUS_PATH, content=wire.encode_status(wire.Status(**given)))
    assert answer.status_code == 204, answer.text


def test_the_page_says_in_words_how_each_shop_does_and_follows_by_itself(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub") as place:
        client = place.phone()
        assert "Nog nooit iets gehoord." in client.get("/hq/fleet").text
        say(place)
        shown = client.get("/hq/fleet").text
        assert 'data-mood="well"' in shown
        assert "1 winkelkastje, en alles gaat goed." in shown
        assert "<dd>0.2.0</dd>" in shown
        assert 'data-live="/hq/live"' in shown
        readers = [wire.ReaderHealth("counter-1", "unplugged"), wire.ReaderHealth("counter-2")]
        say(place, readers=[*readers, wire.ReaderHealth("desk", "odd")], outbox=3, outbox_oldest_s=600)
        shown = client.get("/hq/fleet").text
        assert "Een kaartlezer doet het niet: counter-1 niet aangesloten, desk uit (odd)." in shown
        assert '<div class="ill"><dt>Lezers</dt><dd>1 van 3 werkt</dd></div>' in shown
        assert "3 meldingen, al 10 minuten" in shown
        assert (
            "A card reader does not work: counter-1 not plugged in"
            in client.get("/hq/fleet?language=en").text
        )
        assert client.get("/hq/fleet", headers={"x-forwarded-for": "10.0.0.1"}).status_code == 403


def row(place: Place, box_id: str = "box-1") -> str:
    """What the page says of one box."""
    page = place.phone().get("/hq/fleet").text
    return page.split(f'data-box="{box_id}"')[1].split("</section>")[0]


def test_what_keeps_a_box_from_its_work_is_said_with_what_mends_it(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub") as place:
        say(place, trouble="S01")
        assert "De schijf van het kastje is vol" in row(place)
        assert "Nu ingrijpen" in row(place)  # it is there, however badly it does
        assert " · S01 · " in row(place)
        say(place, trouble="S05", disk_free_mb=None)
        assert "<dt>Schijf</dt><dd>onbekend</dd>" in row(place)
        assert "welkom doctor" in row(place)
        assert "<code>" not in row(place)
        say(place, trouble="HUB_AHEAD")
        assert "<code>welkom enrol --config hub.toml --renew box-1</code>" in row(place)
        place.run(place.hub.db.apply(devices.mark_forked, "box-1", now_ms=1))
        # A new number alone the copy may take.
        assert "<code>welkom enrol --config hub.toml --shop s1 --device box-1</code>" in row(place)


def test_of_a_box_that_is_not_heard_the_page_says_since_when_and_that_the_rest_is_as_old(
    tmp_path: Path,
) -> None:
    with open_place(tmp_path / "hub") as place:
        say(place, clock_ms=place.clock.wall_ms() - 3 * 3_600_000)
        assert '<div class="ill"><dt>Klok</dt><dd>3 uur achter</dd></div>' in row(place)
        assert "Zo was het" not in row(place)
        say(place, readers=[wire.ReaderHealth("counter-1", "unplugged")])
        place.clock.by_ms += 5 * 3_600_000
        # It may be off as well as without a line; and how its reader is now nobody knows.
        assert "Al 5 uur niets gehoord. Staat het kastje aan? Dan werkt de winkel zonder ons door" in row(
            place
        )
        now, then = row(place).split("Zo was het toen we het laatst iets hoorden:")
        assert ("Een kaartlezer doet het niet" in now, "Een kaartlezer doet het niet" in then) == (
            False,
            True,
        )
        say(place, clock_ms=place.clock.wall_ms() - 3 * 3_600_000)
        place.clock.by_ms += 49 * 3_600_000
        assert "Ligt eruit" in row(place)
        assert "Al 2 dagen niets gehoord." in row(place)
        assert re.search(r"laatst gehoord op \d+ \w+ om \d\d:\d\d<", row(place))
        assert "Zo was het toen we het laatst iets hoorden:" in row(place)


def test_a_box_that_just_started_is_said_to_start_and_is_a_fault_only_where_it_goes_on(
    tmp_path: Path,
) -> None:
    with open_place(tmp_path / "hub") as place:

        def starts(*, after_ms: int = 0) -> str:
            place.clock.by_ms += after_ms
            say(place, readers=[STARTS])
            return row(place)

        shown = starts()
        assert 'data-mood="starting"' in place.phone().get("/hq/fleet").text
        assert "<b>Start op</b>" in shown
        assert "<div><dt>Lezers</dt><dd>counter-1 start op</dd></div>" in shown
        assert 'class="why"' not in shown
        assert "1 van 1 start op." in place.phone().get("/hq/fleet").text
        say(place)
        assert "Alles goed" in row(place)
        for _ in range(4):
            assert "<b>Start op</b>" in starts(after_ms=60_000)
        assert "Een kaartlezer doet het niet: counter-1 komt niet op gang." in starts(after_ms=60_000)
        assert "<b>Start op</b>" in starts(after_ms=86_400_000), "it was off meanwhile"


def test_shops_stand_by_what_they_need_and_then_by_name(tmp_path: Path) -> None:
    names = {"s1": "Zwolle", "s2": "’s-Hertogenbosch", "s3": "amersfoort", "s4": "Baarn"}
    with open_place(tmp_path / "hub", names=names) as place:
        for number in (2, 3, 4):
            other = device(f"box-{number}", f"s{number}", key=Ed25519PrivateKey.generate())
            place.run(
                place.hub.db.apply(enrolled.register, KEYS, device=other, shop_key=bytes([number]) * 32)
            )
        say(place)
        for path in ("/hq/fleet", "/hq"):
            shown = re.findall(r"<h2>(.*?)</h2>", place.phone().get(path).text)[:4]
            assert shown == ["amersfoort", "Baarn", "’s-Hertogenbosch", "Zwolle"], path


def large(place: Place, count: int = 14) -> None:
    """A fleet that nobody looks over without help; box 3 has a full disk, boxes 4 and 5 an older version."""

    def build(conn: Connection) -> None:
        for number in range(2, count + 1):
            other = device(f"box-{number}", f"s{number}", key=Ed25519PrivateKey.generate())
            enrolled.register(conn, KEYS, device=other, shop_key=bytes([number]) * 32)
        now_ms = place.hub.now_ms()
        for number in range(1, count + 1):
            given = {**WELL, "clock_ms": now_ms, "urgent": 99, "main": 99}
            given |= {3: {"trouble": "S01", "disk_free_mb": 0}}.get(number, {})
            given |= {"version": "0.1.9"} if number in (4, 5) else {}
            fleet.take(conn, f"box-{number}", said=wire.Status(**given), now_ms=now_ms)

    place.run(place.hub.db.apply(build))


def test_in_a_large_fleet_a_shop_is_found_by_name_and_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    names = {f"s{number}": f"Filiaal {number}" for number in range(1, 15)}
    with open_place(tmp_path / "hub", names=names) as place:
        client = place.phone()
        assert 'role="search"' not in client.get("/hq/fleet").text
        large(place)
        shown = client.get("/hq/fleet").text
        assert re.findall(r'data-box="(box-\d+)"', shown) == ["box-3", "box-4", "box-5"]
        assert "11 winkelkastjes: alles goed" in shown
        well = re.findall(r'data-brief="box-(\d+)"', shown)
        assert well == ["1", "2", *map(str, range(6, 15))], "9 before 10"
        assert "De schijf is bijna vol" not in shown, "it is full, which is said"
        assert re.findall(r"<a href=\"/hq/fleet\?language=nl&amp;why=(\w+)\">[^<]* (\d+)</a>", shown) == [
            ("trouble", "1"), ("disk", "1"), ("old", "2")
        ]  # fmt: skip
        assert re.findall(r'data-box="(box-\d+)"', client.get("/hq/fleet?why=old").text) == ["box-4", "box-5"]
        assert re.findall(r'data-box="(box-\d+)"', client.get("/hq/fleet?find=BOX-1").text) == ["box-1"]
        found = client.get("/hq/fleet?find=filiaal+1").text
        assert re.findall(r'data-box="(box-\d+)"', found) == ["box-1"]
        found = client.get("/hq/fleet?find=liaal+1").text
        assert re.findall(r'data-box="(box-\d+)"', found) == ["box-1", *(f"box-{n}" for n in range(10, 15))]
        assert "6 gevonden" in found
        assert "3 van 14 vragen aandacht." in found
        assert "Niets gevonden." in client.get("/hq/fleet?find=<b>&why=none").text


def test_a_status_that_is_none_or_of_nobody_is_refused(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub") as place:
        with on_the_line(place) as client:
            answer = client.post(wire.STATUS_PATH, content=b'{"version":"x"}')
            assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")
        assert place.phone().post(wire.STATUS_PATH, content=b"{}").status_code == 401


def test_a_lost_card_is_blocked_by_a_form_of_our_own_alone(place: Place) -> None:
    place.add(number="LOYALTY-0001")
    client = place.phone()
    client.follow_redirects = True
    form = client.get("/hq/cards").text
    own = form.split('name="own" value="')[1].split('"')[0]
    assert client.post("/hq/cards/block", data={"card": "LOYALTY-0001"}).status_code == 403
    wrong = client.post("/hq/cards/block", data={"own": own, "card": "LOYALTY-9"})
    assert 'data-done="nobody"' in wrong.text
    done = client.post("/hq/cards/block", data={"own": own, "card": " LOYALTY-0001 "})
    assert 'data-done="blocked"' in done.text
    assert "LOYALTY" not in str(done.url)
    (states,) = zip(*place.hub.db.reader.execute("SELECT state FROM credential").fetchall(), strict=True)
    assert "blocked" in states


@pytest.mark.anyio
async def test_the_agent_says_how_its_box_does_beside_its_work(desk: Desk) -> None:
    centre = desk.centre
    asked = 0

    def report() -> wire.Status:
        nonlocal asked
        asked += 1
        return wire.Status(version="0.3.0", clock_ms=desk.hub.now_ms())

    agent = centre.agent_of(centre.box, wall_ms=desk.hub.now_ms, report=report)
    running = asyncio.create_task(agent.run())
    try:
        for _ in range(int(PATIENT_S * 20)):
            if tables.last(desk.hub.db.reader, "box-1"):
                break
            await asyncio.sleep(0.05)
        assert tables.last(desk.hub.db.reader, "box-1")
    finally:
        running.cancel()
    assert asked == 1


@pytest.mark.anyio
async def test_a_receipt_is_open_until_the_box_has_signed_it_whatever_it_says_of_itself(desk: Desk) -> None:
    async def told() -> dict[str, Any]:
        box = desk.centre.box
        cursors = {"urgent": box.cursor("shop:s1:urgent"), "main": box.cursor("shop:s1")}
        said = wire.Status(version="0.2.0", clock_ms=desk.hub.now_ms(), **cursors)
        await desk.hub.db.apply(fleet.take, "box-1", said=said, now_ms=desk.hub.now_ms())
        (found,) = (await desk.ask("GET", "/api/v1/fleet"))["boxes"]
        return dict(found)

    await desk.centre.agent.once()
    assert (await told())["open_receipts"] == 0
    before = desk.centre.box.cursor("shop:s1:urgent")
    await desk.hub.change(
        consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=desk.hub.now_ms()
    )
    found = await told()
    assert (found["open_receipts"], found["feed_lag_rows"], found["why"]) == (1, 1, ["receipts"])
    await desk.centre.agent.once()
    assert desk.centre.box.cursor("shop:s1:urgent") > before
    assert (await told())["open_receipts"] == 1
    device = devices.device(desk.hub.db.reader, "box-1")
    assert device
    due = Receipt(part="shop:s1:urgent", cursor=before + 1, device="box-1", epoch=1)
    await desk.hub.db.apply(receipts.take, device, signed(due, DEVICE_KEY), now_ms=1)
    assert (await told())["open_receipts"] == 0


@pytest.mark.anyio
async def test_how_many_rows_a_box_lacks_goes_by_where_it_last_asked_from_whatever_it_said_before(
    desk: Desk,
) -> None:
    async def lag() -> object:
        (found,) = (await desk.ask("GET", "/api/v1/fleet"))["boxes"]
        return found["feed_lag_rows"]

    agent, main = desk.centre.agent, wire.main_part("s1")
    await agent.once()
    behind = desk.centre.box.cursor(main)
    assert behind > 0
    said = wire.Status(version="0.2.0", clock_ms=desk.hub.now_ms(), main=0)
    await desk.hub.db.apply(fleet.take, "box-1", said=said, now_ms=desk.hub.now_ms())
    assert await lag() == behind
    await agent.once()  # it asks for what follows the last row it has
    assert await lag() == 0
    desk.hub.contacts.asked("box-1", main, 0)  # as a box does that lost its replica
    assert await lag() == behind


def test_how_far_a_box_is_behind_goes_by_the_younger_of_what_it_said_and_where_it_asked_from() -> None:
    said = Reached(7, at_ms=100)
    assert fleet.behind(10, said=None, asked=None) is None
    assert fleet.behind(10, said=None, asked=Reached(4, at_ms=50)) == 6
    assert fleet.behind(10, said=said, asked=None) == 3
    assert fleet.behind(10, said=said, asked=Reached(4, at_ms=50)) == 3
    assert fleet.behind(10, said=said, asked=Reached(12, at_ms=150)) == 0
    assert fleet.behind(10, said=said, asked=Reached(0, at_ms=150)) == 10  # it begins anew
