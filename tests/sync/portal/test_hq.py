"""Headquarters' pane: what the hub hears and knows, in sentences, for this machine alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from edge.catalogue.rules import Product
from edge.kit.errors import ConfigError
from sync import wire
from sync.hub import catalogue
from sync.hub.portal.security import headers
from sync.signing import DeviceAuth
from tests.patience import PATIENT_S
from tests.sync.centre import DEVICE_KEY
from tests.sync.portal.hearing import count, pokes
from tests.sync.portal.place import ANNA, BRAM, DAY_MS, Place, open_place


@contextmanager
def on_the_line(place: Place) -> Iterator[httpx.Client]:
    """The shop's box, which signs its requests."""
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=place.clock.wall_ms)
    with httpx.Client(base_url=place.url, auth=auth, timeout=PATIENT_S) as client:
        yield client


def until(place: Place, text: str) -> str:
    client = place.phone()
    for _ in range(400):
        shown = client.get("/hq").text
        if text in shown:
            return shown
        time.sleep(0.05)
    raise AssertionError(text)


def test_an_empty_hub_says_what_will_be_there(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub") as place:
        shown = place.phone().get("/hq").text
        assert "Nog niets. Wat de winkels melden, staat meteen hier." in shown
        assert "Alles is gebruikt." not in shown
        assert "Nog niets gehoord." in shown
        assert "0 klanten zijn hier bekend." in shown
        assert 'href="/hq?language=en"' in shown
        assert 'href="/hq?language=nl"' in place.phone().get("/hq?language=en").text


def test_facts_residents_and_dead_letters_are_counted(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2")
    for _ in range(3):
        place.shows()
    place.sends("nonsense", {})
    shown = place.phone().get("/hq").text
    assert "4 meldingen, de laatste om " in shown
    assert "1 melding kunnen wij niet gebruiken." in shown
    assert "2 klanten zijn hier bekend." in shown
    assert "De Vries" not in shown
    english = place.phone().get("/hq?language=en").text
    assert "4 messages, the last at " in english
    place.clock.by_ms += 3 * DAY_MS
    assert "de laatste op " in place.phone().get("/hq").text


def test_what_nobody_filled_in_stands_there_once_a_shop_asked_for_it_until_it_is_filled_in(
    place: Place,
) -> None:
    def put(**more: str) -> None:
        product = Product("jas-1", "Regenjas Eem", 8_995, sizes=("M",), care="30 graden", **more)

        place.run(place.hub.db.apply(catalogue.put_products, [product]))

    put()
    assert "Regenjas Eem" not in place.phone().get("/hq").text
    place.sends("product_gap_met", {"item": "jas-1", "lacking": ["origin", "place"]})
    place.sends("product_gap_met", {"item": "never-heard-of", "lacking": ["origin"]})
    assert (
        "Regenjas Eem: beschrijving, herkomst, duurzaamheid, plek in de winkel"
        in place.phone().get("/hq").text
    )
    assert "Gevraagd en niet ingevuld" in place.phone().get("/hq").text
    put(description="Droog.", origin="Portugal", sustainability="Hersteld in de winkel", place="Wand 2")
    assert "Regenjas Eem" not in place.phone().get("/hq").text
    place.sends("product_gap_met", {"item": "jas-1", "lacking": []})
    assert "1 melding kunnen wij niet gebruiken." in place.phone().get("/hq").text


def test_one_customers_balances_are_for_the_demos_stage_alone(place: Place) -> None:
    place.add()
    assert "1.400" not in place.phone().get(f"/hq?customer={ANNA.hex()}").text


def test_one_customers_balances_are_shown_as_the_hub_knows_them_and_nothing_else_of_anybody(
    tmp_path: Path,
) -> None:
    with open_place(tmp_path / "stage", frame_ancestors=("http://127.0.0.1:8443",)) as place:
        _shows_one(place)


def _shows_one(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2", purposes=("recognition",), points={"balance": 77})
    shown = place.phone().get(f"/hq?customer={ANNA.hex()}").text
    assert "<b>1.400</b> punten" in shown
    assert "Nog 1 stempel tot gratis impregneren" in shown
    assert "Laatst veranderd om " in shown
    assert "/hq?language=" not in shown  # the stage has a menu of its own
    assert "De Vries" not in shown
    for nobody in (BRAM.hex(), "00" * 16, "", "zz", "é", "a" * 5000):
        without = place.phone().get("/hq", params={"customer": nobody}).text
        assert "Van deze klant is hier geen saldo bekend." in without
        assert "77" not in without.split("<main")[1]


def test_a_box_on_the_line_is_said_to_be_there_and_a_box_that_left_when_it_was_last_heard(
    place: Place,
) -> None:
    part = f"{wire.FEED_PATH}?part={wire.main_part('s1')}&after=0&limit=10&wait=20"
    with pokes(place.phone(), "/hq/live") as heard:
        with on_the_line(place) as box:
            assert box.get(part.replace("wait=20", "wait=0")).status_code == 200
            with pytest.raises(httpx.ReadTimeout):
                box.get(part, timeout=1.5)
        shown = until(place, "Nu niet verbonden")
        assert "Laatst gehoord om " in shown
        assert count(heard, 3)  # when it opened, when the box came, when the box was gone


def test_a_box_that_polls_is_connected(place: Place) -> None:
    import threading

    part = f"{wire.FEED_PATH}?part={wire.main_part('s1')}&after=0&limit=10&wait=20"

    def poll() -> None:
        with on_the_line(place) as box:
            box.get(part)

    polling = threading.Thread(target=poll, daemon=True)
    polling.start()
    until(place, "Nu verbonden")
    place.add()  # a row ends the poll
    polling.join(20)
    assert not polling.is_alive()


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "hub.example"},
        {"host": "127.0.0.1.example"},
        {"x-forwarded-for": "10.0.0.1"},
        {"forwarded": "for=10.0.0.1"},
        {"via": "1.1 proxy"},
    ],
)
def test_the_pane_is_for_this_machine_alone(place: Place, headers: dict[str, str]) -> None:
    for path in ("/hq", "/hq/live"):
        answer = place.phone().get(path, headers=headers)
        assert answer.status_code == 403
        assert "Amersfoort" not in answer.text


def test_a_stage_that_is_named_may_frame_the_pages_and_nobody_else(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub", frame_ancestors=("http://127.0.0.1:8443",)) as place:
        for path in ("/portal", "/hq"):
            found = place.phone().get(path).headers
            assert "frame-ancestors http://127.0.0.1:8443; " in found["content-security-policy"]
            assert found["cross-origin-resource-policy"] == "cross-origin"
    for wrong in ("*", "http://a; script-src *", "http://a/b", "'self'", "a b"):
        with pytest.raises(ConfigError):
            headers((wrong,))
