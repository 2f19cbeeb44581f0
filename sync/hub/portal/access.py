"""How a customer gets onto their own page, as they see and change it: passkeys, addresses, phones that are in."""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from litestar import Response

from edge.kit.base64url import encode
from edge.kit.sql import Connection
from sync.hub.portal import addresses, letters, passkeys, sessions
from sync.hub.portal.guard import Asked
from sync.hub.portal.pages import NO_STORE, Pages
from sync.hub.portal.security import form_token
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import day
from sync.hub.portal.webauthn import Relying, decode
from sync.hub.portal.words import Words, key
from sync.hub.problem import Refusal
from sync.hub.tables import own as tables
from sync.hub.tables import portal as people
from sync.hub.tables.own import Address, Held
from sync.hub.tables.portal import Session

HERE: Final = "/portal/access"
SAID: Final = {
    "sent": key("access.sent"),
    "often": key("access.often"),
    "wrong": key("access.wrong"),
    "kept": key("access.kept"),
    "gone": key("access.gone"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A passkey, an address or a phone that is in; `id` is what its button sends."""

    id: str
    name: str = field(repr=False)
    note: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    frame: Frame
    said: str
    passkeys: tuple[Line, ...]
    can_passkey: bool
    addresses: tuple[Line, ...] = field(repr=False)
    can_mail: bool
    phones: bool  # whether numbers are taken too
    sessions: tuple[Line, ...] = field(repr=False)


async def access(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/access`."""
    who, words, now_ms = asked.who, asked.words, pages.hub.now_ms()
    held, passkeys_, sessions_ = await pages.hub.db.read(_own, pages, who.token_hash, now_ms=now_ms)
    it = Access(
        frame=Frame(language=asked.language, here=HERE, own=form_token(who.token), sure=who.sure),
        said=words.say(SAID[said]) if (said := asked.request.query_params.get("said", "")) in SAID else "",
        passkeys=tuple(_passkey(each, words, now_ms=now_ms) for each in passkeys_),
        can_passkey=passkeys.relying(pages.hub) is not None,
        addresses=tuple(_address(each, name, words, now_ms=now_ms) for each, name in held),
        can_mail=pages.letters.can,
        phones=bool(pages.hub.config.post.phones_at),
        sessions=tuple(
            _session(hash_, each, words, mine=hash_ == who.token_hash, now_ms=now_ms)
            for hash_, each in sessions_.items()
        ),
    )
    return pages.html("access.html", it, asked.language)


async def end_session(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/session/end`: field `session`, one of their own."""
    who = asked.who
    named = asked.form.get("session", "")
    await pages.hub.db.apply(sessions.end, who.token_hash, named=named, now_ms=pages.hub.now_ms())
    pages.hub.bell.poke([who.customer_id])
    if named == sessions.name_of(who.token_hash):
        return pages.back("/portal", "")
    return pages.back(f"{HERE}?said=gone")


async def give_address(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/address`: field `address`. Kept once the link that is sent there was opened."""
    where = addresses.read(asked.form.get("address", ""))
    if where is None or not pages.letters.takes(where):
        return pages.back(f"{HERE}?said=wrong")
    done = await pages.letters.claim(asked.who, where)
    return pages.back(f"{HERE}?said={'sent' if done else 'often'}")


async def drop_address(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/address/drop`: field `kind`."""
    kind = asked.form.get("kind", "")
    await pages.hub.db.apply(tables.drop_address, asked.who.customer_id, kind)
    return pages.back(f"{HERE}?said=gone")


async def confirm_address(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/address/{code}`: whoever reads what is sent to an address has shown that it is theirs."""
    given: str = asked.request.path_params["code"]
    whose = await pages.hub.db.apply(letters.confirm, pages, given, language=asked.language)
    if whose is None:
        return pages.door(asked.request, "used", status=410)
    pages.hub.bell.poke([whose])
    return pages.door(asked.request, "confirmed", status=200)


async def new_passkey(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/passkey/new`: what the browser is asked to make."""
    it, who = needed(pages), asked.who
    held = await pages.hub.db.read(tables.own_passkeys, who.token_hash, now_ms=pages.hub.now_ms())
    name = asked.words.say("passkey.name")
    ids = [each.id for each in held]
    return answer(passkeys.to_make(it, pages.hub, who, name=name, held=ids))


async def keep_passkey(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/passkey`: fields `id`, `client`, `data`, base64url."""
    device = sessions.device_of(asked.request.headers.get("user-agent", ""))
    it, now_ms = needed(pages), pages.hub.now_ms()
    await pages.hub.db.apply(passkeys.keep, it, asked.who, asked.form, device=device, now_ms=now_ms)
    return answer({"to": f"{HERE}?said=kept"})


async def drop_passkey(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/passkey/drop`: field `passkey`, one of their own."""
    id_ = decode(asked.form.get("passkey", ""))
    await pages.hub.db.apply(tables.drop_passkey, asked.who.customer_id, id_)
    return pages.back(f"{HERE}?said=gone")


def needed(pages: Pages) -> Relying:
    """The page that passkeys are for; raises Refusal where there is none."""
    found = passkeys.relying(pages.hub)
    if found is None:
        raise Refusal("no passkeys here", code="BAD_PASSKEY", hint="set `page` in hub.toml", status=404)
    return found


def answer(said: dict[str, Any]) -> Response[Any]:
    """To our own script."""
    return Response(msgspec.json.encode(said), media_type="application/json", headers=NO_STORE)


def _own(
    conn: Connection, pages: Pages, token_hash: bytes, *, now_ms: int
) -> tuple[list[tuple[Address, str]], list[Held], dict[bytes, Session]]:
    found = tables.own_addresses(conn, token_hash, now_ms=now_ms)
    opened = [(each, letters.opened(conn, pages, each)) for each in found]
    return (
        [(each, addresses.shown(where)) for each, where in opened if where],
        tables.own_passkeys(conn, token_hash, now_ms=now_ms),
        people.own_sessions(conn, token_hash, now_ms=now_ms),
    )


def _passkey(held: Held, words: Words, *, now_ms: int) -> Line:
    name = words.say("passkey.on", device=held.device or words.say("device.other"))
    return Line(
        encode(held.id), name, words.say("access.since", day=day(held.since_ms, words, now_ms=now_ms))
    )


def _address(held: Address, shown: str, words: Words, *, now_ms: int) -> Line:
    return Line(held.kind, shown, words.say("access.since", day=day(held.since_ms, words, now_ms=now_ms)))


def _session(token_hash: bytes, held: Session, words: Words, *, mine: bool, now_ms: int) -> Line:
    name = held.device or words.say("device.other")
    when = words.when(min(max(0, held.since_ms), now_ms), now_ms=now_ms)
    note = words.say("session.note", way=words.say(sessions.way_of(held.way)), when=when)
    return Line(sessions.name_of(token_hash), name, note, mine)
