"""A customer's cards on the tablet: by kind and day, blocked by two touches, replaced in one."""

import hmac
import re

import httpx

from edge.counter import Counter
from edge.recognition.rules import hashes
from tests.staff_ui.house import DE_VRIES, Place, now_of, own_token
from tests.staff_ui.test_customer import CARD, visit_of
from tests.staff_ui.test_join import NEW, bind, note_of


def path_of(place: Place) -> str:
    """Of whoever was seen last."""
    (visit_id,) = place.rows("SELECT id FROM visit ORDER BY seen_ms DESC")[0]
    return f"/visits/{visit_id.hex()}/cards"


def post(tablet: httpx.Client, path: str, **fields: str) -> httpx.Response:
    own = own_token(tablet.get(path).text)
    return tablet.post(path, data={"own": own, **fields}, follow_redirects=True)


def handles(page: str) -> list[str]:
    return re.findall(r'name="card" value="(\w+)"', page)


def test_cards_are_listed_by_kind_and_day_and_never_by_number(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    assert path_of(place) in tablet.get(f"/visits/{visit_of(place)}/profile").text
    page = tablet.get(path_of(place)).text
    assert "Streepjescode" in page
    assert "Sinds 1 jan 1970" in page
    keys = place.house.keys
    card = hashes(keys.chain_key, keys.shop_key, "barcode", CARD)
    assert card
    for trace in (CARD, card.inner.hex(), card.outer.hex()):
        assert trace not in page
    assert place.rows("SELECT purpose, reason FROM view_log") == [("recognition", "")]


def test_a_lost_card_is_blocked_by_two_touches_and_opens_nothing_any_more(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet, path = place.signed_in(), path_of(place)
    (handle,) = handles(tablet.get(path).text)
    sure = post(tablet, path, card=handle).text
    assert "Blokkeren: Streepjescode" in sure
    assert "Het tegoed blijft staan" in sure
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='credential_blocked'") == [(0,)]
    done = post(tablet, path, card=handle, sure="yes")
    assert "Geblokkeerd. Hier meteen" in done.text
    assert handles(done.text) == []
    assert "Blokkeren" not in post(tablet, path, card=handle).text
    place.clock.both_by_ms += 3_000
    place.tap(CARD)
    assert [note.kind for note in place.house.counter.notes.now()] == ["blocked"]
    assert "Deze kaart is geblokkeerd." in tablet.get("/visits").text
    deeds = place.rows("SELECT s.name, d.what, d.reason FROM deed AS d JOIN staff AS s ON s.id=d.staff_id")
    assert ("Anna Kok", "block_card", "lost") in deeds
    assert CARD not in repr(place.events)


def test_another_customers_card_cannot_be_named(place: Place) -> None:
    place.de_vries()
    place.customer("77", name={"call": "Joost", "short": "Joost"})
    place.tap("77")
    tablet = place.signed_in()
    (theirs,) = handles(tablet.get(path_of(place)).text)
    place.clock.both_by_ms += 3_000
    place.tap(CARD)
    path = path_of(place)
    for named in (theirs, "00", "", hmac.new(b"", CARD.encode(), "sha256").hexdigest()[:24]):
        assert "Blokkeren" not in post(tablet, path, card=named, sure="yes").text
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='credential_blocked'") == [(0,)]


def test_a_new_card_in_place_of_a_lost_one_is_one_act_and_the_balance_stays(place: Place) -> None:
    customer = place.de_vries()
    tablet = place.signed_in()
    place.phone(NEW)
    note = note_of(place)
    sure = bind(tablet, note, customer=customer.hex()).text
    assert "In plaats van<small>Streepjescode. Sinds" in sure
    old = re.findall(r'name="lost" value="(\w+)"', sure)
    assert bind(tablet, note, customer=customer.hex(), sure="yes", lost="00").status_code == 200
    assert place.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert bind(tablet, note, customer=customer.hex(), sure="yes", lost=old[0]).status_code == 303
    kinds = [kind for (kind,) in place.rows("SELECT kind FROM outbox ORDER BY seq")]
    assert kinds[:3] == ["credential_bound", "credential_blocked", "visit_started"]
    page = tablet.get(f"/visits/{visit_of(place)}/wallet").text
    assert "1.400" in page
    assert 'value="spend"' in page  # their phone was just held there
    listed = tablet.get(path_of(place)).text
    assert "Telefoon, eigen app" in listed
    assert "Geblokkeerd" in listed
    place.clock.both_by_ms += 3_000
    place.tap(CARD)
    assert place.house.counter.notes.now()[0].kind == "blocked"


def test_the_question_whether_to_block_a_card_stays_until_something_of_their_cards_changes(
    place: Place,
) -> None:
    customer = place.de_vries()
    tablet = place.signed_in()
    place.phone(NEW)
    assert bind(tablet, note_of(place), customer=customer.hex(), sure="yes").status_code == 303
    path = path_of(place)
    first, second = handles(tablet.get(path).text)
    sure = post(tablet, path, card=first).text
    assert now_of(sure) == now_of(tablet.get(f"{path}?quiet=1").text)  # as the page asks on each poke
    post(place.signed_in(), path, card=second, sure="yes")
    assert now_of(sure) != now_of(tablet.get(f"{path}?quiet=1").text)


def test_a_badge_that_is_removed_chooses_nobody(place: Place) -> None:
    manager = place.signed_in("Bram de Wit")
    (staff_id,) = place.rows("SELECT id FROM staff WHERE name='Anna Kok'")[0]

    def act(path: str) -> None:
        own = own_token(manager.get("/manage").text)
        assert manager.post(path, data={"own": own, "staff": staff_id.hex()}).status_code == 303

    assert "/manage/badge/remove" not in manager.get("/manage").text
    act("/manage/badge")
    place.tap("badge 7")
    assert "/manage/badge/remove" in manager.get("/manage").text
    act("/manage/badge/remove")
    place.clock.both_by_ms += 60_000
    place.tap("badge 7")
    counter: Counter = place.house.counter
    assert counter.badges.tapped(now_ms=place.now_ms()) == ""
    assert [note.kind for note in counter.notes.now()] == ["stranger"]
    assert place.rows("SELECT what FROM deed ORDER BY at_ms, rowid") == [("bind_badge",), ("remove_badge",)]
    anna = place.signed_in()
    own = own_token(anna.get("/look").text)
    assert anna.post("/manage/badge/remove", data={"own": own, "staff": "00"}).status_code == 403


def test_who_is_not_recognised_shows_no_cards(place: Place) -> None:
    place.customer("8", name=DE_VRIES, purposes=("saving",))
    place.tap("8")
    assert place.signed_in().get("/visits/" + "00" * 16 + "/cards").status_code == 410
