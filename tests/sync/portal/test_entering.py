"""How a customer comes in by themselves: a link that is sent to them, a passkey; a stranger learns nothing."""

import json
import re
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, expect

from edge.kit import base64url
from sync.hub.portal import addresses, passkeys, sessions, webauthn
from sync.hub.portal.addresses import Where
from sync.hub.problem import Refusal
from sync.hub.sender import Post
from sync.hub.tables import own
from sync.hub.tables import portal as tables
from tests.kit.stores import files_with
from tests.patience import PATIENT_MS, PATIENT_S
from tests.sync.portal.place import ANNA, BRAM, Place, open_place, own_token

MAIL = "anna@voorbeeld.nl"
POST = Post("file:post", "welkom@winkel.nl", phones_at="sms.voorbeeld.nl")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub", public=True, post=POST) as opened:
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


def letters(place: Place, count: int) -> list[tuple[str, str, str]]:
    """Who was sent what: to, subject, text. Waits until there are so many."""
    folder = place.hub.config.state / "post"
    end_s = time.monotonic() + PATIENT_S
    while len(found := sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns)) < count:
        assert time.monotonic() < end_s, "no letter came"
        time.sleep(0.01)
    assert len(found) == count
    mails = [message_from_bytes(each.read_bytes(), policy=default) for each in found]
    return [(mail["To"], mail["Subject"], mail.get_content()) for mail in mails]


def link_of(text: str) -> str:
    (found,) = re.findall(r"http://localhost:\d+(/portal/\S+)", text)
    return str(found)


def press(client: httpx.Client, page: str, to: str, **fields: str) -> httpx.Response:
    """Send a form of this page."""
    return client.post(to, data={"own": own_token(client.get(page).text), **fields})


def addressed(place: Place, phone: httpx.Client, address: str = MAIL, *, letter: int = 1) -> None:
    """A customer gives an address and shows that it is theirs."""
    assert press(phone, "/portal/access", "/portal/address", address=address).status_code == 303
    path = link_of(letters(place, letter)[-1][2])
    assert "Is dit adres van u?" in place.phone().get(path).text
    assert "Uw adres is bewaard" in place.phone().post(path).text


def test_a_link_lets_whoever_reads_it_in_once(place: Place) -> None:
    place.add()
    addressed(place, place.inside())
    shut = place.phone()
    asked = shut.post("/portal/ask", data={"address": f" {MAIL.upper()} "})
    assert "Kennen wij dit adres" in asked.text
    to, subject, text = letters(place, 2)[-1]
    assert (to, subject) == (MAIL, "Uw link naar uw eigen pagina")
    path = link_of(text)
    for _ in range(2):  # programs that look for poison open it first, and use nothing up
        assert 'data-door="link"' in place.phone().get(path).text
    opened = shut.post(path)
    assert (opened.status_code, opened.headers["location"]) == (303, "/portal")
    assert "Mevrouw De Vries" in shut.get("/portal").text
    assert place.phone().post(path).status_code == 410


def test_an_unknown_address_gets_the_same_answer_and_no_letter(place: Place) -> None:
    place.add()
    addressed(place, place.inside())
    known = place.phone().post("/portal/ask", data={"address": MAIL})
    unknown = place.phone().post("/portal/ask", data={"address": "niemand@voorbeeld.nl"})
    assert known.text == unknown.text
    assert (known.status_code, dict(known.headers)["content-length"]) == (
        200,
        unknown.headers["content-length"],
    )
    letters(place, 2)  # the one of the claim, the one that was asked for
    assert place.phone().post("/portal/ask", data={"address": "geen adres"}).status_code == 422


def test_an_address_is_sent_three_letters_and_whoever_asks_often_waits(place: Place) -> None:
    place.add()
    addressed(place, place.inside())
    phone = place.phone()
    answers = [phone.post("/portal/ask", data={"address": MAIL}) for _ in range(6)]
    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    letters(place, 4)
    codes = [phone.post("/portal/ask", data={"address": f"a{n}@voorbeeld.nl"}).status_code for n in range(8)]
    assert codes == [200] * 4 + [429] * 4
    place.clock.by_ms += 60_000
    assert phone.post("/portal/ask", data={"address": "b@voorbeeld.nl"}).status_code == 200


def test_an_address_counts_once_its_owner_said_so_and_lies_nowhere_readable(place: Place) -> None:
    place.add()
    phone = place.inside()
    press(phone, "/portal/access", "/portal/address", address=MAIL)
    path = link_of(letters(place, 1)[0][2])
    place.phone().post("/portal/ask", data={"address": MAIL})
    assert place.rows("SELECT * FROM portal_code") == []
    assert place.phone().post(path).status_code == 200
    assert place.phone().post(path).status_code == 410
    shown = phone.get("/portal/access").text
    assert "a…@voorbeeld.nl" in shown
    place.run(place.hub.db.scrub())
    readable = files_with(MAIL.encode(), place.hub.config.state)
    assert [each for each in readable if not each.endswith(".eml")] == []
    assert MAIL not in repr(place.said)
    press(phone, "/portal/access", "/portal/address/drop", kind="mail")
    assert place.rows("SELECT * FROM portal_address") == []


def test_two_who_share_an_address_are_sent_a_link_each_and_a_phone_is_reached_by_text(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2", name={"call": "Joost"})
    addressed(place, place.inside())
    addressed(place, place.inside(BRAM), letter=2)
    place.phone().post("/portal/ask", data={"address": MAIL})
    names = set()
    for _, _, text in letters(place, 4)[2:]:
        phone = place.phone()
        phone.post(link_of(text))
        shown = phone.get("/portal").text
        names |= {name for name in ("Mevrouw De Vries", "Joost") if name in shown}
    assert names == {"Mevrouw De Vries", "Joost"}
    addressed(place, place.inside(), "06-12 34 56 78", letter=5)
    place.phone().post("/portal/ask", data={"address": "+31612345678"})
    assert letters(place, 6)[-1][0] == "31612345678@sms.voorbeeld.nl"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Anna@Voorbeeld.NL ", Where("mail", "anna@voorbeeld.nl")), ("0612345678", Where("phone", "+31612345678")),
        ("0049 151 23456789", Where("phone", "+4915123456789")), ("a@b", None), ("a@b.nl\nBcc: c@d.nl", None),
        ("a b@c.nl", None), ("@c.nl", None), ("12", None), ("", None), ("a@" + "b" * 300 + ".nl", None),
    ],
)  # fmt: skip
def test_what_an_address_is(text: str, found: Where | None) -> None:
    assert addresses.read(text) == found


def test_coming_in_ends_the_session_before_and_each_can_be_ended_from_another(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2", name={"call": "Joost"})
    phone, other, stranger = place.phone(), place.inside(), place.inside(BRAM)
    agent = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"}
    phone.get(f"/portal/enter/{place.code()}", headers=agent)
    before = phone.cookies["welkom_portal"]
    phone.get(f"/portal/enter/{place.code()}", headers=agent)
    assert phone.cookies["welkom_portal"] != before
    old = place.phone()
    old.cookies.set("welkom_portal", before, path="/portal")
    assert old.get("/portal").status_code == 401
    shown = other.get("/portal/access").text
    assert shown.count('name="session"') == 2
    iphone = re.findall(r'name="session" value="(\w+)" aria-label="Sluit: iPhone"', shown)
    theirs = re.findall(r'name="session" value="(\w+)"', stranger.get("/portal/access").text)
    press(other, "/portal/access", "/portal/session/end", session=theirs[0])  # another's is nobody's
    assert stranger.get("/portal").status_code == 200
    press(other, "/portal/access", "/portal/session/end", session=iphone[0])
    assert phone.get("/portal").status_code == 401
    assert other.get("/portal").status_code == 200


def test_without_a_way_to_send_there_is_no_form_to_ask_with(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub") as place:
        assert "/portal/ask" not in place.phone().get("/portal").text
        assert place.phone().post("/portal/ask", data={"address": MAIL}).status_code == 422
        assert place.phone().post("/portal/passkey/ask").status_code == 404


@pytest.mark.browser
def test_a_passkey_is_made_and_opens_the_page_on_the_same_phone(place: Place, chromium: Browser) -> None:
    place.add()
    url = place.hub.config.page
    context = chromium.new_context(base_url=url, viewport={"width": 390, "height": 844}, locale="nl-NL")
    context.set_default_timeout(PATIENT_MS)
    phone = context.new_page()
    line = context.new_cdp_session(phone)
    line.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    authenticator = line.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    phone.goto(f"/portal/enter/{place.code()}")
    phone.goto("/portal/access")
    with phone.expect_response("**/portal/access"):  # the page asks for itself again, and offers it still
        phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.get_by_role("button", name="Maak een passkey").click()
    expect(phone.get_by_text("Voortaan opent u deze pagina")).to_be_visible()
    held = line.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [(each["rpId"], each["isResidentCredential"]) for each in held] == [("localhost", True)]
    phone.goto("/portal")
    phone.locator("#leave").click()
    phone.get_by_role("button", name="Open met uw passkey").click()
    expect(phone.locator("h1")).to_have_text("Mevrouw De Vries")
    ((way,),) = place.rows("SELECT way FROM portal_session")
    assert way == "passkey"
    phone.goto("/portal/access")
    phone.get_by_role("button", name="Haal weg: Passkey op").click()
    expect(phone.get_by_text("Dat is weg.")).to_be_visible()
    phone.goto("/portal")
    phone.locator("#leave").click()
    phone.get_by_role("button", name="Open met uw passkey").click()
    expect(phone.locator("[data-trouble]")).to_be_visible()
    context.close()


def test_a_passkey_that_is_made_after_leaving_or_being_forgotten_is_not_kept(place: Place) -> None:
    place.add()
    relying = passkeys.relying(place.hub)
    assert relying
    for leaving in (True, False):
        token = place.inside().cookies["welkom_portal"]
        now_ms = place.hub.now_ms()
        who = place.run(place.hub.db.read(sessions.guest, token, now_ms=now_ms))
        assert who
        sent = just_made(relying, passkeys.to_make(relying, place.hub, who, name="x", held=[])["challenge"])
        if leaving:
            place.run(place.hub.db.apply(tables.end_session, who.token_hash))
        else:
            place.run(place.hub.erase(ANNA))
        with pytest.raises(Refusal, match="nobody is in any more"):
            place.run(place.hub.db.apply(passkeys.keep, relying, who, sent, device="", now_ms=now_ms))
        assert place.rows("SELECT * FROM portal_passkey") == []


def just_made(relying: webauthn.Relying, challenge: str) -> dict[str, str]:
    """What a browser sends of a new passkey (Web Authentication, section 6.5.1)."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (each.to_bytes(32, "big") for each in (point.x, point.y))
    cose = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
    head = sha256(relying.id.encode()).digest() + b"\x45" + bytes(4 + 16)
    client = {"type": "webauthn.create", "challenge": challenge, "origin": relying.origin}
    parts = {"id": b"abcd", "data": head + b"\x00\x04abcd" + cose, "client": json.dumps(client).encode()}
    return {name: base64url.encode(part) for name, part in parts.items()}


def test_a_sharer_of_an_address_who_is_gone_keeps_nobody_from_their_link(place: Place) -> None:
    place.add()
    addressed(place, place.inside())
    mark = addresses.mark(place.hub.keys, Where("mail", MAIL))
    gone = own.Address(BRAM, "mail", b"x", "nl", 0, None)  # older than hers: its turn comes first
    place.run(place.hub.db.apply(own.put_address, gone, mark=mark))
    place.phone().post("/portal/ask", data={"address": MAIL})
    assert place.phone().post(link_of(letters(place, 2)[-1][2])).status_code in (200, 303)


def test_what_a_browser_is_asked_to_make_names_nobody(place: Place) -> None:
    place.add()
    phone = place.inside()
    asked = press(phone, "/portal/access", "/portal/passkey/new").text
    assert ANNA.hex() not in asked
    assert "Vries" not in asked
    assert json.loads(asked)["attestation"] == "none"


@pytest.mark.parametrize("field", ["id", "client", "data"])
def test_a_passkey_that_is_spelt_another_way_is_none(field: str) -> None:
    relying = webauthn.Relying("https://mijn.winkel.nl", b"k" * 32)
    made = just_made(relying, webauthn.challenge(relying, b"her page", now_ms=1))
    assert webauthn.registered(relying, made, context=b"her page", now_ms=1)
    for loose in ("~~~~", "=", " "):
        with pytest.raises(Refusal) as caught:
            webauthn.registered(relying, made | {field: made[field] + loose}, context=b"her page", now_ms=1)
        assert caught.value.code == "BAD_PASSKEY"


def test_a_passkey_whose_client_data_nest_without_end_is_none() -> None:
    relying = webauthn.Relying("https://mijn.winkel.nl", b"k" * 32)
    made = just_made(relying, webauthn.challenge(relying, b"her page", now_ms=1))
    endless = base64url.encode(b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
    with pytest.raises(Refusal) as caught:
        webauthn.registered(relying, made | {"client": endless}, context=b"her page", now_ms=1)
    assert caught.value.code == "BAD_PASSKEY"
