"""Advice on the card and on its own page: never before the card, true, gone with the consent."""

from dataclasses import replace

from edge.advice.rules import DAY_MS
from tests.advice.shop import put_items
from tests.patience import PATIENT_S
from tests.rules.advice_shop import trait
from tests.staff_ui.advising import CARD, ITEMS, basket, suggested, tent_owner, visit_of, withdraw
from tests.staff_ui.house import DE_VRIES, Place, now_of, own_token
from tests.stories.shop import until


def test_the_card_has_one_line_and_the_page_three_with_reasons_and_the_data_behind(advised: Place) -> None:
    tent_owner(advised)
    books = [replace(each, category="boeken") if each.item == "gas-1" else each for each in ITEMS]
    advised.run(advised.house.db.apply(put_items, books, counted_ms=advised.now_ms() - DAY_MS))
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    assert tablet.get("/visits").text.count("data-suggestion") == 1
    page = tablet.get(f"/visits/{visit}/advice").text
    assert page.count("data-suggestion") == 3
    assert "Misschien iets bij Tent Vuurtoren 2: Grondzeil 2 personen. Vaak samen gekocht." in page
    assert "30 van de 31 keer samen met Tent Vuurtoren 2 gekocht, door 30 klanten." in page
    assert "Ongeveer om de 4 weken gekocht. Tot nu toe 4 keer, 4 weken geleden voor het laatst." in page
    assert "Nog 6 op voorraad, geteld op" in page
    assert "Ligt bij: wand 4" in page
    assert (
        page.count("De prijs ligt vast: bied geen korting aan (Wet op de vaste boekenprijs, artikel 6") == 1
    )
    assert "Waarom zie ik dit?" in page
    assert "Komt vaak terug" in page
    assert "Boeken: in 4 van de 5 aankopen, laatst 4 weken geleden" in page
    assert "Laatste aankopen" in page
    assert "12 dagen geleden" in page
    for never in ("Zelftest", "test-1", "Uitverkochte muts"):
        assert never not in page


def test_without_profiling_the_page_says_so_kindly_and_shows_what_is_popular(advised: Place) -> None:
    tent_owner(advised, purposes=("recognition",))
    advised.tap(CARD)
    visit = suggested(advised)
    page = advised.signed_in().get(f"/visits/{visit}/advice").text
    assert "geen persoonlijk advies, en dat is prima" in page
    assert "Veel gekocht bij ons" in page
    assert "Niets van deze klant." in page
    assert "Laatste aankopen" not in page
    assert "Komt vaak terug" not in page
    assert "Tent Vuurtoren 2: Grondzeil" not in page


def test_the_advice_follows_what_a_colleague_looks_up_for_whom_they_help(advised: Place) -> None:
    """Not before they help, not for who may not be profiled, not what is sensitive, and gone when it is left out."""
    lines = [basket(advised, days, "gas-1") for days in (120, 90, 60, 30)]
    advised.customer(CARD, name=DE_VRIES, baskets=trait(lines))
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    address = f"/visits/{visit}/advice"
    before = tablet.get(address).text
    assert "Druk op “Ik help”" in before
    assert "Misschien iets bij Tent" not in before
    assert "data-follows" not in tablet.get("/products/tent-2").text
    own = own_token(before)
    tablet.post(f"/visits/{visit}/help", data={"own": own})
    assert "data-follows" in tablet.get("/products/tent-2").text
    assert "data-follows" not in tablet.get("/products/test-1").text

    def page_says(sentence: str, there: bool) -> str:
        until(
            lambda: (sentence in tablet.get(address).text) == there,
            timeout_s=PATIENT_S,
            what=f"{sentence} {there}",
        )
        return tablet.get(address).text

    now = page_says("Bij wat de klant nu bekijkt: Tent Vuurtoren 2", there=True)
    assert "Misschien iets bij Tent Vuurtoren 2: Grondzeil 2 personen." in now
    assert "Gebruikt: Tent Vuurtoren 2 is nu in beeld." in now
    assert 'data-looking="tent-2"' in now
    assert 'data-suggestion="tent-2"' not in now
    assert "Zelftest" not in now
    scanned = {"own": own, "code": "sock-1", "symbology": "code_128", "for": "products"}
    assert tablet.post("/scan", data=scanned).headers["location"] == "/products"
    page_says('data-looking="sock-1"', there=True)
    tablet.post(address, data={"own": own, "item": "tent-2", "answer": "away"})
    page_says("Bij wat de klant nu bekijkt", there=False)
    assert "data-follows" in tablet.get("/products/tent-2").text
    withdraw(advised, "profiling")
    assert "data-follows" not in tablet.get("/products/tent-2").text


def test_what_is_said_or_put_away_is_told_to_the_hub_without_naming_staff(advised: Place) -> None:
    customer = tent_owner(advised)
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    address = f"/visits/{visit}/advice"
    own = own_token(tablet.get(address).text)
    said = tablet.post(address, data={"own": own, "item": "gas-1", "answer": "said"})
    assert said.status_code == 303
    assert "✓ Gezegd" in tablet.get(address).text
    gone = tablet.post(address, data={"own": own, "item": "sheet-2", "answer": "not_interested"})
    assert gone.status_code == 303
    assert "Grondzeil" not in tablet.get(address).text
    assert tablet.post(address, data={"own": own, "item": "sheet-2", "answer": "odd"}).status_code == 303
    assert tablet.post(address, data={"own": own, "item": "gas-1", "answer": "x"}).status_code == 403
    assert tablet.post(address, data={"item": "gas-1", "answer": "said"}).status_code == 403
    kinds = "SELECT kind, body FROM outbox WHERE kind LIKE 'suggestion%' ORDER BY seq"
    lines = advised.rows(kinds)
    assert [kind for kind, _ in lines] == ["suggestion_said", "suggestion_dismissed"]
    staff_ids = [bytes(staff_id).hex() for (staff_id,) in advised.rows("SELECT id FROM staff")]
    assert not any(each in str(lines) for each in staff_ids)
    assert advised.rows("SELECT customer_id, item FROM refusal") == [(customer, "sheet-2")]
    kept = "SELECT item, said, away FROM suggestion WHERE said OR away!='' ORDER BY item"
    assert advised.rows(kept) == [("gas-1", 1, ""), ("sheet-2", 0, "not_interested")]
    whole = b"".join(
        bytes(str(value), "utf-8") for row in advised.rows("SELECT * FROM suggestion") for value in row
    )
    tablets = [str(name) for (name,) in advised.rows("SELECT name FROM staff")]
    assert not any(each.encode() in whole for each in (*staff_ids, *tablets))


def test_looking_at_advice_is_logged_as_profiling_only_where_purchases_are_shown(advised: Place) -> None:
    tent_owner(advised)
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    looks = "SELECT role, purpose FROM view_log ORDER BY purpose"
    tablet.get("/visits")
    own = own_token(tablet.get("/look").text)
    tablet.post("/store/busy", data={"own": own, "busy": "on"})
    page = tablet.get(f"/visits/{visit}/advice").text
    assert "Nu geen suggesties." in page
    assert "Laatste aankopen" not in page
    for path in ("advice", "wallet", "profile"):
        assert f'href="/visits/{visit}/advice"' not in tablet.get(f"/visits/{visit}/{path}").text
    assert ("staff", "profiling") not in advised.rows(looks)
    tablet.post("/store/busy", data={"own": own, "busy": "off"})
    tablet.post(f"/visits/{visit}/alone", data={"own": own})
    page = tablet.get(f"/visits/{visit}/advice").text
    assert "Laatste aankopen" not in page
    assert "data-suggestion" not in page
    tablet.post(f"/visits/{visit}/alone", data={"own": own, "undo": "1"})
    for _ in range(2):
        assert "Laatste aankopen" in tablet.get(f"/visits/{visit}/advice").text
    assert advised.rows(looks).count(("staff", "profiling")) == 1


def test_a_card_that_is_full_leaves_the_offer_to_its_tab(advised: Place) -> None:
    advised.de_vries(baskets=trait([basket(advised, 12, "tent-2")]))
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    assert "data-suggestion" not in tablet.get("/visits").text
    assert "data-suggestion" in tablet.get(f"/visits/{visit}/advice").text


def test_a_page_of_nobody_and_one_without_advice_say_a_sentence(place: Place) -> None:
    tablet = place.signed_in()
    assert tablet.get(f"/visits/{'00' * 16}/advice").status_code == 410
    place.de_vries()
    place.tap(CARD)
    visit = visit_of(place)
    assert "Het advies wordt gemaakt." in tablet.get(f"/visits/{visit}/advice").text
    place.house.advisor.condition.down = True
    assert "Er is nu geen advies." in tablet.get(f"/visits/{visit}/advice").text
    place.house.advisor.enough = lambda visit_id: True
    assert "deze week al genoeg voorstellen" in tablet.get(f"/visits/{visit}/advice").text
    place.house.advisor.withheld = lambda visit_id: True
    assert "Nu geen suggesties." in tablet.get(f"/visits/{visit}/advice").text
    place.house.health.advice_down = True
    place.tell()
    until(
        lambda: "Er is nu geen advies." in tablet.get("/visits").text,
        timeout_s=PATIENT_S,
        what="the top line",
    )


def test_the_page_knows_whether_it_still_says_what_is_true(advised: Place) -> None:
    customer = tent_owner(advised)
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()

    def now() -> str:
        return now_of(tablet.get(f"/visits/{visit}/advice?quiet=1").text)

    shown = now()
    assert now() == shown
    advised.withdraw(customer, "profiling")
    assert now() != shown
    advised.withdraw(customer, "recognition")
    assert tablet.get(f"/visits/{visit}/advice?quiet=1").status_code == 410
