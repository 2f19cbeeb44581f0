"""What keeps pages honest towards the browser: headers, cookies, and forms that only our own pages can send."""

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from litestar import Request
from litestar.datastructures import Cookie
from litestar.types import Message, Scope

from edge.kit.errors import NotAllowed

Ask = Request[Any, Any, Any]

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'"
)
_NOTHING: Final = (
    "camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), payment=(), serial=(), usb=()"
)
# The one page that reads codes says this instead, by a header of its own.
CAMERA: Final = _NOTHING.replace("camera=()", "camera=(self)")
HEADERS: Final = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", _NOTHING.encode()),
)


def stage_headers(hub: str) -> tuple[tuple[bytes, bytes], ...]:
    """The same for the demo, whose stage shows our own pages and the hub's beside each other."""
    policy = CSP.replace("frame-ancestors 'none'", f"frame-ancestors 'self'; frame-src 'self' {hub}")
    # A page that isolates itself may frame only pages that do the same, and the hub's are another origin's.
    apart = (b"content-security-policy", b"cross-origin-embedder-policy")
    return (
        (b"content-security-policy", policy.encode()),
        *(each for each in HEADERS if each[0] not in apart),
    )


YEAR_S: Final = 365 * 24 * 3600
FORM_FIELD: Final = "own"
FORM_BYTES: Final = 65_536  # no form of ours is larger: a code of 4,096 letters, a note, some fields


def adds(headers: Sequence[tuple[bytes, bytes]]) -> Callable[[Message, Scope], Awaitable[None]]:
    """Litestar's `before_send`: the one place every answer passes, also a 404 that no route made.

    A header that an answer brings itself stays.
    """

    async def add(message: Message, _: Scope) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", ()))
            named = {name for name, _ in own}
            message["headers"] = [*own, *(each for each in headers if each[0] not in named)]

    return add


def cookie_name(name: str, *, secure: bool) -> str:
    """`__Host-` where HTTPS allows it: then no other host or path can have set it (RFC 6265bis 4.1.3.2)."""
    return f"__Host-welkom_{name}" if secure else f"welkom_{name}"


def cookie(name: str, value: str, *, secure: bool, max_age_s: int) -> Cookie:
    return Cookie(
        key=cookie_name(name, secure=secure),
        value=value,
        max_age=max_age_s,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def form_token(tablet_token: str) -> str:
    """What our own forms carry: nobody without the tablet's cookie can compute it, and nothing needs keeping."""
    return hmac.digest(tablet_token.encode(), b"forms", sha256).hex()


async def own_form(request: Ask, tablet_token: str) -> Mapping[str, str]:
    """The fields of a form that one of our own pages sent; raises NotAllowed for any other.

    Three locks, each enough by itself: the SameSite=Strict cookie behind `tablet_token`, the browser's word on
    where the form came from (Fetch Metadata, else Origin), and the token.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in (None, "same-origin") or (
        site is None and origin is not None and origin.split("://")[-1] != request.headers.get("host")
    )
    fields = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    given = fields.pop(FORM_FIELD, "")
    if foreign or not hmac.compare_digest(given.encode(), form_token(tablet_token).encode()):
        raise NotAllowed("a form came from elsewhere", code="U03", hint="open the page again and repeat")
    return fields
