"""What staff do at a card: help, be done helping, leave alone, say whether the sentence was any good."""

from dataclasses import dataclass

from litestar import Response
from litestar.response import Redirect

from edge.kit.errors import Gone
from edge.visits import acts, tables
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.named import id_of
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame


@dataclass(frozen=True, slots=True)
class Told:
    """A colleague was first: said in words, with the way on."""

    frame: Frame
    title: str
    why: str
    visit: str


async def help_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/help`: claims the visit, or says who was first."""
    await own_form(request, guest.tablet)
    house, visit = desk.house, _named(request)
    done = await house.db.write(
        acts.claim,
        visit,
        doer=guest.who.doer,
        recipient=house.config.shop.recipient,
        now_ms=house.time.now_ms(),
    )
    if done.facts:
        house.live.tell("visits", done.seq)
        return _to(visit)
    held = tables.helper_of(house.db.reader, visit)
    if held is None:
        raise Gone("this visit is over", code="U06", hint="go back to the list")
    return _to(visit) if held[0] == guest.who.staff_id else _told(desk, request, guest, held[1], visit)


async def release_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/release`: done helping; somebody else's help is not ours to end."""
    await own_form(request, guest.tablet)
    house, visit = desk.house, _named(request)
    done = await house.db.write(acts.release, visit, doer=guest.who.doer, now_ms=house.time.now_ms())
    if done.facts:
        house.live.tell("visits", done.seq)
        return _to(None)
    held = tables.helper_of(house.db.reader, visit)
    return _to(visit) if held is None else _told(desk, request, guest, held[1], visit)


async def alone_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/alone`: field `undo` takes it back."""
    form = await own_form(request, guest.tablet)
    house, visit = desk.house, _named(request)
    done = await house.db.write(
        acts.leave_alone,
        visit,
        alone="undo" not in form,
        doer=guest.who.doer,
        recipient=house.config.shop.recipient,
        now_ms=house.time.now_ms(),
    )
    if done.facts:
        house.live.tell("visits", done.seq)
    return _to(visit)


async def tip_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/tip`: field `good` is `yes` or `no`; counted by day, never by colleague."""
    form = await own_form(request, guest.tablet)
    house, visit, now_ms = desk.house, _named(request), desk.house.time.now_ms()
    day = desk.sheets.words["nl"].local(now_ms).date().isoformat()
    counted = await house.db.apply(
        acts.judge_tip,
        visit,
        day=day,
        source="last",
        good=form.get("good") == "yes",
        recipient=house.config.shop.recipient,
        now_ms=now_ms,
    )
    if counted:
        house.live.tell("visits")
    return _to(visit)


def _named(request: Ask) -> bytes:
    found = id_of(request.path_params["visit"])
    if found is None:
        raise Gone("this visit is over", code="U06", hint="go back to the list")
    return found


def _to(visit: bytes | None) -> Response[str]:
    address = "/" if visit is None else f"/visits/{visit.hex()}"
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})


def _told(desk: Desk, request: Ask, guest: Guest, name: str, visit: bytes) -> Response[str]:
    around = frame(desk, request, guest, here="floor")
    say = words(desk, around).say
    it = Told(
        frame=around,
        title=say("told.title", name=name),
        why=say("told.why", name=name),
        visit=visit.hex(),
    )
    return html(desk, "told.html", it, language=around.language, status=409)
