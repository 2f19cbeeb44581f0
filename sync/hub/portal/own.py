"""What a customer does on their own page. Whose page it is says their session, in every line of this file."""

from typing import Any, Final

from litestar import Response
from litestar.response import Stream

from edge.joining.rules import tidy
from edge.kit.sql import Connection
from sync.hub.portal import live, page
from sync.hub.portal.guard import Asked
from sync.hub.portal.pages import EVENTS, Pages
from sync.hub.portal.security import foreign_form
from sync.hub.portal.sessions import Guest
from sync.hub.portal.words import Language, known
from sync.hub.tables import own as settings
from sync.hub.tables import portal as tables

# Pages that a change of language leads back to.
PLACES: Final = (
    "/portal",
    "/portal/access",
    "/portal/data",
    "/portal/digest",
    "/portal/forget",
    "/portal/pass",
)


async def portal(pages: Pages, asked: Asked) -> Response[Any]:
    changed = asked.request.query_params.get("changed") == "1"
    it = await page.page(pages.hub, asked.who, asked.words, changed=changed)
    return pages.html("portal.html", it, asked.language)


async def portal_live(pages: Pages, asked: Asked) -> Response[Any]:
    async def alive() -> bool:
        return await pages.guest(asked.request) is not None

    events = live.stream(pages.hub.bell, asked.who.customer_id, alive=alive)
    return Stream(events, media_type="text/event-stream", headers=EVENTS)


async def stop(pages: Pages, asked: Asked) -> Response[Any]:
    purpose, recipient = asked.form.get("purpose", ""), asked.form.get("recipient", "")
    await page.stop(pages.hub, asked.who, asked.words, purpose=purpose, recipient=recipient)
    return pages.back("/portal#mag")


async def stop_all(pages: Pages, asked: Asked) -> Response[Any]:
    await page.stop_all(pages.hub, asked.who, asked.words)
    return pages.back("/portal#mag")


async def allow(pages: Pages, asked: Asked) -> Response[Any]:
    form = asked.form
    base = page.base_of(form.get("gen", ""), form.get("state", ""))
    purpose, recipient = form.get("purpose", ""), form.get("recipient", "")
    done = await page.allow(
        pages.hub,
        asked.who,
        asked.words,
        purpose=purpose,
        recipient=recipient,
        base=base,
        parent=tidy(form.get("parent", "")),
    )
    return pages.back("/portal#mag" if done else "/portal?changed=1#mag")


async def language(pages: Pages, asked: Asked) -> Response[Any]:
    chosen = known(asked.form.get("language", ""))
    if chosen is None:
        raise foreign_form()
    await pages.hub.db.apply(_speak, asked.who, language=chosen)
    return pages.back(asked.form.get("here", "") if asked.form.get("here") in PLACES else "/portal")


async def leave(pages: Pages, asked: Asked) -> Response[Any]:
    await pages.hub.db.apply(tables.end_session, asked.who.token_hash)
    pages.hub.bell.poke([asked.who.customer_id])
    return pages.back("/portal", "")


def _speak(conn: Connection, who: Guest, *, language: Language) -> None:
    """From now on in this language: here, and in letters."""
    tables.set_language(conn, who.token_hash, language=language)
    settings.set_language(conn, who.customer_id, language=language)
