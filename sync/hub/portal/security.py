"""What keeps the hub's pages honest towards the browser: headers, the cookie, forms that only they can send.

The same rules as the tablet's (staff_ui/security.py), with one difference: a stage on another port
may frame the pages when the configuration names it.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.types import Message, Scope

from edge.kit.errors import ConfigError
from edge.kit.proxies import came_through_one
from sync.hub.problem import Refusal

Ask = Request[Any, Any, Any]
Headers = tuple[tuple[bytes, bytes], ...]

PATHS: Final = ("/portal", "/hq")
FORM_BYTES: Final = 8192
FORM_FIELD: Final = "own"
# A year, and names below this one too (ASVS 5.0.0, 3.4.1): only where the hub's pages are asked for over HTTPS.
HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
# What programs get is no page: nothing of it may run, be framed, or be taken for something else than it is.
PLAIN: Final[Headers] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Also under an address that is none: whoever looks for a page gets one that says so.
_PAGE: Final = [(b"content-type", each) for each in (b"text/html", b"text/html; charset=utf-8")]
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,200}")
LOOPBACK: Final = re.compile(r"(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?")


def headers(frame_ancestors: Sequence[str]) -> Headers:
    """Headers of every page; raises ConfigError for an ancestor that is no origin."""
    for each in frame_ancestors:
        if not _ORIGIN.fullmatch(each):
            raise ConfigError(
                "one of frame_ancestors is no origin",
                code="HUB_FRAME",
                hint="write it as scheme://host:port, without a path",
            )
    csp = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-ancestors {' '.join(frame_ancestors) or chr(39) + 'none' + chr(39)}; base-uri 'none'; "
        "form-action 'self'; require-trusted-types-for 'script'"
    )
    return (
        (b"content-security-policy", csp.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-embedder-policy", b"require-corp"),
        # A stage under COEP frames nothing that is same-origin, and Chromium calls no two IP addresses one site,
        # not even one address with two ports. Who may frame is said by frame-ancestors.
        (b"cross-origin-resource-policy", b"cross-origin" if frame_ancestors else b"same-origin"),
        (
            b"permissions-policy",
            b"camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), payment=(), serial=(), usb=()",
        ),
    )


class AddHeaders:
    """Litestar's `before_send`: the one place every answer passes, also a 404 that no route made."""

    def __init__(self, frame_ancestors: Sequence[str], *, https: bool) -> None:
        hsts = (HSTS,) if https else ()
        self._pages = (*headers(frame_ancestors), *hsts)
        self._plain = (*PLAIN, *hsts)

    async def __call__(self, message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            given = [*message.get("headers", ())]
            is_page = scope["path"].startswith(PATHS) or any(each in _PAGE for each in given)
            message["headers"] = [*given, *(self._pages if is_page else self._plain)]


def cookie_name(*, secure: bool) -> str:
    """A name of its own: cookies know no ports, and the demo's tablet is on the same host.

    `__Host-` where HTTPS allows it: then no other host or path can have set it (RFC 6265bis 4.1.3.2).
    """
    return "__Host-welkom_portal" if secure else "welkom_portal"


def cookie(token: str, *, secure: bool, max_age_s: int) -> Cookie:
    return Cookie(
        key=cookie_name(secure=secure),
        value=token,
        max_age=max_age_s,
        path="/" if secure else "/portal",  # the prefix asks for it
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def form_token(token: str) -> str:
    """What our own forms carry: nobody without the session's cookie can compute it, and nothing needs keeping."""
    return hmac.digest(token.encode("utf-8", "replace"), b"forms", sha256).hex()


async def own_form(request: Ask, token: str) -> Mapping[str, str]:
    """The fields of a form that one of our own pages sent; raises Refusal for any other.

    Three locks, each enough by itself: the SameSite=Strict cookie behind `token`, the browser's word on where
    the form came from, and what `form_token` put into it.
    """
    fields = dict(await same_site(request))
    given = fields.pop(FORM_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), form_token(token).encode()):
        raise foreign_form()
    return fields


async def same_site(request: Ask) -> Mapping[str, str]:
    """The fields of a form of ours, by the browser's word on where it came from (Fetch Metadata, else Origin).

    Raises Refusal for any other. All that stands before a form of somebody who is not in yet.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in (None, "same-origin") or (
        site is None and origin is not None and origin.split("://")[-1] != request.headers.get("host")
    )
    try:
        fields = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    except (HTTPException, ValueError):
        raise foreign_form() from None
    if foreign:
        raise foreign_form()
    return fields


def foreign_form() -> Refusal:
    """A form that our pages do not make."""
    return Refusal("a form came from elsewhere", code="FOREIGN_FORM", hint="open the page again", status=403)


def from_here(request: Ask) -> None:
    """Raise Refusal unless the request was made on this machine, for this machine, by nobody's order."""
    if not is_here(request):
        raise Refusal(
            "only from this machine", code="NOT_HERE", hint="ask from the hub's own machine", status=403
        )


def is_here(request: Ask) -> bool:
    """Whether a request was made on this machine, for this machine, by nobody's order."""
    host = request.client.host if request.client else ""
    near = host.startswith(("127.", "::ffff:127.")) or host == "::1"
    named = LOOPBACK.fullmatch(request.headers.get("host", ""))
    return near and named is not None and not came_through_one(request.headers)
