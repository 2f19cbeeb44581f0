"""The code for a customer's own phone: where the shop has a page, sealed for the hub, and counted when it worked."""

import re
from pathlib import Path

from edge import newcomers
from edge.config import Shop
from edge.joining import ticket
from edge.recognition.rules import hashes
from tests.staff_ui.house import Place, open_place, own_token

NEW = "2900000099999"
PAGE = "https://wallet.example"


def figures(place: Place) -> dict[str, int]:
    return dict(place.rows("SELECT name, count FROM day_count WHERE name IN ('invited', 'joined')"))


def test_without_a_page_of_the_customers_there_is_the_tablet_alone(place: Place) -> None:
    tablet = place.signed_in()
    start = tablet.get("/join/start").text
    assert "/join/phone" not in start
    assert tablet.post("/join/phone", data={"own": own_token(start), "note": ""}).status_code == 410


def test_the_code_carries_the_card_and_the_promise_and_whoever_came_by_it_is_counted(tmp_path: Path) -> None:
    shop = Shop(page=f"{PAGE}/", reward="koffie", benefit_nl="Vandaag: eerste stempel cadeau")
    with open_place(tmp_path, shop=shop) as place:
        place.staff()
        tablet = place.signed_in()
        place.tap(NEW)
        note = place.house.counter.notes.now()[0]
        start = tablet.get(f"/join/start?note={note.key}").text
        assert "Op de eigen telefoon" in start
        shown = tablet.post("/join/phone", data={"own": own_token(start), "note": note.key})
        assert shown.status_code == 200
        assert "<svg" in shown.text
        assert "Vandaag: eerste stempel cadeau" in shown.text
        address = newcomers.phone_address(place.house, note.card)
        keys, shop_id = place.house.keys, place.house.config.shop.id
        assert address.startswith(f"{PAGE}/portal/join/{shop_id}.")
        text = address.rsplit("/", 1)[1]
        found = ticket.read(keys.shop_key, text, now_ms=place.house.time.now_ms())
        card = hashes(keys.chain_key, keys.shop_key, "barcode", NEW)
        assert found is not None
        assert card is not None
        assert (found.card, found.reward, found.recipient) == (card.inner, "koffie", shop.recipient)
        assert not re.search(NEW, address)
        came = ticket.customer_of(keys.shop_key, text)
        for ids in ([came, b"x" * 16], [came]):
            place.run(newcomers.came(place.house, ids))
        assert figures(place) == {"invited": 1, "joined": 1}
