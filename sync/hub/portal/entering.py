"""How somebody gets in who is not in yet: by a code of the shop, a link that is sent to them, or a passkey."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response

from edge.kit.packing import packed
from sync.hub.portal import access, addresses, passkeys, sessions
from sync.hub.portal.guard import Asked
from sync.hub.portal.pages import Pages
from sync.hub.portal.sheets import Frame
from sync.hub.portal.words import key

YEAR_S: Final = 365 * 24 * 3600
# What the link of a letter does -> title, sentence, button. A letter is opened by programs that look for poison,
# and they follow links: so a link shows a button, and the button does it.
LINKS: Final = {
    "link": (key("link.title"), key("link.why"), key("link.go")),
    "address": (key("claim.title"), key("claim.why"), key("claim.go")),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A page with one button."""

    frame: Frame
    title: str
    why: str
    go: str
    to: str


async def enter(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/enter/{code}`: the code of a shop's screen."""
    if "prefetch" in asked.request.headers.get("sec-purpose", ""):
        return pages.door(asked.request, "closed", status=503)  # a code is not used up by a look ahead
    return await _enter(pages, asked)


async def link(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/link/{code}` and `/portal/address/{code}`: the button that uses the code."""
    path = asked.request.scope["path"]
    title, why, go = (asked.words.say(each) for each in LINKS[path.split("/")[2]])
    frame = Frame(language=asked.language, here=path)
    return pages.html("link.html", Link(frame, title, why, go, path), asked.language)


async def follow(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/link/{code}`."""
    return await _enter(pages, asked)


async def ask(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/ask`: field `address`. The same answer whether anybody has that address or not."""
    if wait_s := pages.letters.wait_s(pages.asker(asked.request)):
        answer = pages.door(asked.request, "often", status=429)
        answer.headers["retry-after"] = str(wait_s)
        return answer
    where = addresses.read(asked.form.get("address", ""))
    if where is None or not pages.letters.can or not pages.letters.takes(where):
        return pages.door(asked.request, "unread", status=422)
    pages.letters.ask(where)
    return pages.door(asked.request, "asked", status=200)


async def ask_passkey(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/passkey/ask`: what the browser is asked to prove."""
    return access.answer(passkeys.to_prove(access.needed(pages), pages.hub))


async def enter_by_passkey(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/passkey/enter`: fields `id`, `client`, `data`, `signature`, `user`, base64url."""
    request = asked.request
    token = await pages.hub.db.apply(
        passkeys.enter,
        pages.hub,
        access.needed(pages),
        asked.form,
        before=pages.token(request),
        language=asked.language,
        device=sessions.device_of(request.headers.get("user-agent", "")),
        now_ms=pages.hub.now_ms(),
    )
    answer = access.answer({"to": "/portal"})
    answer.cookies = pages.back("/portal", token or "").cookies
    return answer


async def sure(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/sure`: how somebody whom a card let in shows that it is them."""
    return pages.door(asked.request, "unsure", status=200)


async def static(pages: Pages, asked: Asked) -> Response[Any]:
    request = asked.request
    asset = pages.sheets.assets.get(request.path_params["name"])
    if asset is None:
        return pages.door(request, "absent", status=404)
    fresh = request.query_params.get("v") == asset.version
    keep = f"public, max-age={YEAR_S}, immutable" if fresh else "no-cache"
    body, said = packed(asset.body, asset.kind, accepted=request.headers.get("accept-encoding", ""))
    return Response(body, media_type=asset.kind, headers={"cache-control": keep, **said})


async def _enter(pages: Pages, asked: Asked) -> Response[Any]:
    request = asked.request
    token = await pages.hub.db.apply(
        sessions.enter,
        request.path_params["code"],
        before=pages.token(request),
        language=asked.language,
        device=sessions.device_of(request.headers.get("user-agent", "")),
        now_ms=pages.hub.now_ms(),
    )
    return pages.opened(request, token)
