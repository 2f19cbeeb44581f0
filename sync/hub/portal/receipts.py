"""A consent record as a page to read and print, as JSON-LD for programs, and the texts that were read before it."""

from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Response

from edge.consent import receipts
from edge.consent.records import By, Event, EventState, How, Record, record_id
from edge.kit.sql import Connection
from sync.hub import records
from sync.hub.portal.guard import Asked, no_session
from sync.hub.portal.pages import NO_STORE, Pages
from sync.hub.portal.parties import TITLES, PartyPane, parties
from sync.hub.portal.security import form_token
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import day
from sync.hub.portal.words import Words, key
from sync.hub.problem import Refusal
from sync.hub.tables import portal as sessions
from sync.hub.tables import records as tables

HERE: Final = "/portal/receipts/"
EVENTS: Final[dict[EventState, str]] = {
    "requested": key("event.requested"),
    "given": key("event.given"),
    "renewed": key("event.renewed"),
    "refused": key("event.refused"),
    "withdrawn": key("event.withdrawn"),
    "expired": key("event.expired"),
}
HOW: Final[dict[How, str]] = {
    "tablet": key("how.tablet"),
    "phone": key("how.phone"),
    "portal": key("how.portal"),
    "desk": key("how.desk"),
    "import": key("how.import"),
}
BY: Final[dict[By, str]] = {"customer": "", "parent": key("by.parent")}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One record in words; `text` is what was read before the last choice, empty where nobody kept it."""

    frame: Frame
    title: str
    id: str
    parties: tuple[PartyPane, ...] = field(repr=False)
    events: tuple[str, ...]
    text: tuple[str, ...] = field(repr=False)
    withdraws: bool


async def show(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/receipts/{record}`."""
    record = await _one(pages, asked)
    hub, words, now_ms = pages.hub, asked.words, pages.hub.basis_ms()
    notice = await hub.db.read(tables.notice, record.asked.notice) if record.asked.notice else None
    it = Receipt(
        frame=Frame(language=asked.language, here=HERE + record.record_id, own=form_token(asked.who.token)),
        title=words.say(TITLES[record.purpose]),
        id=record.record_id,
        parties=parties([record], words, now_ms=now_ms),
        events=tuple(_event(each, words, now_ms=now_ms) for each in record.events),
        text=tuple(notice.text.split("\n")) if notice else (),
        withdraws=record.basis == "consent",
    )
    return pages.html("receipt.html", it, asked.language)


async def json_ld(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/receipts/{record}/json`: ISO/IEC TS 27560 in the words of DPV."""
    record, hub = await _one(pages, asked), pages.hub
    now_ms = hub.now_ms()
    number = record_id(bytes.fromhex(record.principal), record.record_id, str(now_ms))
    made = receipts.receipt([record], records.issuer(hub.config), receipt_id=number, now_ms=now_ms)
    return _file(made, "application/ld+json", name=f"welkom-{record.purpose}.jsonld")


async def kantara(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/receipts/{record}/kantara`: the older form, v1.1."""
    record = await _one(pages, asked)
    made = receipts.kantara(record, records.issuer(pages.hub.config))
    return _file(made, "application/json", name=f"welkom-{record.purpose}.json")


async def notice(pages: Pages, asked: Asked) -> Response[Any]:
    """`GET /portal/notices/{digest}`: a text that customers read, word for word; it is about nobody."""
    try:
        digest = bytes.fromhex(asked.request.path_params["digest"])
    except ValueError:
        digest = b""
    found = await pages.hub.db.read(tables.notice, digest)
    if found is None:
        raise _absent()
    headers = {**NO_STORE, "content-language": found.language or "nl"}
    return Response(found.text, media_type="text/plain; charset=utf-8", headers=headers)


async def _one(pages: Pages, asked: Asked) -> Record:
    """One of their own records; raises Refusal for any other, as for none."""
    hub, now_ms = pages.hub, pages.hub.now_ms()

    def look(conn: Connection) -> Record | None:
        inside = sessions.session(conn, asked.who.token_hash, now_ms=now_ms)
        if inside is None:
            raise no_session()
        of_shops = records.Parties.of(hub.config)
        found = records.of(conn, inside.customer_id, of_shops, now_ms=hub.basis_ms())
        return next((each for each in found if each.record_id == asked.request.path_params["record"]), None)

    record = await hub.db.read(look)
    if record is None:
        raise _absent()
    return record


def _event(event: Event, words: Words, *, now_ms: int) -> str:
    when = day(min(max(0, event.at_ms), now_ms), words, now_ms=now_ms)
    said = [words.say(EVENTS[event.state], day=when)]
    if event.state != "expired":
        said.append(words.say(HOW[event.how]))
        said += [words.say(BY[event.by])] if BY[event.by] else []
    return " ".join(said)


def _file(content: Any, kind: str, *, name: str) -> Response[Any]:
    headers = {**NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)


def _absent() -> Refusal:
    return Refusal("no such record", code="NOT_FOUND", hint="open your own page", status=404)
