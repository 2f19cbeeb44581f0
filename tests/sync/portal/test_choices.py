"""Yes, no, stop and again on the customer's own page: a touch each; and the receipt of what was chosen."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge.consent.records import Party, hash_of
from tests.sync.dpv import wrong
from tests.sync.portal.place import HERE, Place, open_place, press

DAY_MS = 86_400_000
FORM = re.compile(r'<form method="post" action="(/portal/[a-z]+)">(.*?)</form>', re.DOTALL)
VAN_DAM = Party(HERE, "Van Dam B.V.", "franchise", "Langestraat 1, Amersfoort", "Balie")
SOCKS = Party("sokken", "De Sokkenfabriek", "partner", "Hof 2, Ede", "Post")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub", parties={HERE: VAN_DAM, "sokken": SOCKS}) as opened:
        yield opened
        assert [event for event, _ in opened.said if event == "request_died"] == []


def touches(page: str, purpose: str, action: str, **fields: str) -> list[int]:
    """How many touches each form of this choice takes that does this: its button, and what is filled in before."""
    found = []
    for where, form in FORM.findall(page):
        given = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        if where == action and given.get("purpose") == purpose and fields.items() <= given.items():
            asked = len(re.findall(r'<(?:select|textarea|input (?!type="hidden"))', form))
            found.append(form.count("<button") + asked)
    return found


def test_yes_no_stop_again_and_longer_are_a_touch_each_and_an_end_none(place: Place) -> None:
    place.add(purposes=("saving", "recognition"), until_ms=place.hub.now_ms() + 20 * DAY_MS)
    phone = place.inside()
    page = phone.get("/portal").text
    grant = touches(page, "contact", "/portal/allow", state="none")
    refuse = touches(page, "contact", "/portal/stop")
    withdraw = touches(page, "recognition", "/portal/stop")
    renew = touches(page, "recognition", "/portal/allow", state="given")
    press(phone, "/portal/stop", purpose="recognition", recipient=HERE)
    again = touches(phone.get("/portal").text, "recognition", "/portal/allow", state="withdrawn")
    assert grant == refuse == withdraw == renew == again == [1]
    # A yes that ended by itself needs nobody; it can be given again as easily.
    place.clock.by_ms += 30 * DAY_MS
    assert touches(phone.get("/portal").text, "recognition", "/portal/allow") == [1]


def test_a_no_to_what_was_never_asked_is_kept_and_not_asked_again(place: Place) -> None:
    place.add(purposes=("saving",))
    phone = place.inside()
    assert 'data-open="profiling"' in phone.get("/portal").text
    press(phone, "/portal/stop", purpose="profiling", recipient=HERE)
    press(phone, "/portal/allow", purpose="contact", recipient=HERE, gen="0", state="none")
    page = phone.get("/portal").text
    assert 'data-open="profiling"' not in page
    assert place.rows("SELECT purpose, state FROM consent_event ORDER BY purpose") == [
        ("contact", "given"),
        ("profiling", "refused"),
    ]
    ((until_ms,),) = place.rows("SELECT until_ms FROM consent WHERE purpose='contact'")
    assert 364 * DAY_MS < until_ms - place.hub.now_ms() <= 365 * DAY_MS
    # Without the register that they saw there is nothing to say yes to twice.
    answer = press(phone, "/portal/allow", purpose="contact", recipient=HERE, gen="0", state="none")
    assert "changed=1" in answer.headers["location"]


def test_a_partner_is_asked_for_by_name_and_one_that_comes_later_anew(place: Place) -> None:
    place.add()
    phone = place.inside()
    assert "De Sokkenfabriek" not in place.inside().get("/portal/data").text
    press(phone, "/portal/allow", purpose="partners", recipient="sokken", gen="0", state="none")
    assert "De Sokkenfabriek" in phone.get("/portal/data").text
    for nobody in ("veters", HERE):
        answer = press(phone, "/portal/allow", purpose="partners", recipient=nobody, gen="0", state="none")
        assert answer.status_code == 403
    assert place.rows("SELECT recipient FROM consent WHERE purpose='partners'") == [("sokken",)]


def test_what_rests_on_the_agreement_is_never_asked_and_never_stopped(place: Place) -> None:
    place.add(purposes=("saving",))
    phone = place.inside()
    for path in ("/portal/stop", "/portal/allow"):
        answer = press(phone, path, purpose="saving", recipient=HERE, gen="0", state="none")
        assert answer.status_code == 403
    place.add(b"\xc3" * 16, number="3", purposes=())
    assert "data-open" not in place.inside(b"\xc3" * 16).get("/portal").text.replace(
        'data-open="partners"', ""
    )


def receipt_of(phone: httpx.Client, purpose: str) -> str:
    """The address of the receipt of a purpose, as their page links to it."""
    found = re.findall(
        r'href="(/portal/receipts/[0-9a-f-]{36})" aria-label="[^:]*: ([^"]+)"', phone.get("/portal/data").text
    )
    return str(next(address for address, title in found if title == purpose))


def test_a_receipt_can_be_read_printed_and_taken_by_programs(place: Place) -> None:
    place.add()
    phone = place.inside()
    press(phone, "/portal/allow", purpose="contact", recipient=HERE, gen="0", state="none")
    address = receipt_of(phone, "Berichten")
    page = phone.get(address).text
    assert "Van Dam B.V." in page
    assert "u zei ja." in page
    assert "Op uw eigen pagina." in page
    read = re.findall(r"<p data-read>(.*?)</p>", page)
    assert "Van Dam mag u berichten sturen." in " ".join(read)
    answer = phone.get(f"{address}/json")
    assert answer.headers["content-type"].startswith("application/ld+json")
    made = json.loads(answer.text)
    assert wrong(made) == []
    notice = made["dpv:hasRecordOfActivity"][0]["dpv:hasNotice"][-1]
    digest = notice["dct:identifier"].removeprefix("sha256:")
    text = place.phone().get(f"/portal/notices/{digest}").text
    assert hash_of(text).hex() == digest
    assert text.split("\n") == read
    assert phone.get(f"{address}/kantara").json()["version"] == "KI-CR-v1.1.0"


def test_a_receipt_of_somebody_else_is_as_one_that_there_is_not(place: Place) -> None:
    place.add()
    address = receipt_of(place.inside(), "Herkennen")
    place.add(b"\xc3" * 16, number="3")
    other = place.inside(b"\xc3" * 16)
    for path in (
        address,
        f"{address}/json",
        f"{address}/kantara",
        "/portal/receipts/none",
        "/portal/notices/zz",
    ):
        assert other.get(path).status_code == 404
    assert place.phone().get(address).status_code == 401


def test_a_child_is_asked_nothing_that_nobody_may_say_yes_to(place: Place) -> None:
    place.add(purposes=("saving", "recognition", "profiling"))
    phone = place.inside()
    assert 'data-open="partners"' in phone.get("/portal").text
    press(phone, "/portal/stop", purpose="profiling", recipient=HERE)
    place.holds("age_band", "under16")  # a shop said so only now
    page = phone.get("/portal").text
    assert 'data-open="partners"' not in page
    assert touches(page, "profiling", "/portal/allow") == []
    assert "Onder de 16 vragen wij dit niet." in page
    assert touches(page, "recognition", "/portal/stop") == [1]
    phone.headers["accept-language"] = "fr"  # the page's own language holds, also for a refusal
    gen, state = place.state("profiling")
    said = press(phone, "/portal/allow", purpose="profiling", recipient=HERE, gen=str(gen), state=state)
    assert (said.status_code, said.headers["content-type"].split(";")[0]) == (422, "text/html")
    assert "Dat kan pas vanaf 16" in said.text
    assert place.state("profiling") == (gen, "withdrawn")
    partner = press(phone, "/portal/allow", purpose="partners", recipient="sokken", gen="0", state="none")
    assert partner.status_code == 403
    assert place.rows("SELECT count(*) FROM consent WHERE purpose='partners'") == [(0,)]


def test_a_yes_that_a_child_had_is_stopped_and_not_made_longer(place: Place) -> None:
    place.add(purposes=("saving", "profiling"))
    phone = place.inside()
    place.holds("age_band", "under16")
    page = phone.get("/portal").text
    assert touches(page, "profiling", "/portal/stop") == [1]
    assert touches(page, "profiling", "/portal/allow") == []


def test_a_childs_yes_is_said_by_a_parent_by_name_and_their_no_by_themselves(place: Place) -> None:
    place.add(purposes=("saving", "recognition"))
    phone = place.inside()
    place.holds("age_band", "under16")
    shown = phone.get("/portal").text
    asks = shown.split('<div class="ask parent">', 1)[1].split("</div>", 1)[0]
    assert 'name="parent"' in asks
    assert "Die is hier nu bij, en leest mee." in asks
    asked = {"purpose": "contact", "recipient": HERE, "gen": "0", "state": "none"}
    for nobody in ({}, {"parent": "06 1234"}):
        refused = press(phone, "/portal/allow", **asked, **nobody)
        assert (refused.status_code, "Onder de 16 zegt een ouder ja" in refused.text) == (422, True)
    assert place.rows("SELECT 1 FROM consent WHERE purpose='contact'") == []
    assert press(phone, "/portal/allow", **asked, parent=" Mirjam  de Boer ").status_code == 303
    assert place.rows("SELECT by_whom FROM consent_event WHERE state='given'") == [("parent",)]
    assert place.rows("SELECT count(*) FROM trait WHERE name='guardian'") == [(1,)]
    assert press(phone, "/portal/stop", purpose="contact", recipient=HERE).status_code == 303
    assert place.state("contact")[1] == "withdrawn"
