"""The page of a customer's pass: its code now, what a wallet may have of it, and what to do when it is lost."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import segno
from markupsafe import Markup

from edge.kit.words import key
from edge.recognition import rotating
from sync.hub.passes import acts, google
from sync.hub.passes.acts import Pass
from sync.hub.passes.known import Line, lines
from sync.hub.passes.settings import Settings
from sync.hub.passes.words import Say
from sync.hub.portal.security import form_token
from sync.hub.portal.sessions import Guest
from sync.hub.tables import identifiers
from sync.hub.tables.passes import PASS_KINDS, PassKind

if TYPE_CHECKING:
    from sync.hub.app import Hub

HERE: Final = "/portal/pass"
FILE: Final = f"{HERE}/welkom.pkpass"
LABELS: Final[dict[PassKind, str]] = {
    "web": key("pass.lost.web"), "apple": key("pass.lost.apple"), "google": key("pass.lost.google"),
}  # fmt: skip
WALLETS: Final[dict[PassKind, str]] = {"apple": key("pass.apple"), "google": key("pass.google")}


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet that this retailer has the right to; `address` is empty until the customer asked for it."""

    kind: PassKind
    label: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PassPage:
    """`code`, `name` and `secret` are of the web pass, empty without one."""

    language: str
    house: str
    own: str = field(repr=False)
    code: Markup = field(repr=False)
    name: str = field(repr=False)
    secret: str = field(repr=False)
    wallets: tuple[Wallet, ...]
    working: tuple[tuple[PassKind, str], ...]
    known: tuple[Line, ...]


def offered(house: Settings) -> tuple[PassKind, ...]:
    """The kinds of passes that this retailer can make."""
    has = {"web": True, "apple": house.apple is not None, "google": house.google is not None}
    return tuple(kind for kind in PASS_KINDS if has[kind])


async def page(hub: "Hub", who: Guest, say: Say) -> PassPage:
    """What the customer who is in sees of their passes."""
    house, now_ms = hub.config.passes, hub.now_ms()
    passes = await hub.db.read(acts.working, hub.keys, who.customer_id)
    web, secret, drawn = passes.get("web"), b"", Markup()
    if web is not None:
        secret = rotating.secret(hub.keys.chain_key, web.value)
        drawn = picture(rotating.code(secret, web.value, now_ms=now_ms), label=say("pass.code"))
    return PassPage(
        language=who.language,
        house=house.name,
        own=form_token(who.token),
        code=drawn,
        name=web.value if web else "",
        secret=secret.hex(),
        wallets=tuple(
            Wallet(kind, say(label), address(house, passes.get(kind), now_ms=now_ms))
            for kind, label in WALLETS.items()
            if kind in offered(house)
        ),
        working=tuple((kind, say(label)) for kind, label in LABELS.items() if kind in passes),
        known=lines(await hub.db.read(identifiers.of, who.customer_id), who.customer_id, say),
    )


def address(house: Settings, held: Pass | None, *, now_ms: int) -> str:
    """Where a wallet gets its pass from; empty while there is none."""
    if held is None:
        return ""
    if held.kind == "apple":
        return FILE
    assert house.google is not None
    return google.link(house, house.google, value=held.value, serial=serial(held), now_ms=now_ms)


def serial(held: Pass) -> str:
    """The number by which a wallet knows a pass: it says nothing of the code in it."""
    return held.hash[:16].hex()


def picture(code: str, *, label: str) -> Markup:
    """A code as an SVG, for the moment until the script draws the next."""
    made = segno.make_qr(code, version=2, error="m", boost_error=False)
    side = len(made.matrix) + 8
    dark = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(made.matrix) for x, on in enumerate(row) if on
    )
    return Markup(
        '<svg viewBox="0 0 {side} {side}" role="img" aria-label="{label}"><path d="{dark}"/></svg>'
    ).format(side=side, label=label, dark=dark)
