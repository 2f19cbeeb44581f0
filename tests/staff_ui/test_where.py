"""Where somebody stands is said of who asked to be found, while they are here, and each look is written down."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from drivers.reader import Sighting, Token
from edge.config import Presence
from edge.consent import acts as consent
from edge.presence.tracker import Reading
from staff_ui.pages.machine import BY_RADIO
from tests.patience import PATIENT_S
from tests.staff_ui.house import Place, now_of, open_place
from tests.staff_ui.opened import MovedClock
from tests.staff_ui.test_customer import CARD, visit_of
from tests.staff_ui.test_fobs import CODE, do

FLOOR = """
[[zones]]
id = "schoenen"
entrance = true
[[scanners]]
id = "g1"
zone = "schoenen"
"""


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Place]:
    """A shop that lets staff look customers up."""
    (tmp_path / "floor.toml").write_text(FLOOR)
    clock = MovedClock()
    clock.at_hour(10)
    presence = Presence(floor=tmp_path / "floor.toml", finding=True)
    with open_place(tmp_path / "state", clock=clock, presence=presence) as opened:
        opened.staff()
        yield opened


def is_heard(place: Place) -> None:
    """Their fob is heard at the shoes, often enough to be somebody who came in."""
    radio = place.house.radio
    assert radio is not None
    ((id_,),) = place.rows("SELECT id FROM beacon")
    token = Token("eid", id_.hex(), "strong", {"scanner": "g1", "rssi_dbm": -50})

    async def hear() -> None:
        await radio.on_sighting(Sighting("gateways", datetime.now(UTC), "near", token))
        for step in range(4):
            at_s = place.now_ms() / 1000 + step
            await radio.nearby.hear(at_s, [Reading(at_s, "g1", id_.hex(), -50.0)])

    place.run(hear())


def looks(place: Place) -> int:
    return int(place.rows("SELECT count(*) FROM view_log WHERE purpose='finding'")[0][0])


@pytest.mark.parametrize("asked", [True, False])
def test_only_who_asked_to_be_found_is_and_the_look_is_in_the_log(found: Place, asked: bool) -> None:
    found.de_vries()
    found.tap(CARD)
    tablet = found.signed_in()
    found.tap(CODE)
    assert "Ja, zoek mij op" in do(tablet, found, look="1").text
    do(tablet, found, yes="1", period="year", **({"finding": "1"} if asked else {}))
    is_heard(found)
    page = tablet.get(f"/visits/{visit_of(found)}/where").text
    assert ("schoenen" in page) == asked
    assert ("niet gevraagd om gevonden te worden" in page) != asked
    assert looks(found) == int(asked)
    text = httpx.get(f"{found.url}/metrics", timeout=PATIENT_S).text
    assert 'welkom_scanner_up{scanner="g1"} 1' in text
    assert "welkom_near 1" in text
    assert {name for name in BY_RADIO if f"\n{name}" in text} == set(BY_RADIO)


def test_a_stop_closes_it_at_once_and_who_is_gone_is_not_found(found: Place) -> None:
    customer_id = found.de_vries()
    found.tap(CARD)
    tablet = found.signed_in()
    found.tap(CODE)
    do(tablet, found, yes="1", period="stop", finding="1")
    address = f"/visits/{visit_of(found)}/where"
    assert "Niet te vinden" in tablet.get(address).text
    is_heard(found)
    seen, again = (tablet.get(f"{address}?quiet=1").text for _ in range(2))
    assert "schoenen" in seen
    assert now_of(seen) == now_of(again)
    found.withdraw(customer_id, "finding")
    gone = tablet.get(f"{address}?quiet=1").text
    assert "schoenen" not in gone
    assert now_of(gone) != now_of(seen)  # so the page that stands on a tablet goes at the next poke


def test_who_may_no_longer_be_located_is_not_found_though_they_asked_for_that(found: Place) -> None:
    customer_id = found.de_vries()
    found.tap(CARD)
    tablet = found.signed_in()
    found.run(
        found.house.db.write(
            consent.give,
            customer_id,
            purpose="location",
            recipient=found.house.config.shop.recipient,
            until_ms=found.now_ms() + 10_000,
            staff_id=bytes(16),
            now_ms=found.now_ms(),
        )
    )
    found.tap(CODE)
    do(tablet, found, yes="1", period="stop", finding="1")
    is_heard(found)
    address = f"/visits/{visit_of(found)}/where"
    assert "schoenen" in tablet.get(address).text
    found.clock.both_by_ms += 11_000
    assert "schoenen" not in tablet.get(address).text
    radio = found.house.radio
    assert radio is not None
    assert radio.nearby.tracker.stays()  # nothing said so to the tracker: they were not heard since
