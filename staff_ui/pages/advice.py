"""Advice for one visit: three offers with their reasons and the data behind them. Staff decide; nobody is rated."""

from dataclasses import replace
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.advice import acts, outcomes
from edge.kit.errors import NotAllowed
from edge.shop import tables as shop
from edge.visits.here import Arrival
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.advice_shown import AdvicePage, page_of
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import open_visit
from staff_ui.pages.tabs import tabs
from staff_ui.security import Ask, own_form

# Answer of a button -> why, as the fact says it; being said is a fact of its own.
ANSWERS: Final[dict[str, str]] = {"said": "", "not_interested": "not_interested", "odd": "odd"}
AWAY: Final = "away"  # beside them, of a product that is not looked at for this customer


async def advice(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/advice`."""
    arrival = open_visit(desk, request)
    desk.house.advisor.wanted(arrival.visit_id, arrival.customer_id)
    around = frame(desk, request, guest, here="floor")
    say = words(desk, around)
    it = page_of(desk, arrival, around, say, guest)
    located = any(each.near for each in it.shown)
    used = {"recognition": True, "profiling": it.used, "location": located}
    await log_look(desk, arrival, guest, [purpose for purpose, is_used in used.items() if is_used])
    await _keep_shown(desk, arrival, it)
    busy = shop.busy(desk.house.db.reader)
    it = replace(it, tabs=tabs(arrival.visit_id.hex(), "advice", say, busy=busy))
    return html(desk, "advice.html", it, language=around.language)


async def _keep_shown(desk: Desk, arrival: Arrival, it: AdvicePage) -> None:
    """What stands on the page for the first time in this visit is kept, to learn from: never who looked."""
    house = desk.house
    new = set(outcomes.unseen(house.db.reader, arrival.visit_id, [each.item for each in it.shown]))
    made = {each.item: each.code for each in house.advisor.suggestions(arrival.visit_id) if each.item in new}
    if made and it.profiled:
        recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
        await house.db.apply(outcomes.shown, arrival.visit_id, made, recipient=recipient, now_ms=now_ms)


async def advice_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/advice`: `answer` (said, not_interested, odd) to `item`, or away: not looked at."""
    form = await own_form(request, guest.tablet)
    house, arrival = desk.house, open_visit(desk, request)
    answer, item = form.get("answer", ""), form.get("item", "")
    if answer not in (*ANSWERS, AWAY):
        raise NotAllowed("an answer that does not exist", code="U07", hint="choose one of the page's own")
    back = Redirect(
        f"/visits/{arrival.visit_id.hex()}/advice", status_code=303, headers={"cache-control": "no-store"}
    )
    if answer == AWAY:
        house.advisor.looks_away(arrival.visit_id, arrival.customer_id, item)
        return back
    suggested = {each.item: each for each in house.advisor.suggestions(arrival.visit_id)}
    if item not in suggested:
        return back  # pressed twice, or taken away meanwhile
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    if answer == "said":
        reason = suggested[item].code
        done = await house.db.write(
            acts.said, arrival.visit_id, item=item, reason=reason, recipient=recipient, now_ms=now_ms
        )
        house.advisor.was_said(arrival.visit_id, item)
        house.live.tell("visits", done.seq)
        return back
    why = ANSWERS[answer]
    gone = await house.db.write(
        acts.dismiss, arrival.visit_id, item=item, why=why, recipient=recipient, now_ms=now_ms
    )
    house.advisor.put_away(arrival.visit_id, item)
    house.live.tell("visits", gone.seq)
    return back
