"""Every answer of the hub says what it is, who may show it, and whether it may be kept; read off its routes."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.hub.portal.security import cookie
from sync.hub.serving import everything
from tests.attack.test_hub import address, served
from tests.sync.centre import ANNA, open_centre

pytestmark = pytest.mark.anyio


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncGenerator[Any, None]:
    async with open_centre(tmp_path) as opened:
        yield opened


@pytest.fixture
def hub(centre: Any) -> Any:
    return centre.hub


async def test_every_answer_of_the_hub_is_kept_framed_and_guessed_at_by_nobody(hub: Any) -> None:
    transport = httpx.ASGITransport(app=hub.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        paths = sorted(
            {path for method, path in served(hub) if method == "GET" and not path.endswith("/live")}
        )
        assert len(paths) > 20
        for path in (
            *map(address, paths),
            "/nowhere",
            "/portal/nowhere",
            "/api/v1/nowhere",
            "/../etc/passwd",
        ):
            answer = await client.get(path)
            heads = answer.headers
            assert heads["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in heads["content-security-policy"], path
            assert "default-src 'none'" in heads["content-security-policy"], path
            assert heads["referrer-policy"] == "no-referrer", path
            assert "access-control-allow-origin" not in heads, path
            assert "server" not in heads, path
            if answer.content:
                kind = heads["content-type"]
                assert "charset=utf-8" in kind or not kind.startswith("text/"), path
            if (
                path.startswith(("/api", "/portal"))
                and answer.status_code == 200
                and not path.endswith((".js", ".css", ".svg", ".png"))
            ):
                assert "no-store" in heads["cache-control"], path


async def test_over_https_the_hub_says_to_come_back_by_https_alone_with_a_cookie_of_this_host(
    hub: Any,
) -> None:
    told = {}
    for https in (False, True):
        hub.config = replace(hub.config, secure_cookies=https)
        transport = httpx.ASGITransport(app=everything(hub))
        async with httpx.AsyncClient(transport=transport, base_url="https://hub.test") as client:
            for path in ("/portal", "/api/v1/customers", "/healthz", "/nowhere"):
                told[https, path] = (await client.get(path)).headers.get("strict-transport-security")
    assert {value for (https, _), value in told.items() if not https} == {None}
    assert {value for (https, _), value in told.items() if https} == {"max-age=31536000; includeSubDomains"}
    sent = cookie("t", secure=True, max_age_s=60)
    assert (sent.key.startswith("__Host-"), sent.path, sent.secure, sent.domain) == (True, "/", True, None)


async def test_what_was_refused_to_a_program_or_on_a_page_is_a_line_of_the_log_once_an_hour(
    centre: Any,
) -> None:
    transport = httpx.ASGITransport(app=centre.hub.app)
    forged = {"sec-fetch-site": "cross-site"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
        for _ in range(3):
            assert (await client.get(f"/api/v1/customers/{ANNA.hex()}")).status_code == 401
            asked = await client.post("/portal/ask", data={"to": "anna@example.org"}, headers=forged)
            assert asked.status_code == 403
            assert (await client.get("/portal")).status_code == 401  # nobody is in: that is no attack
    said = [fields for event, fields in centre.said.lines if event == "request_refused"]
    assert [fields["state"] for fields in said] == ["program", "page"]
    assert said[1]["code"] == "FOREIGN_FORM"
    assert ANNA.hex() not in str(said)
