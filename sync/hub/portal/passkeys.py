"""A customer's passkeys: made while they are in, and from then on the way in."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from edge.kit import base64url
from edge.kit.seal import derive
from edge.kit.sql import Connection
from sync.hub.portal import sessions, webauthn
from sync.hub.portal.sessions import Guest
from sync.hub.portal.webauthn import Relying
from sync.hub.portal.words import Language
from sync.hub.tables import own as tables
from sync.hub.tables import people

if TYPE_CHECKING:
    from sync.hub.app import Hub

MOST: Final = 10  # a customer: more phones than anybody has
_DOOR: Final = b"door"


def relying(hub: "Hub") -> Relying | None:
    """The page that passkeys are for; None where the configuration names none."""
    if not hub.config.page:
        return None
    return Relying(hub.config.page, derive(hub.keys.hub_kek, "portal-challenge"))


def to_make(it: Relying, hub: "Hub", who: Guest, *, name: str, held: list[bytes]) -> dict[str, Any]:
    """What a browser is asked to make (PublicKeyCredentialCreationOptions, JSON)."""
    return {
        "challenge": webauthn.challenge(it, who.token_hash, now_ms=hub.now_ms()),
        "rp": {"id": it.id, "name": "Welkom"},
        "user": {"id": base64url.encode(handle(hub, who.customer_id)), "name": name, "displayName": name},
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in webauthn.ALGORITHMS],
        "excludeCredentials": [{"type": "public-key", "id": base64url.encode(each)} for each in held],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
        "attestation": "none",
        "timeout": webauthn.CHALLENGE_MS,
    }


def to_prove(it: Relying, hub: "Hub") -> dict[str, Any]:
    """What a browser is asked to prove: any passkey of this page."""
    return {
        "challenge": webauthn.challenge(it, _DOOR, now_ms=hub.now_ms()),
        "rpId": it.id,
        "userVerification": "required",
        "timeout": webauthn.CHALLENGE_MS,
    }


def keep(
    conn: Connection, it: Relying, who: Guest, sent: Mapping[str, str], *, device: str, now_ms: int
) -> None:
    """Keep a passkey that was just made; raises Refusal BAD_PASSKEY, also when they are gone by now."""
    made, answered = webauthn.registered(it, sent, context=who.token_hash, now_ms=now_ms)
    _once(conn, answered, now_ms=now_ms)
    if not people.hold(conn, [who.customer_id]) or sessions.guest(conn, who.token, now_ms=now_ms) is None:
        raise webauthn.bad("nobody is in any more")
    if len(tables.own_passkeys(conn, who.token_hash, now_ms=now_ms)) >= MOST:
        raise webauthn.bad("there are ten passkeys already")
    new = tables.Held(made.id, who.customer_id, made.public_key, made.count, device, now_ms)
    if not tables.add_passkey(conn, new):
        raise webauthn.bad("this passkey is kept already")


def enter(
    conn: Connection,
    hub: "Hub",
    it: Relying,
    sent: Mapping[str, str],
    *,
    before: str,
    language: Language,
    device: str,
    now_ms: int,
) -> str | None:
    """The token of a new session for whoever proved a passkey; raises Refusal BAD_PASSKEY."""
    held = tables.passkey(conn, webauthn.decode(sent.get("id", "")))
    if held is None:
        raise webauthn.bad("nobody has this passkey")
    kept = webauthn.Passkey(held.id, held.public_key, held.uses)
    count, answered = webauthn.proven(it, sent, kept, context=_DOOR, now_ms=now_ms)
    if not hmac.compare_digest(webauthn.decode(sent.get("user", "")), handle(hub, held.customer_id)):
        raise webauthn.bad("the passkey is of somebody else")
    _once(conn, answered, now_ms=now_ms)
    tables.counted(conn, held.id, uses=count)
    return sessions.begin(
        conn,
        held.customer_id,
        way="passkey",
        before=before,
        language=language,
        device=device,
        now_ms=now_ms,
    )


def handle(hub: "Hub", customer_id: bytes) -> bytes:
    """What an authenticator keeps of whose passkey it is: nothing that means anything elsewhere (section 14.6.1)."""
    return hmac.digest(derive(hub.keys.hub_kek, "portal-passkey"), customer_id, sha256)


def _once(conn: Connection, answered: webauthn.Answered, *, now_ms: int) -> None:
    if not tables.answer(conn, answered.challenge_hash, until_ms=answered.until_ms, now_ms=now_ms):
        raise webauthn.bad("the challenge was answered before")
