"""What one tablet may send, what its browser may keep, and which doors leave a line in the log."""

import socket
from urllib.parse import urlsplit

from staff_ui.security import FORM_BYTES
from tests.patience import PATIENT_S
from tests.staff_ui.house import PIN, Place, own_token, sign_in

MOST_A_PAGE = (
    "/",
    "/visits",
    "/search",
    "/look",
    "/store",
    "/sign",
    "/products",
    "/tour",
    "/signin",
    "/offline",
)


def test_a_form_larger_than_any_of_ours_is_not_read(place: Place) -> None:
    tablet = place.signed_in()
    own = own_token(tablet.get("/search").text)
    assert tablet.post("/search", data={"own": own, "q": "x" * (FORM_BYTES // 2)}).status_code == 200
    refused = tablet.post("/search", data={"own": own, "q": "x" * (FORM_BYTES + 1)})
    assert refused.status_code == 413
    assert "xxxx" not in refused.text


def test_no_page_of_the_shop_may_be_kept_by_a_browser(place: Place) -> None:
    tablet = place.signed_in("Bram de Wit")
    place.de_vries()
    place.tap("2900000000011")
    ((visit,),) = place.rows("SELECT hex(id) FROM visit")
    personal = [f"/visits/{visit.lower()}{page}" for page in ("", "/wallet", "/profile", "/advice", "/cards")]
    for path in (*MOST_A_PAGE, "/manage", *personal):
        answer = tablet.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store" or path == "/offline", path


def test_each_sign_in_and_each_that_failed_is_a_line_without_a_name(place: Place) -> None:
    tablet = place.tablet()
    for _ in range(6):
        sign_in(tablet, "Anna Kok", "9999")
    sign_in(tablet, "Bram de Wit", PIN)
    said = [(event, fields) for event, fields in place.events if event.startswith("sign")]
    assert [(event, fields["state"]) for event, fields in said] == [
        *[("signin_refused", "wrong")] * 4,
        *[("signin_refused", "locked")] * 2,
        ("signed_in", "manager"),
    ]
    assert {len(fields["tablet"]) for _, fields in said} == {6}
    assert {fields["kind"] for _, fields in said} == {"pin"}
    for known in ("Anna", "Bram", "9999", PIN):
        assert known not in str(said)


def test_a_refused_request_is_a_line_without_an_id(place: Place) -> None:
    staff = place.signed_in()
    own = own_token(staff.get("/search").text)
    for _ in range(3):
        assert (
            staff.post("/manage/unpair", data={"own": own, "tablet": "aabbccddeeff0011"}).status_code == 403
        )
    assert staff.post("/store/busy", data={"own": "forged", "on": "1"}).status_code == 403
    place.browser().get("/visits/0011223344556677")
    said = [fields for event, fields in place.events if event == "page_refused"]
    assert [(fields["code"], fields["path"]) for fields in said] == [
        ("U11", "manage"), ("U03", "store"), ("U01", "visits"),
    ]  # fmt: skip


def test_a_field_that_comes_twice_is_read_one_way_and_one_in_the_address_not_at_all(place: Place) -> None:
    place.de_vries()
    tablet = place.signed_in()
    own = own_token(tablet.get("/search").text)
    # A form's fields come out of its body alone: what the address says of them is nobody's word.
    found = tablet.post("/search?q=vries", data={"own": own, "q": "zzz"}).text
    assert "De Vries" not in found
    forged = tablet.post(f"/store/busy?own={own}", data={"own": "forged", "on": "1"})
    assert forged.status_code == 403
    form = {"content-type": "application/x-www-form-urlencoded"}
    said = [
        tablet.post("/store/busy", content=f"own={first}&own={last}&on=1", headers=form).status_code
        for first, last in (("forged", own), (own, "forged"))
    ]
    assert said == [303, 403]  # the last one counts, for the lock and for the act alike


def test_a_message_with_two_lengths_is_not_answered_twice(place: Place) -> None:
    """What is smuggled behind the first request (RFC 9112, 11.2) is never a request of its own."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /signin HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s: chunked\r\n\r\n"
    for name in (b"Transfer-Encoding", b"transfer-encoding"):
        with socket.create_connection(
            (urlsplit(place.url).hostname, urlsplit(place.url).port), PATIENT_S
        ) as raw:
            raw.sendall(head % (len(hidden) + 5, name) + b"0\r\n\r\n" + hidden)
            raw.shutdown(socket.SHUT_WR)
            answers = b"".join(iter(lambda: raw.recv(65_536), b""))
        # Refused whole, or the chunks alone were the message; then the length did not hide the second from a proxy.
        assert answers.count(b"HTTP/1.1 ") == 1, answers[:300]
        assert answers.startswith(b"HTTP/1.1 400 ")
