"""The tablet's own key on the server's side: what is signed, by whom, for how long; and a tablet taken away."""

import base64
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import staff_ui
from edge.kit.sqlite import open_writer
from edge.staff import acts, devices, tables
from edge.staff.pins import token_hash
from staff_ui.pages.device import own_path
from staff_ui.security import form_token
from staff_ui.sessions import COMPARE_MS
from tests.staff_ui.house import Place, open_place, own_token
from tests.staff_ui.opened import MovedClock

SECRET, TABLET = devices.secret_of(b"pepper"), token_hash("tablet")
# The same in every process of a run, because tests are named after what they are given.
KEY, OTHER = ec.derive_private_key(2_718, ec.SECP256R1()), ec.derive_private_key(3_141, ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def sign(key: ec.EllipticCurvePrivateKey, asked: str) -> bytes:
    """As WebCrypto does: r and s, 32 bytes each."""
    r, s = decode_dss_signature(key.sign(asked.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def answered(
    asked: str, signature: bytes, *, tablet: bytes = TABLET, now_ms: int = 1_000, secret: bytes = SECRET
) -> bool:
    return devices.is_answered(secret, tablet, public(KEY), asked=asked, signature=signature, now_ms=now_ms)


def test_only_the_tablets_own_key_answers_and_only_in_time() -> None:
    asked = devices.challenge(SECRET, TABLET, now_ms=1_000)
    signature = sign(KEY, asked)
    assert answered(asked, signature)
    assert not answered(asked, sign(OTHER, asked))
    assert not answered(asked, signature, now_ms=1_000 + devices.CHALLENGE_MS)
    assert not answered(asked, signature, tablet=token_hash("another"))
    assert not answered(asked, signature, secret=bytes(32))
    assert not answered(asked, b"")
    assert not answered(asked, bytes(64))


@pytest.mark.parametrize(
    "made", ["", ".", "1", "99999.", "²." + "0" * 64, "9" * 400 + "." + "0" * 64, "\xff.x"]
)
def test_a_challenge_that_is_not_ours_is_refused(made: str) -> None:
    assert not answered(made, sign(KEY, made))
    assert not devices.is_proven(SECRET, TABLET, made, now_ms=1)


def test_a_proof_is_for_one_tablet_and_a_minute_and_a_challenge_is_none() -> None:
    proof = devices.proof(SECRET, TABLET, now_ms=0)
    assert devices.is_proven(SECRET, TABLET, proof, now_ms=devices.PROOF_MS - 1)
    assert not devices.is_proven(SECRET, TABLET, proof, now_ms=devices.PROOF_MS)
    assert not devices.is_proven(SECRET, token_hash("another"), proof, now_ms=1)
    assert not devices.is_proven(SECRET, TABLET, devices.challenge(SECRET, TABLET, now_ms=0), now_ms=1)


@pytest.mark.parametrize("key", [b"", bytes(65), b"\x04" + bytes(64), public(KEY)[:-1], public(KEY) + b"x"])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    assert not devices.is_key(key)
    assert devices.is_key(public(KEY))


@pytest.mark.parametrize(
    ("asked", "to"),
    [("/search?q=de", "/search?q=de"), ("//evil.example", "/"), ("/\\evil.example", "/"),
     ("https://evil.example", "/"), ("/device?to=/", "/"), ("", "/")],
)  # fmt: skip
def test_after_signing_a_tablet_goes_on_within_the_house_only(asked: str, to: str) -> None:
    assert own_path(asked) == to


def bound(place: Place) -> httpx.Client:
    """A browser that was paired with a key."""
    code, browser = place.pair_code(), place.browser()
    token = place.run(place.house.db.apply(acts.pair, code, now_ms=place.now_ms(), device_key=public(KEY)))
    browser.cookies.set("welkom_tablet", token or "", domain="127.0.0.1")
    return browser


def prove(browser: httpx.Client, key: ec.EllipticCurvePrivateKey) -> httpx.Response:
    asked = browser.get("/device/challenge").text
    signature = base64.urlsafe_b64encode(sign(key, asked)).decode().rstrip("=")
    own = form_token(browser.cookies["welkom_tablet"])
    return browser.post("/device", data={"own": own, "challenge": asked, "signature": signature})


def test_a_tablet_with_a_key_shows_it_before_it_sees_who_may_sign_in(place: Place) -> None:
    browser = bound(place)
    answer = browser.get("/signin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/device?to=%2Fsignin")
    assert "Anna" not in browser.get("/device?to=/signin").text
    assert prove(browser, OTHER).status_code == 403
    assert browser.get("/signin").status_code == 303
    assert prove(browser, KEY).status_code == 303
    page = browser.get("/signin")
    assert "Anna Kok" in page.text
    form = {"own": own_token(page.text), "staff": "Anna Kok", "pin": "2580"}
    assert browser.post("/signin", data=form).headers["location"] == "/"
    for path in ("/", "/visits", "/search?q=de"):
        assert browser.get(path).status_code == 200
    browser.cookies.delete("welkom_proof")
    for path in ("/", "/visits", "/search?q=de"):
        assert browser.get(path).headers["location"].startswith("/device?")
    assert browser.post("/signin", data=form).headers["location"] == "/device?to=%2F"


def test_a_handed_tablet_whose_proof_is_gone_shows_its_key_and_goes_on_to_the_customers_page(
    place: Place,
) -> None:
    browser = bound(place)
    assert prove(browser, KEY).status_code == 303
    form = {"own": own_token(browser.get("/signin").text), "staff": "Anna Kok", "pin": "2580"}
    assert browser.post("/signin", data=form).headers["location"] == "/"
    own = own_token(browser.get("/join/start").text)
    assert browser.post("/join/start", data={"own": own, "note": ""}).headers["location"] == "/join"
    browser.cookies.delete("welkom_proof")
    assert browser.get("/join").headers["location"] == "/device?to=%2Fjoin"
    assert browser.get("/device?to=/join").status_code == 200
    assert prove(browser, KEY).status_code == 303
    assert 'data-step="ask"' in browser.get("/join").text
    assert browser.get("/").headers["location"] == "/join"


def test_a_restart_of_the_box_asks_no_tablet_to_sign_again(tmp_path: Path) -> None:
    clock = MovedClock()
    with open_place(tmp_path, clock=clock) as before:
        before.staff()
        browser = bound(before)
        assert prove(browser, KEY).status_code == 303
        kept = dict(browser.cookies)
    with open_place(tmp_path, clock=clock) as after:
        browser = after.browser()
        browser.cookies.update(kept)
        assert browser.get("/signin").status_code == 200


def test_a_tablet_that_was_taken_away_is_none_any_more_within_five_seconds(place: Place) -> None:
    """From another process, as `welkom tablet remove` does it."""
    browser, other = place.signed_in(), place.signed_in("Bram de Wit")
    with closing(open_writer(place.house.config.store.state / "journal.db")) as conn:
        assert [each.name for each in tables.tablets(conn)] == ["tablet 1", "tablet 1"]
        conn.execute(
            "UPDATE tablet SET name='Etalage' WHERE token_hash=?",
            (token_hash(browser.cookies["welkom_tablet"]),),
        )
        assert acts.remove_tablet(conn, "Etalage") == 1
        assert acts.remove_tablet(conn, "Etalage") == 0
    assert browser.get("/").status_code == 403
    place.clock.both_by_ms += COMPARE_MS
    assert browser.get("/visits").status_code == 403
    for path in ("/visits", f"/visits/{'00' * 16}"):  # the card on it goes away
        assert browser.get(path, headers={"hx-request": "true"}).headers["hx-redirect"] == "/signin"
    assert other.get("/visits").status_code == 200
    assert len(place.rows("SELECT * FROM staff_session")) == 1


@pytest.mark.parametrize(("name", "page"), [("pairing", "pair.html"), ("proving", "device.html")])
def test_what_the_key_of_a_tablet_looks_for_stands_on_one_page_only(name: str, page: str) -> None:
    """Its script is on every page: a heading of such a name once led a page's tablets away from it."""
    room = Path(staff_ui.__file__).parent
    assert f'getElementById("{name}")' in (room / "static" / "device.js").read_text()
    assert [each.name for each in room.glob("templates/*.html") if f'id="{name}"' in each.read_text()] == [
        page
    ]
