"""Who is in on the customer's own page: codes that let a phone in once, and the sessions they open."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, cast

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync.hub.portal.words import LANGUAGES, Language, key, known
from sync.hub.tables import people
from sync.hub.tables import portal as tables

if TYPE_CHECKING:
    from sync.own_request import Shown

CODE_MS: Final = 15 * 60_000
# Stopping has to be as easy as it was to say yes, so a phone that is in stays in; "leave" ends it at once.
SESSION_MS: Final = 90 * 24 * 3_600_000
Way = Literal["code", "link", "shop", "phone", "joined", "passkey"]
# Ways in by something that staff do not have: a code that headquarters gave, what is read at an address, a phone that
# its owner unlocked, or that this is where the page began. A card alone ("shop") can be another's for a moment.
SURE: Final = frozenset({"code", "link", "phone", "joined", "passkey"})
# What a browser says of itself -> a word by which somebody knows their phone again; nothing finer is kept.
DEVICES: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Macintosh": "Mac",
    "Windows": "Windows",
    "Linux": "Linux",
}
WAYS: Final = {
    "code": key("way.code"),
    "link": key("way.link"),
    "shop": key("way.shop"),
    "phone": key("way.phone"),
    "joined": key("way.joined"),
    "passkey": key("way.passkey"),
}


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is in: the token of their cookie, whose page it is, and how they came in."""

    token: str = field(repr=False)
    customer_id: bytes = field(repr=False)
    language: Language
    way: str = "shop"

    @property
    def token_hash(self) -> bytes:
        return hashed(self.token)

    @property
    def sure(self) -> bool:
        """Whether they showed what nobody else has: only then data go out, keys are made, a page ends for good."""
        return self.way in SURE


def hashed(token: str) -> bytes:
    """What is kept of a code or token. Random of 256 bits needs no salt and no slow hash."""
    return sha256(token.encode("utf-8", "replace")).digest()


def device_of(agent: str) -> str:
    """The word for a browser's `User-Agent`, empty for any other."""
    return next((word for sign, word in DEVICES.items() if sign in agent), "")


def make_code(conn: Connection, customer_id: bytes, *, now_ms: int, way: Way = "code") -> str:
    """A code that lets one phone in, once, within 15 minutes; raises Refused for an unknown customer."""
    if not people.hold(conn, [customer_id]):
        raise Refused("no such customer", code="UNKNOWN_CUSTOMER", hint="nothing was changed")
    code = secrets.token_urlsafe(32)
    tables.add_code(conn, hashed(code), customer_id=customer_id, until_ms=now_ms + CODE_MS, way=way)
    return code


def make_shop_code(conn: Connection, customer_id: bytes, *, shop_id: str, shown: "Shown", now_ms: int) -> str:
    """A code for somebody who stands in a shop and is resident there; raises Refused for anybody else.

    Empty after a weak proof: whoever has a picture of a card has as much.
    """
    if shop_id not in people.shops_of(conn, customer_id):
        raise Refused("the customer is of another shop", code="NOT_RESIDENT", hint="nothing was made")
    if shown == "weak":
        return ""
    return make_code(conn, customer_id, now_ms=now_ms, way="phone" if shown == "unlocked" else "shop")


def enter(
    conn: Connection, code: str, *, before: str, language: Language, device: str, now_ms: int
) -> str | None:
    """Use a code up; the token of a new session, None when the code is unknown, used or too old."""
    taken = tables.take_code(conn, hashed(code), now_ms=now_ms)
    if taken is None:
        return None
    return begin(
        conn, taken.customer_id, way=taken.way, before=before, language=language, device=device, now_ms=now_ms
    )


def begin(
    conn: Connection,
    customer_id: bytes,
    *,
    way: str,
    before: str,
    language: Language,
    device: str,
    now_ms: int,
) -> str | None:
    """The token of a new session, None for nobody. The session that this browser had `before` ends."""
    tables.end_session(conn, hashed(before))
    if not people.hold(conn, [customer_id]):
        return None
    token = secrets.token_urlsafe(32)
    new = tables.Session(customer_id, language, way, device, now_ms, now_ms + SESSION_MS)
    tables.add_session(conn, hashed(token), new, now_ms=now_ms)
    return token


def guest(conn: Connection, token: str, *, now_ms: int) -> Guest | None:
    """Whoever the cookie lets in."""
    session = tables.session(conn, hashed(token), now_ms=now_ms) if token else None
    if session is None:
        return None
    return Guest(token, session.customer_id, known(session.language) or LANGUAGES[0], session.way)


def way_of(text: str) -> str:
    """The key of how a session came in."""
    return WAYS[cast(Way, text)] if text in WAYS else WAYS["code"]


def name_of(token_hash: bytes) -> str:
    """How a form names a session: not the token, and nothing it could be found from."""
    return token_hash.hex()[:16]


def end(conn: Connection, token_hash: bytes, *, named: str, now_ms: int) -> None:
    """End the session of this name, if it is of the same customer as the one that asks; another's is nobody's."""
    for held in tables.own_sessions(conn, token_hash, now_ms=now_ms):
        if name_of(held) == named:
            tables.end_session(conn, held)
