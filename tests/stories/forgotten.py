"""Somebody is forgotten while `welkom hub` and `welkom edge` run: what they answer, and every byte they leave."""

import html
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

from edge.demo.people import Person
from staff_ui.security import FORM_FIELD, form_token
from tests.patience import PATIENT_S
from tests.stories.shop import RECIPIENT, Shop, open_shop, until
from tests.stories.taps import Pipe
from tests.sync.canaries import binary, forms, traces

WORD = "Żofia Quackernaecksön"
CARD = "29999000011112"


def processes(folder: Path) -> list[str]:
    """What went wrong, as sentences; none when nothing did."""
    who = Person(
        b"\xc7" * 8 + b"\x3a" * 8,
        WORD,
        CARD,
        {"name": {"call": WORD, "short": WORD, "full": WORD, "initials": "ZQ"}, "points": {"balance": 12}},
        ("saving", "recognition"),
    )
    wrong: list[str] = []
    with open_shop(folder, count=8, extra=[(who, [CARD])]) as shop:
        shop.start_hub()
        token = _token(shop)
        shop.start_edge()
        shop.moved_in()
        with closing(Pipe(shop.pipe)) as pipe:
            pipe.tap(CARD)
            until(lambda: WORD in _search(shop), timeout_s=PATIENT_S, what="the customer is found by name")
            status, _ = _hub(shop, token, "GET", who.customer_id.hex())
            if status != 200:
                wrong.append(f"the hub answered {status} before")
            _hub(shop, token, "DELETE", who.customer_id.hex())
            until(lambda: WORD not in _search(shop), timeout_s=PATIENT_S, what="nobody is found any more")
            status, body = _hub(shop, token, "GET", who.customer_id.hex())
            if status != 404 or WORD in body:
                wrong.append(f"the hub answers {status} afterwards")
            until(lambda: _is_stranger(shop, pipe), timeout_s=PATIENT_S, what="their card is nobody's")
        wrong += [f"{where}: {needle!r} while they run" for where, needle in _left(folder, who)]
        shop.stop_edge()
        shop.stop_hub()
        wrong += [f"{where}: {needle!r}" for where, needle in _left(folder, who)]
    return wrong


def _is_stranger(shop: Shop, pipe: Pipe) -> bool:
    pipe.tap(CARD)  # the first may be one hold with the last they were known by
    seen = _page(shop, "/visits")
    return WORD not in seen and "Nog niemand" in seen


def _left(folder: Path, who: Person) -> list[tuple[str, bytes]]:
    needles = {form for word in (WORD, CARD) for form in forms(word)}
    here = traces(folder, needles)
    return here + traces(folder / "state", binary(who.customer_id))


def _token(shop: Shop) -> str:
    command = [
        sys.executable,
        "-m",
        "edge.cli",
        "token",
        "add",
        "till",
        "--config",
        str(shop.folder / "hub.toml"),
    ]
    scopes = [word for each in ("customers:read", "customers:erase") for word in ("--scope", each)]
    done = subprocess.run([*command, *scopes], capture_output=True, text=True, check=True, cwd=shop.folder)
    return done.stdout.split()[-1]


def _hub(shop: Shop, token: str, method: str, customer: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{shop.hub_port}/api/v1/customers/{customer}?purpose=recognition&recipient={RECIPIENT}"
    return _ask(urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {token}"}))


def _page(shop: Shop, path: str) -> str:
    return _ask(urllib.request.Request(shop.url + path, headers={"Cookie": shop.cookie}))[1]


def _search(shop: Shop) -> str:
    """The page of people found by the first letters of the name; the words that were typed are not in `q` of it."""
    tablet = dict(each.split("=", 1) for each in shop.cookie.split("; "))
    own = form_token(next(value for name, value in tablet.items() if "tablet" in name))
    fields = urlencode({"q": "Quackern", FORM_FIELD: own}).encode()
    return _ask(urllib.request.Request(shop.url + "/search", fields, {"Cookie": shop.cookie}))[1]


def _ask(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=PATIENT_S) as answer:
            return answer.status, html.unescape(answer.read().decode())
    except HTTPError as error:
        return error.code, error.read().decode()
