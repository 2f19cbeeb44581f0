"""The one page that is served without HTTPS: how a tablet learns to trust this box. No cookie, no form, no script.

Plain ASGI, so that nothing of the tablet pages can be reached through this port by mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from edge.config import Language
from edge.house import House
from edge.tls import places
from edge.tls.own import Own
from edge.tls.profile import mobileconfig
from staff_ui.assets import read_assets
from staff_ui.security import HEADERS
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import LANGUAGES, Words, key

NAMES: Final = {"nl": key("language.nl"), "en": key("language.en")}
STYLES: Final = ("tokens.css", "welkom.css")
CERTIFICATE: Final = "ca.crt"
PROFILE: Final = "welkom.mobileconfig"
# Kind of tablet, the file that it wants, and the steps; getting the file is the first.
KINDS: Final = (
    (
        key("enrol.android"),
        CERTIFICATE,
        (key("enrol.android.1"), key("enrol.android.2"), key("enrol.android.3")),
    ),
    (key("enrol.ipad"), PROFILE, (key("enrol.ipad.1"), key("enrol.ipad.2"), key("enrol.ipad.3"))),
    (key("enrol.chromebook"), CERTIFICATE, (key("enrol.chromebook.1"), key("enrol.chromebook.2"))),
    (
        key("enrol.windows"),
        CERTIFICATE,
        (key("enrol.windows.1"), key("enrol.windows.2"), key("enrol.windows.3")),
    ),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of tablet takes the certificate in."""

    title: str
    file: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrol:
    frame: Frame
    languages: tuple[tuple[str, str], ...]
    fingerprint: str
    kinds: tuple[Kind, ...]
    address: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    kind: str
    status: int = 200


def page(house: House, own: Own, words: Words) -> Enrol:
    """What the page says in one language."""
    config, say = house.config, words.say
    return Enrol(
        frame=Frame(language=words.language, shop=config.shop.name, theme="auto", hand="right", own=""),
        languages=tuple((each, say(NAMES[each])) for each in LANGUAGES),
        fingerprint=own.fingerprint,
        kinds=kinds(words),
        address=f"{places.base(config)}/",
        numbers=tuple(f"{each}/" for each in places.bases_by_number(config)),
    )


def kinds(words: Words) -> tuple[Kind, ...]:
    """The steps for every kind of tablet."""
    say = words.say
    return tuple(Kind(say(title), file, tuple(say(step) for step in steps)) for title, file, steps in KINDS)


def make_enrol(house: House, own: Own) -> ASGIApp:
    """The plain HTTP application of `house`."""
    assets = read_assets()
    sheets = Sheets(assets, timezone=house.config.shop.timezone)

    def html(scope: Scope) -> Answer:
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("language", [""])[0]
        language: Language = house.config.shop.language
        for each in LANGUAGES:
            if each == asked:
                language = each
        it = page(house, own, sheets.words[language])
        return Answer(sheets.render("enrol.html", it, language).encode(), "text/html; charset=utf-8")

    answers: dict[str, Callable[[Scope], Answer]] = {
        "/": html,
        f"/{CERTIFICATE}": lambda _: Answer(own.authority_der, "application/x-x509-ca-cert"),
        f"/{PROFILE}": lambda _: Answer(
            mobileconfig(own, shop=house.config.shop.name), "application/x-apple-aspen-config"
        ),
    }
    for style in STYLES:
        asset = assets[style]
        answers[f"/static/{style}"] = _always(Answer(asset.body, asset.kind))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            return
        found = answers.get(scope["path"])
        if found is None:
            made = _plain(HTTPStatus.NOT_FOUND)
        elif scope["method"] not in ("GET", "HEAD"):
            made = _plain(HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            made = found(scope)
        headers = [
            (b"content-type", made.kind.encode()),
            (b"content-length", str(len(made.body)).encode()),
            (b"cache-control", b"no-store"),
            *HEADERS,
        ]
        await send({"type": "http.response.start", "status": made.status, "headers": headers})
        body = made.body if scope["method"] != "HEAD" else b""
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return answer


def _always(answer: Answer) -> Callable[[Scope], Answer]:
    return lambda _: answer


def _plain(status: HTTPStatus) -> Answer:
    return Answer(status.phrase.encode(), "text/plain; charset=utf-8", status.value)
