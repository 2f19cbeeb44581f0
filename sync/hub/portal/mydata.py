"""The pages about a customer's data: who has what, what staff see; correct it, take it along, be forgotten."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from litestar import Response

from sync.hub.portal import addresses, choices, copy, correct, digest, forgetting, letters
from sync.hub.portal.access import answer
from sync.hub.portal.correct import Wrong
from sync.hub.portal.guard import Asked
from sync.hub.portal.mine import Mine, read, staff_see
from sync.hub.portal.pages import NO_STORE, Pages
from sync.hub.portal.parties import PartyPane, Source, parties, sources
from sync.hub.portal.security import form_token
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import MONTH_NAMES, Card, card, text, whole
from sync.hub.portal.words import key
from sync.hub.tables import own as tables

HERE: Final = "/portal/data"
SAID: Final = {
    "kept": key("correct.kept"),
    "name": key("correct.wrong.name"),
    "day": key("correct.wrong.day"),
}


class PublicKeys(msgspec.Struct, frozen=True):
    """Each Ed25519 key (RFC 8032) that signs copies and receipts, or did, in hex; the newest first."""

    ed25519: list[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What staff of one recipient see of them now; `card` is empty where they see nothing."""

    who: str
    card: Card | None = field(repr=False)
    advice: bool  # whether a page of advice may show their purchases


@dataclass(frozen=True, slots=True)
class Data:
    frame: Frame
    said: str
    wrong: str
    parties: tuple[PartyPane, ...] = field(repr=False)
    seen: tuple[Seen, ...] = field(repr=False)
    sources: tuple[Source, ...] = field(repr=False)
    name: str | None = field(repr=False)  # None: no purpose of theirs asks for one
    day: int
    month: int
    months: tuple[str, ...]


async def data(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/data`."""
    hub, words, now_ms = pages.hub, asked.words, pages.hub.basis_ms()
    mine = await read(hub, asked.who)
    held = await hub.db.read(tables.own_addresses, asked.who.token_hash, now_ms=now_ms)
    opened = [(await hub.db.read(letters.opened, pages, each), each.since_ms) for each in held]
    said = asked.request.query_params.get("said", "")
    birthday = mine.traits.values.get("birthday")
    named = any(each.purpose == "recognition" and choices.given(each, now_ms=now_ms) for each in mine.held)
    it = Data(
        frame=Frame(language=asked.language, here=HERE, own=form_token(asked.who.token), sure=asked.who.sure),
        said=words.say(SAID[said]) if said in SAID else "",
        wrong=said if said in ("name", "day") else "",
        parties=parties(mine.records, words, now_ms=now_ms),
        seen=_seen(pages, mine, asked, now_ms=now_ms),
        sources=sources(
            mine, [(where, at) for where, at in opened if where], words, names=hub.config.names, now_ms=now_ms
        ),
        name=_name(mine) if named else None,
        day=whole(birthday, "day") or 0,
        month=whole(birthday, "month") or 0,
        months=tuple(words.say(each) for each in MONTH_NAMES),
    )
    return pages.html("data.html", it, asked.language)


async def put_right(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/correct`: fields `name`, or `day` and `month`."""
    form = asked.form
    found: dict[str, Any] | Wrong
    if "name" in form:
        which, found = "name", correct.name(form["name"])
    else:
        which, found = "birthday", correct.birthday(form.get("day", ""), form.get("month", ""))
    if isinstance(found, str):
        return pages.back(f"{HERE}?said={found}#correct")
    hub = pages.hub
    await hub.change(correct.correct, hub, asked.who.customer_id, {which: found})
    hub.bell.poke([asked.who.customer_id])
    return pages.back(f"{HERE}?said=kept#correct")


async def take_along(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/download`: everything, in one signed file."""
    hub, now_ms = pages.hub, pages.hub.now_ms()
    mine = await read(hub, asked.who)
    held = await hub.db.read(tables.own_addresses, asked.who.token_hash, now_ms=now_ms)
    opened = [await hub.db.read(letters.opened, pages, each) for each in held]
    known: dict[str, str] = {where.kind: where.value for where in opened if where}
    file = copy.file(hub, copy.content(hub, mine, known, now_ms=now_ms))
    name = f"welkom-{asked.words.local(now_ms):%Y-%m-%d}.json"
    headers = {**NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(file, media_type="application/json", headers=headers)


async def keys(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/keys`: the public keys that copies and receipts are signed with."""
    return answer(msgspec.to_builtins(PublicKeys(copy.keys(pages.hub))))


async def overview(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/digest`; `?months=` back, 1: the last whole month, 0: this one so far."""
    hub, now_ms, zone = pages.hub, pages.hub.now_ms(), pages.hub.config.timezone
    wish = asked.request.query_params.get("months", "0")
    months = int(wish) if wish.isascii() and wish.isdigit() and len(wish) < 3 else 0
    since_ms = digest.month_ms(now_ms, months=months, timezone=zone)
    until_ms = digest.month_ms(now_ms, months=months - 1, timezone=zone)
    mine = await read(hub, asked.who, since_ms=since_ms)
    held = await hub.db.read(tables.own_addresses, asked.who.token_hash, now_ms=now_ms)
    it = digest.digest(
        hub,
        mine,
        asked.words,
        frame=Frame(language=asked.language, here="/portal/digest", own=form_token(asked.who.token)),
        since_ms=since_ms,
        until_ms=until_ms,
        asked=any(each.digest_ms is not None for each in held),
        can_mail=pages.letters.can and any(each.kind == addresses.MAIL for each in held),
    )
    return pages.html("digest.html", it, asked.language)


async def ask_overview(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/digest`: field `on`, 1 or 0: every month by letter, or not."""
    digest_ms = pages.hub.now_ms() if asked.form.get("on") == "1" else None
    await pages.hub.db.apply(tables.set_digest, asked.who.customer_id, digest_ms=digest_ms)
    return pages.back("/portal/digest")


async def forget(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/forget`: what goes, what stays, and the button."""
    mine = await read(pages.hub, asked.who)
    it = forgetting.Forget(
        frame=Frame(language=asked.language, here="/portal/forget", own=form_token(asked.who.token)),
        lost=forgetting.lost(mine, asked.words, now_ms=pages.hub.now_ms()),
    )
    return pages.html("forget.html", it, asked.language)


async def forget_now(pages: Pages, asked: Asked) -> Response[Any]:
    """`POST /portal/forget`: field `sure`, yes. The receipt is the answer: there is no page of theirs any more."""
    if asked.form.get("sure") != "yes":
        return pages.back("/portal/forget")
    mine = await read(pages.hub, asked.who)
    await pages.hub.erase(mine.customer_id)
    file = forgetting.receipt(pages.hub, mine, now_ms=pages.hub.now_ms())
    it = forgetting.Forgotten(
        frame=Frame(language=asked.language),
        receipt=file.decode(),
        href="data:application/json;base64," + b64encode(file).decode(),
    )
    done = pages.html("forgotten.html", it, asked.language)
    left = pages.back("/portal", "")
    done.cookies, done.headers = left.cookies, done.headers | left.headers
    return done


def _seen(pages: Pages, mine: Mine, asked: Asked, *, now_ms: int) -> tuple[Seen, ...]:
    found = []
    for recipient in dict.fromkeys(each.recipient for each in mine.held):
        traits = staff_see(mine, recipient, now_ms=now_ms)
        shown = (
            card(traits, asked.words, advised="baskets" in traits.values, now_ms=now_ms)
            if traits.values
            else None
        )
        here = [each for each in mine.held if each.recipient == recipient]
        found.append(
            Seen(
                choices.name(recipient, pages.hub.config.names),
                shown,
                choices.advised(here, now_ms=now_ms) and "baskets" in mine.traits.values,
            )
        )
    return tuple(found)


def _name(mine: Mine) -> str:
    value = mine.traits.values.get("name")
    return text(value, "call") or (value if isinstance(value, str) else "")
