"""A customer's whole page on the tablet in their own hands, with no line at all: what they read is what staff see."""

import re

import httpx

from tests.staff_ui.house import DAY_MS, Place, own_token
from tests.staff_ui.test_mypage import BIRTHDAY, CARD, answer, page_of, visit_of

PURPOSES = ("saving", "recognition", "profiling", "contact")


def blocks(page: str, inside: str) -> list[tuple[str, str]]:
    """Label and value of a list of fields, as they stand there."""
    listed = page.split(inside, 1)[1].split("</dl>", 1)[0]
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", listed, re.DOTALL)
    return [(label, value) for label, value in found]


def handed(place: Place, *purposes: str) -> tuple[httpx.Client, str]:
    """A tablet that somebody got into their hands by a tap and their birthday; no centre answers."""
    place.de_vries(birthday=BIRTHDAY, purposes=purposes or PURPOSES)
    place.tap(CARD)
    tablet = place.signed_in()
    page_of(place, tablet)
    place.phone(CARD)
    assert 'data-step="wrong"' in answer(place, tablet, act="here", day="1", month="1")
    answer(place, tablet, act="here", day="12", month="3")
    return tablet, tablet.get("/own").text


def test_without_a_line_they_read_their_wallet_who_has_what_who_looked_and_nothing_else_opens(
    place: Place,
) -> None:
    tablet, page = handed(place)
    assert "<h1>mevrouw De Vries</h1>" in page
    assert ("Punten", "1.400") in blocks(page, "data-saved>")
    uses = dict(re.findall(r'data-use="(\w+)">.*?<span>(.*?)</span>', page, re.DOTALL))
    assert list(uses) == ["recognition", "profiling", "contact", "saving"]
    assert uses["recognition"] == "Van Dam, Amersfoort. Tot u stopt."
    assert "afgesproken" in uses["saving"]
    assert "data-looks" not in page, "nobody had their card open"
    for path in ("/", f"/visits/{visit_of(place)}", "/search"):
        assert tablet.get(path).headers["location"] == "/join"
    assert tablet.get("/join").headers["location"] == "/own"
    assert place.rows("SELECT what, reason FROM deed WHERE what='own_page'") == [("own_page", "strong")]


def test_exactly_what_staff_see_is_what_the_tablet_of_staff_shows(place: Place) -> None:
    _, page = handed(place)
    staff = place.signed_in()
    visit = f"/visits/{visit_of(place)}"
    staff.post(f"{visit}/profile", data={"own": own_token(staff.get(f"{visit}/profile").text), "why": "help"})
    closer = blocks(staff.get(f"{visit}/profile").text, '<dl class="fields">')
    assert blocks(page, 'data-seen="fields">') == closer
    assert len(closer) == 7
    card = staff.get(visit).text.split("data-card", 1)[1].split("</article>", 1)[0]
    said = blocks(page, 'data-seen="card">')
    assert "Na een tik op Advies ook: uw laatste aankopen" in page
    assert len(said) >= 4
    for _, value in said:
        for text in re.split(r"\s*</?small>\s*", value):
            assert text in card, text


def test_a_stop_in_their_hands_is_gone_from_every_other_tablet_and_waits_for_the_line(place: Place) -> None:
    tablet, page = handed(place)
    colleague = place.signed_in()
    assert "mevrouw De Vries" in colleague.get("/visits").text
    own = own_token(page)
    stopped = tablet.post("/own/stop", data={"own": own, "purpose": "recognition", "recipient": "van-dam"})
    assert stopped.headers["location"] == "/own"
    assert "De Vries" not in colleague.get("/visits").text
    page = tablet.get("/own").text
    assert "De Vries" not in page
    assert "Niets: u wordt hier niet herkend." in page
    assert ("Punten", "1.400") in blocks(page, "data-saved>"), "points stay"
    kinds = [kind for (kind,) in place.rows("SELECT kind FROM outbox ORDER BY seq")]
    assert "consent_withdrawn" in kinds
    tablet.post("/own/stop", data={"own": own, "purpose": "all"})
    assert re.findall(r'name="purpose" value="(\w+)"', tablet.get("/own").text) == []
    held = place.rows("SELECT purpose FROM consent WHERE state='withdrawn' ORDER BY purpose")
    assert held == [("contact",), ("profiling",), ("recognition",)]


def test_what_ends_before_long_is_said_to_its_owner_and_to_staff_who_look_closer(place: Place) -> None:
    place.de_vries(until_ms=place.now_ms() + 400 * DAY_MS)
    place.clock.both_by_ms += 380 * DAY_MS
    place.tap(CARD)
    staff = place.signed_in()
    visit = f"/visits/{visit_of(place)}"
    staff.post(f"{visit}/profile", data={"own": own_token(staff.get(f"{visit}/profile").text), "why": "help"})
    assert "Vraag of het mag blijven." in staff.get(f"{visit}/profile").text
    page_of(place, staff)
    place.phone(CARD)
    answer(place, staff, act="here")
    use = staff.get("/own").text.split('data-use="recognition"', 1)[1].split("</li>", 1)[0]
    assert "dat is al gauw" in use


def test_a_tablet_in_nobodys_hands_stops_nothing(place: Place) -> None:
    handed(place)
    colleague = place.signed_in()
    own = own_token(colleague.get(f"/visits/{visit_of(place)}/stop").text)
    assert colleague.post("/own/stop", data={"own": own, "purpose": "all"}).status_code == 410
    assert colleague.get("/own").status_code == 410
    assert place.rows("SELECT purpose FROM consent WHERE state='withdrawn'") == []


def test_it_speaks_english_and_says_who_looked_by_role_alone(place: Place) -> None:
    place.de_vries(birthday=BIRTHDAY)
    place.tap(CARD)
    staff = place.signed_in()
    staff.get("/visits")
    visit = f"/visits/{visit_of(place)}"
    staff.post(f"{visit}/profile", data={"own": own_token(staff.get(f"{visit}/profile").text), "why": "help"})
    page_of(place, staff)
    place.phone(CARD)
    answer(place, staff, act="here", day="12", month="3")
    page = staff.get("/own?language=en").text
    assert "A member of staff saw your data up close" in page
    assert "Reason: help" in page
    assert "Anna" not in page.split("data-looks", 1)[1]
