"""Headquarters' pages, for this machine alone: the pane, the fleet, a lost card."""

from typing import Any

from litestar import Response
from litestar.response import Stream

from edge.kit.errors import Refused
from sync.hub.feed import EVERYTHING
from sync.hub.portal import fleet, hq, live, sifting
from sync.hub.portal.guard import Asked
from sync.hub.portal.pages import EVENTS, Pages


async def headquarters(pages: Pages, asked: Asked) -> Response[Any]:
    # One customer's balance stands beside the others only on the demo's stage, which is what may frame us.
    framed = pages.hub.config.frame_ancestors
    customer = asked.request.query_params.get("customer") if framed else None
    it = await hq.headquarters(pages.hub, asked.words, customer=customer)
    return pages.html("hq.html", it, asked.language)


async def headquarters_live(pages: Pages, asked: Asked) -> Response[Any]:
    events = live.stream(pages.hub.bell, EVERYTHING)
    return Stream(events, media_type="text/event-stream", headers=EVENTS)


async def the_fleet(pages: Pages, asked: Asked) -> Response[Any]:
    params = asked.request.query_params
    wanted = sifting.wanted(params.get("find", ""), params.get("why", ""))
    it = await fleet.page(pages.hub, asked.words, wanted)
    return pages.html("fleet.html", it, asked.language)


async def lost_cards(pages: Pages, asked: Asked) -> Response[Any]:
    it = fleet.cards(pages.hub, asked.words, done=asked.request.query_params.get("done", ""))
    return pages.html("cards.html", it, asked.language)


async def block_card(pages: Pages, asked: Asked) -> Response[Any]:
    value, done = asked.form.get("card", "").strip(), "blocked"
    try:
        if not value:
            done = "empty"
        else:
            await pages.hub.change(fleet.block, pages.hub.keys, value=value, now_ms=pages.hub.now_ms())
    except Refused:
        done = "nobody"
    return pages.back(f"/hq/cards?done={done}&language={asked.language}")
