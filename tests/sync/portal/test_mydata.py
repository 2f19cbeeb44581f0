"""What the page says of a customer's data and what it does with them: right, taken along, overviewed, forgotten."""

import json
import re
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from edge.cli import main
from sync import bundle
from sync.hub import restored
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.portal import digest
from sync.hub.portal.pages import Pages
from sync.hub.portal.sheets import FOLDER
from sync.hub.sender import Post
from sync.wire import Malformed
from tests.patience import PATIENT_S
from tests.sync.portal.place import ANNA, BRAM, HERE, Place, open_place, own_token

POST = Post("file:post", "welkom@winkel.nl")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub", public=True, post=POST) as opened:
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


def press(client: httpx.Client, page: str, to: str, **fields: str) -> httpx.Response:
    return client.post(to, data={"own": own_token(client.get(page).text), **fields})


def saves(place: Place, *, points: int = 5) -> None:
    """The shop's box reports a purchase."""
    place.sends(
        "wallet_moved",
        {
            "line_id": f"{place.seq:032x}",
            "customer_id": ANNA.hex(),
            "instrument": "points",
            "delta": points,
            "why": "purchase",
        },
    )


def test_everybody_who_has_data_stands_with_what_for_and_until_when(place: Place) -> None:
    until_ms = place.hub.now_ms() + 400 * 86_400_000
    place.add(until_ms=until_ms)
    place.add(BRAM, number="2")
    phone = place.inside()
    shown = phone.get("/portal/data").text
    assert shown.count("data-party") == 1
    for text in ("Van Dam", "Herkennen", "uw naam, klant sinds", "Omdat u ja zei.", "Sinds ", ", tot "):
        assert text in shown, text
    press(phone, "/portal", "/portal/stop", purpose="profiling", recipient=HERE)
    assert "Gestopt, " in phone.get("/portal/data").text
    ((how, text),) = place.rows(
        "SELECT e.how, n.text FROM consent_event AS e JOIN notice AS n ON n.sha256=e.notice WHERE e.state='withdrawn'"
    )
    assert how == "portal"
    assert "Stop met advies" in text


def test_what_staff_see_is_what_the_purposes_allow_and_the_sources_say_where_it_came_from(
    place: Place,
) -> None:
    place.add()
    place.holds("baskets", {"baskets": [{"at_ms": place.hub.now_ms(), "items": ["1"]}]})
    saves(place)
    phone = place.inside()
    shown = phone.get("/portal/data").text
    seen = shown.split("data-seen")[1].split("</article>")[0]
    assert "mevrouw De Vries" in seen.lower() or "Mevrouw De Vries" in seen
    assert "1.405 punten" in seen
    assert "Na een tik op Advies ook: uw laatste aankopen" in seen
    assert "1 keer gespaard of besteed, het laatst in Amersfoort" in shown
    assert "Van het hoofdkantoor" in shown
    assert re.search(r"Aankopen · <b>gebruikt voor advies</b>", shown)
    assert "Wij bewaren 1 aankoop voor advies." in phone.get("/portal").text
    press(phone, "/portal", "/portal/stop", purpose="profiling", recipient=HERE)
    assert "gebruikt voor advies" not in phone.get("/portal/data").text
    assert "Wij bewaren 1 aankoop, en maken er geen advies van." in phone.get("/portal").text
    press(phone, "/portal", "/portal/stop", purpose="recognition", recipient=HERE)
    assert "Niets: hier wordt u niet herkend." in phone.get("/portal/data").text


def test_a_correction_reaches_the_shop_and_says_where_it_came_from(place: Place) -> None:
    place.add()
    phone = place.inside()
    before = place.rows("SELECT count(*) FROM feed WHERE t='customer'")
    assert (
        press(phone, "/portal/data", "/portal/correct", name="Joris")
        .headers["location"]
        .endswith("kept#correct")
    )
    assert (
        '<option value="">Dag</option>' in phone.get("/portal/data").text
    )  # nobody knows it, so none is shown
    press(phone, "/portal/data", "/portal/correct", day="12", month="3")
    assert "<option selected>12</option>" in phone.get("/portal/data").text
    assert place.rows("SELECT count(*) FROM feed WHERE t='customer'")[0][0] == before[0][0] + 2
    shown = phone.get("/portal/data").text
    assert shown.count("Door uzelf verbeterd") == 2
    assert "Joris" in phone.get("/portal").text
    for fields in (
        {"name": "x@y.nl"},
        {"day": "31", "month": "2"},
        {"day": "x", "month": "1"},
        {"day": "²", "month": "1"},
    ):
        answer = press(phone, "/portal/data", "/portal/correct", **fields)
        assert "kept" not in answer.headers["location"]
    press(phone, "/portal", "/portal/stop", purpose="recognition", recipient=HERE)
    assert 'name="day"' not in phone.get("/portal/data").text
    press(phone, "/portal/data", "/portal/correct", name="Toch")  # without a purpose it has no basis
    assert place.rows("SELECT count(*) FROM happening") == [(2,)]


def test_one_touch_stops_everything_and_one_renews(place: Place) -> None:
    now_ms = place.hub.now_ms()
    place.add(until_ms=now_ms + 20 * 86_400_000)
    phone = place.inside()
    place.clock.by_ms += 15 * 86_400_000
    assert 'id="renew-recognition-van-dam"' in phone.get("/portal").text
    press(phone, "/portal", "/portal/allow", purpose="recognition", recipient=HERE, gen="1", state="given")
    assert place.state() == (2, "given")
    ((until_ms,),) = place.rows("SELECT until_ms FROM consent WHERE purpose='recognition'")
    assert until_ms >= now_ms + 34 * 86_400_000
    assert [state for (state,) in place.rows("SELECT state FROM consent_event ORDER BY gen, granted")][
        -1
    ] == "renewed"
    press(phone, "/portal", "/portal/stop/all")
    states = dict(place.rows("SELECT purpose, state FROM consent"))
    assert states == {"saving": "given", "recognition": "withdrawn", "profiling": "withdrawn"}


def copied(phone: httpx.Client) -> tuple[bytes, list[str]]:
    answer = phone.get("/portal/download")
    assert answer.headers["content-disposition"].startswith('attachment; filename="welkom-')
    return answer.content, phone.get("/portal/keys").json()["ed25519"]


def test_the_copy_opens_with_the_published_key_alone(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.add()
    saves(place)
    place.shows()
    file, keys = copied(place.inside())
    recipe: dict[str, Any] = {"__name__": "recipe"}
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(source, recipe)  # what the page of documentation tells another wallet to do
    content = recipe["opened"](file, keys[0])
    assert content == bundle.opened(file, keys)
    assert content["traits"]["points"]["value"]["balance"] == 1405
    lines = [(each["why"], each["delta"]) for each in content["ledger"] if each["instrument"] == "points"]
    assert lines == [("purchase", 5), ("opening", 1400)]
    assert {each["kind"] for each in content["history"]} == {"wallet_moved", "card_shown"}
    assert content["receipt"]["@type"] == "dpv:ConsentReceipt"
    schema = json.loads((FOLDER / "static" / "wallet-1.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(json.loads(file))) == []
    assert bundle.canonical(json.loads(file)) + b"\n" == file
    kept = tmp_path / "copy.json"
    kept.write_bytes(file)
    assert main(["verify", str(kept), "--key", keys[0]]) == 0
    kept.write_bytes(file.replace(b'"balance":1405', b'"balance":9405'))
    assert main(["verify", str(kept), "--key", keys[0]]) == 1
    assert "not a copy that the hub signed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.replace(b"1405", b"1406"), lambda file: file[:-20], lambda file: b"{}",
        lambda file: file.replace(b"1405", b"1405.0"), lambda file: b"[" * 100_000,
        lambda file: file.replace(b'"schema":"welkom-wallet-1"', b'"schema":"welkom-erasure-1"'),
        lambda file: file.replace(b'{"content":{', b'{"content":{"schema":"x",'),
    ],
)  # fmt: skip
def test_a_copy_that_was_changed_opens_for_nobody(change: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    file = bundle.signed(key, {"schema": bundle.SCHEMA, "points": 1405, "name": "Zoë \u2028"})
    public = json.loads(file)["key"]
    assert bundle.opened(file, [public])["name"] == "Zoë \u2028"
    with pytest.raises(Malformed):
        bundle.opened(change(file), [public])
    with pytest.raises(Malformed):
        bundle.opened(file, ["00" * 32])


def test_the_overview_comes_once_a_month_to_whoever_asked_for_it(place: Place) -> None:
    place.add()
    phone = place.inside()
    place.shows()
    saves(place)
    press(phone, "/portal/access", "/portal/address", address="anna@voorbeeld.nl")
    (letter,) = letters(place, 1)
    place.phone().post(re.findall(r"(/portal/address/\S+)", letter)[0])
    assert (
        "Uw adres voor berichten: a…@voorbeeld.nl</span> <small>Door uzelf opgegeven"
        in phone.get("/portal/data").text
    )
    shown = phone.get("/portal/digest").text
    for text in (
        "Een medewerker, om u te herkennen, in Amersfoort: 1 keer",
        "1 keer gespaard of besteed",
        "Van Dam",
    ):
        assert text in shown, text
    assert "Niemand keek" in phone.get("/portal/digest?months=1").text
    pages = Pages(place.hub)
    press(phone, "/portal/digest", "/portal/digest", on="1")
    assert place.run(digest.send_due(pages)) == 0
    place.clock.by_ms += 32 * 86_400_000
    post = place.hub.config.state / "post"
    away = post.rename(post.with_name("away"))
    post.write_text("in the way of every letter")
    assert place.run(digest.send_due(pages)) == 0  # and so the round ends, whoever else is due
    post.unlink()
    away.rename(post)
    assert place.run(digest.send_due(pages)) == 1
    assert place.run(digest.send_due(pages)) == 0
    letter = letters(place, 2)[-1]
    assert "Een medewerker, om u te herkennen, in Amersfoort: 1 keer" in letter
    assert "De Vries" not in letter
    assert "1405" not in letter.replace(".", "")
    press(phone, "/portal/digest", "/portal/digest", on="0")
    place.clock.by_ms += 32 * 86_400_000
    assert place.run(digest.send_due(pages)) == 0


def letters(place: Place, count: int) -> list[str]:
    folder, end_s = place.hub.config.state / "post", time.monotonic() + PATIENT_S
    while len(found := sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns)) < count:
        assert time.monotonic() < end_s, "no letter came"
        time.sleep(0.01)
    return [message_from_bytes(each.read_bytes(), policy=default).get_content() for each in found]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_whoever_wants_to_be_forgotten_on_a_full_disk_reads_that_it_is_not_done_yet(place: Place) -> None:
    place.add()
    phone = place.inside()
    marks = place.hub.config.state / restored.FILE
    marks.symlink_to("/dev/full")
    answer = press(phone, "/portal/forget", "/portal/forget", sure="yes")
    assert answer.status_code == 503
    assert ("store_failed", "S01") in [(said, of.get("code")) for said, of in place.said]
    assert place.rows("SELECT count(*) FROM customer") == [(1,)]
    marks.unlink()
    assert "U bent vergeten" in press(phone, "/portal/forget", "/portal/forget", sure="yes").text


def test_being_forgotten_is_asked_once_more_and_answered_with_a_signed_receipt(place: Place) -> None:
    place.add()
    phone = place.inside()
    keys = phone.get("/portal/keys").json()["ed25519"]
    asked = phone.get("/portal/forget").text
    for text in ("1.400 punten", "7 van 8 stempels", "zonder uw naam of nummer"):
        assert text in asked, text
    assert press(phone, "/portal/forget", "/portal/forget").headers["location"] == "/portal/forget"
    assert place.rows("SELECT count(*) FROM customer") == [(1,)]
    done = press(phone, "/portal/forget", "/portal/forget", sure="yes")
    assert "U bent vergeten" in done.text
    receipt = re.findall(r"<pre[^>]*>(.*?)\n?</pre>", done.text, re.DOTALL)[0].replace("&#34;", '"')
    content = bundle.opened(receipt.encode(), keys)
    assert (content["schema"], content["customer"]) == ("welkom-erasure-1", ANNA.hex())
    assert phone.get("/portal").status_code == 401
    for table in (
        "customer",
        "portal_session",
        "portal_address",
        "portal_passkey",
        "consent_event",
        "happening",
    ):
        assert place.rows(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_a_partner_is_a_party_of_its_own(place: Place) -> None:
    new = NewCustomer(
        ANNA,
        {"name": "Anna"},
        [("number", "1")],
        [NewConsent("saving", HERE), NewConsent("partners", "bakker-jan")],
    )
    place.run(place.hub.add_customers(["s1"], [new]))
    shown = place.inside().get("/portal/data").text
    assert shown.count("data-party") == 2
    assert "Bakker Jan" in shown
    assert "Krijgt gegevens die u wilde delen." in shown
