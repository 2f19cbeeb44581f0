"""Signatures of requests, against RFC 9421's own example and against whoever changes something."""

from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given
from hypothesis import strategies as st

from sync import wire
from sync.signing import BadSignature, DeviceAuth, Nonces, content_digest, covers, signature_base, verify
from tests.sync.centre import DEVICE_KEY, now_ms, open_centre

NOW_MS = 1_800_000_000_000


def signed(
    *, wall_ms: int = NOW_MS, content: bytes = b"facts", target: str = "/sync/v1/events"
) -> httpx.Request:
    request = httpx.Request("POST", f"http://hub.test{target}", content=content)
    return next(DeviceAuth("box-1", DEVICE_KEY, wall_ms=lambda: wall_ms).auth_flow(request))


def check(
    request: httpx.Request,
    *,
    body: bytes = b"facts",
    path: str = "/sync/v1/events",
    query: str = "?",
    nonces: Nonces | None = None,
    now_ms: int = NOW_MS,
    key_of: Callable[[str], Ed25519PublicKey | None] = lambda _: DEVICE_KEY.public_key(),
) -> str:
    device = verify(
        request.headers,
        (request.method, "hub.test", path, query),
        key_of=key_of,
        nonces=nonces or Nonces(),
        now_ms=now_ms,
    )
    covers(request.headers, body)
    return device


def refusal(act: Callable[[], str]) -> str:
    with pytest.raises(BadSignature) as caught:
        act()
    return caught.value.code


def test_the_example_of_rfc_9421_appendix_b_2_6_comes_out_byte_for_byte() -> None:
    key = load_der_private_key(
        b64decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"), password=None
    )
    assert isinstance(key, Ed25519PrivateKey)
    base = signature_base(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    assert key.sign(base) == b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


def test_the_example_of_rfc_9530_comes_out() -> None:
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_a_signed_request_names_its_device() -> None:
    assert check(signed()) == "box-1"


def test_what_was_changed_after_signing_is_found() -> None:
    assert refusal(lambda: check(signed(), body=b"other")) == "BAD_DIGEST"
    assert refusal(lambda: check(signed(), path="/sync/v1/feed")) == "BAD_SIGNATURE"
    assert refusal(lambda: check(signed(), query="?part=shop:s2")) == "BAD_SIGNATURE"
    other = Ed25519PrivateKey.generate().public_key()
    assert refusal(lambda: check(signed(), key_of=lambda _: other)) == "BAD_SIGNATURE"
    assert refusal(lambda: check(signed(), key_of=lambda _: None)) == "UNKNOWN_DEVICE"


def test_a_signature_over_less_than_all_components_counts_for_nothing() -> None:
    request = signed()
    request.headers["signature-input"] = request.headers["signature-input"].replace(' "content-digest"', "")
    assert refusal(lambda: check(request)) == "UNSIGNED"
    del request.headers["signature-input"]
    assert refusal(lambda: check(request)) == "UNSIGNED"


@pytest.mark.parametrize("off_s", [-599, -60, 0, 60, 599])
def test_a_clock_up_to_ten_minutes_off_is_no_trouble(off_s: int) -> None:
    assert check(signed(wall_ms=NOW_MS + off_s * 1000)) == "box-1"


@pytest.mark.parametrize("off_s", [-3600, -601, 601, 3600])
def test_a_clock_further_off_is_told_so(off_s: int) -> None:
    assert refusal(lambda: check(signed(wall_ms=NOW_MS + off_s * 1000))) == "CLOCK_SKEW"


def test_the_same_request_counts_once_as_long_as_it_could_count_at_all() -> None:
    nonces, request = Nonces(), signed(wall_ms=NOW_MS + 599_000)
    check(request, nonces=nonces)
    again = [
        partial(check, request, nonces=nonces, now_ms=NOW_MS + later_s * 1000) for later_s in (0, 601, 1198)
    ]
    assert [refusal(each) for each in again] == ["REPLAYED"] * 3
    assert refusal(lambda: check(request, nonces=nonces, now_ms=NOW_MS + 1_200_000)) == "CLOCK_SKEW"


@given(st.text(max_size=200), st.text(max_size=120))
def test_any_header_is_answered_with_a_refusal(given_input: str, signature: str) -> None:
    headers = {"signature-input": given_input, "signature": signature, "content-digest": signature}
    with pytest.raises(BadSignature):
        verify(
            headers,
            ("GET", "hub.test", "/", "?"),
            key_of=lambda _: DEVICE_KEY.public_key(),
            nonces=Nonces(),
            now_ms=NOW_MS,
        )


@pytest.mark.anyio
async def test_the_hub_asks_every_device_for_its_signature(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        at_ms = now_ms()
        stranger = DeviceAuth("box-1", Ed25519PrivateKey.generate(), wall_ms=lambda: at_ms)
        unknown = DeviceAuth("box-9", DEVICE_KEY, wall_ms=lambda: at_ms)
        late = DeviceAuth("box-1", DEVICE_KEY, wall_ms=lambda: 0)
        feed = f"{wire.FEED_PATH}?part=shop:s1&after=0"
        codes = []
        none: httpx.Auth = httpx.Auth()
        for auth in (none, stranger, unknown, late):
            for response in (
                await centre.client.get(feed, auth=auth),
                await centre.client.post(wire.EVENTS_PATH, content=b"{}\n", auth=auth),
            ):
                assert response.status_code == 401
                codes.append(wire.decode_problem(response.content, status=401).code)
        assert codes[::2] == codes[1::2] == ["UNSIGNED", "BAD_SIGNATURE", "UNKNOWN_DEVICE", "CLOCK_SKEW"]
