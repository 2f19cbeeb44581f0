"""A customer's own page on the shop's tablet, in their own hands: all of it from this box, so without a line too.

They showed that it is them before (pages/mypage.py). The session of the colleague is over, as in Klantmodus, and
three idle minutes end it.
"""

from dataclasses import replace
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge import jobs, own_requests
from edge.consent import acts as consents
from edge.consent.tables import choices
from edge.kit.errors import Corrupt, Gone
from edge.presence.beacons import wrapped_key
from edge.recognition.evidence import Evidence
from edge.recognition.profile import Profile
from edge.staff.deeds import Doer, note
from edge.staff.pins import token_hash
from edge.visits.here import Arrival, arrival
from edge.visits.view_log import looks_at
from edge.wallet.rules import Balances
from edge.wallet.tables import balances, profile_here
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.handed import Owner
from staff_ui.pages import own_shown as shown
from staff_ui.pages.own_shown import Forgotten, Own, Use
from staff_ui.pages.purse import here
from staff_ui.pages.said import said
from staff_ui.pages.values import text
from staff_ui.security import Ask, cookie, own_form
from staff_ui.words import LANGUAGES, key

MOST_LOOKS: Final = 20
EVERYTHING: Final = "all"
DONE, ALL_DONE = key("own.done"), key("own.done.all")
KEEP: Final = {"cache-control": "no-store"}


async def hand_over(desk: Desk, guest: Guest, found: Arrival, proved: Evidence) -> Response[str]:
    """Give the tablet to whom a visit is of, who showed that it is them: the colleague is signed out."""
    house, staff, tablet = desk.house, guest.who, token_hash(guest.tablet)
    now_ms = house.time.now_ms()
    await house.db.apply(
        note, staff.doer, what="own_page", reason=proved, visit_id=found.visit_id, now_ms=now_ms
    )
    owner = Owner(
        staff=staff.name,
        staff_id=staff.staff_id,
        language=staff.language,
        customer_id=found.customer_id,
        visit_id=found.visit_id,
        touched_ms=now_ms,
        proved=proved,
    )
    await desk.sessions.sign_out(staff)
    desk.handed.put(tablet, owner)
    gone = cookie("session", "", secure=house.config.server.secure_cookies, max_age_s=0)
    return Redirect("/own", status_code=303, cookies=[gone], headers=KEEP)


async def own(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /own`; `?language=` in another language."""
    owner = owner_of(desk, guest)
    asked = next((each for each in LANGUAGES if each == request.query_params.get("language")), None)
    if asked is not None and asked != owner.language:
        owner = replace(owner, language=asked, said="")
        desk.handed.put(token_hash(guest.tablet), owner)
    around = replace(frame(desk, request, guest), language=owner.language, staff="", initials="")
    if owner.gone:
        return html(desk, "own_gone.html", Forgotten(around, owner.gone), language=owner.language)
    house, say, now_ms = desk.house, desk.sheets.words[owner.language], desk.house.time.now_ms()
    conn = house.db.reader
    if wrapped_key(conn, owner.customer_id) is None:  # forgotten meanwhile, wherever that was asked for
        return html(desk, "own_gone.html", Forgotten(around, "elsewhere"), language=owner.language)
    found = arrival(conn, owner.visit_id, recipient=house.config.shop.recipient, now_ms=now_ms)
    held, uses = _held(desk, owner), _uses(desk, owner)
    it = Own(
        frame=around,
        # Whom nobody may recognise any more is not called by a name here either.
        call=text(held.values.get("name"), "call") if found else "",
        said=owner.said,
        saved=tuple(shown.saved(saved_of(desk, owner), say, now_ms=now_ms)),
        uses=uses,
        looks=shown.looks(looks_at(conn, owner.customer_id, most=MOST_LOOKS), say, now_ms=now_ms),
        seen=shown.seen_by_staff(found, held, say, now_ms=now_ms) if found else None,
        stops=sum(each.stop for each in uses),
        asks=house.own_page.carries and found is not None,
        waits=bool(own_requests.of(conn, owner.customer_id)),
    )
    return html(desk, "own.html", it, language=owner.language)


async def stop_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /own/stop`: fields `purpose` (or `all`), `recipient`. At once in this shop, asking nobody."""
    form = await own_form(request, guest.tablet)
    owner, tablet = owner_of(desk, guest), token_hash(guest.tablet)
    if owner.gone:
        return Redirect("/own", status_code=303, headers=KEEP)
    house, say = desk.house, desk.sheets.words[owner.language]
    asked = form.get("purpose", ""), form.get("recipient", "")
    ending = [
        each
        for each in _uses(desk, owner)
        if each.stop and (asked[0] == EVERYTHING or asked == (each.purpose, each.recipient))
    ]
    for each in ending:
        done = await house.db.write(
            consents.withdraw,
            owner.customer_id,
            purpose=each.purpose,
            recipient=each.recipient,
            now_ms=house.time.now_ms(),
            said=said(say, each.title, each.who, each.period),
        )
        # From here on no tablet may show what rested on it, whatever becomes of the visit itself.
        house.live.tell("visits", done.seq)
    if ending:
        now_ms = house.time.now_ms()
        await house.db.apply(
            note, Doer(owner.staff_id, tablet), what="stop", visit_id=owner.visit_id, now_ms=now_ms
        )
        await jobs.end_without_basis(house)
        told = DONE if len(ending) == 1 else ALL_DONE
        if desk.handed.of(tablet) is not None:  # staff may have taken it back meanwhile
            desk.handed.put(
                tablet, replace(owner, said=say.say(told, what=ending[0].title), touched_ms=now_ms)
            )
    return Redirect("/own", status_code=303, headers=KEEP)


def owner_of(desk: Desk, guest: Guest) -> Owner:
    """Whose hands this tablet is in; raises Gone where it is in nobody's, or not in a known customer's."""
    found = desk.handed.of(token_hash(guest.tablet), touched=True)
    if not isinstance(found, Owner):
        raise Gone("nobody has touched it for too long", code="U13", hint="hand the tablet over again")
    return found


def _uses(desk: Desk, owner: Owner) -> tuple[Use, ...]:
    house, shop = desk.house, desk.house.config.shop
    return shown.uses(
        choices(house.db.reader, owner.customer_id),
        desk.sheets.words[owner.language],
        own=shop.recipient,
        shop=shop.name,
        now_ms=house.time.now_ms(),
    )


def _held(desk: Desk, owner: Owner) -> Profile:
    """As the staff's own pages read it."""
    house, now_ms = desk.house, desk.house.time.now_ms()
    try:
        held = profile_here(house.db.reader, owner.customer_id, role="staff", here=here(house), now_ms=now_ms)
    except Corrupt as error:
        house.log("card_unreadable", code=error.code, hint=error.hint)
        return Profile(values={}, as_of_ms={}, until_ms=now_ms)
    right = {name: value for name, value in owner.right.items() if name in held.values}
    return replace(held, values={**held.values, **right})


def saved_of(desk: Desk, owner: Owner) -> Balances | None:
    house, now_ms = desk.house, desk.house.time.now_ms()
    try:
        return balances(house.db.reader, owner.customer_id, role="staff", here=here(house), now_ms=now_ms)
    except Corrupt as error:
        house.log("wallet_unreadable", code=error.code, hint=error.hint)
        return None
