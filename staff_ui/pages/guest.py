"""A card that may be of another shop, while nobody can be asked: it saves on, and the balance follows.

What was written is one line a form. No balance is shown, because this shop has none, and nothing is redeemed.
"""

from dataclasses import dataclass, field

from litestar import Response
from litestar.response import Redirect

from edge.elsewhere import sealed_for_hub
from edge.guests import acts, tables
from edge.guests.tables import Written
from edge.health import Health
from edge.kit.errors import Gone
from edge.kit.ids import NewId
from edge.notes import Note
from edge.wallet.rules import MOST_POINTS, Asked, Instrument, is_amount
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.named import id_of
from staff_ui.pages.state import State, state
from staff_ui.pages.wallet import Said
from staff_ui.pages.wallet_acts import amount_of
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

STAMPS, POINTS = key("wallet.done.stamps"), key("wallet.done.points")


@dataclass(frozen=True, slots=True)
class Passing:
    """What `guest.html` shows; each form carries the line it would write."""

    frame: Frame
    state: State
    path: str
    said: Said | None
    points_line: str
    stamps_line: str = field(repr=False)


def may_pass(health: Health) -> bool:
    """Whether a card that is unknown here may be of another shop and nobody can say so."""
    return not health.online and not health.alone


async def passing(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /elsewhere/{note}`; `?line=` says what that line did, `?no=` why nothing was written."""
    house, around = desk.house, frame(desk, request, guest)
    now_ms = house.time.now_ms()
    note, say = _note(desk, request), words(desk, around)
    line = id_of(request.query_params.get("line", ""))
    found = tables.written(house.db.reader, line) if line else None
    wrong = "no" in request.query_params
    it = sheet(
        around, f"/elsewhere/{note.key}", say, house.health, found, house.new_id, now_ms=now_ms, wrong=wrong
    )
    return html(desk, "guest.html", it, language=around.language)


async def passing_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /elsewhere/{note}`: fields `act` (stamp, earn), `line`, and `amount` for points."""
    house, fields = desk.house, await own_form(request, guest.tablet)
    note, line = _note(desk, request), id_of(fields.get("line", ""))
    if line is None or note.card is None:
        raise Gone("the form has no line", code="U06", hint="open the page again")
    instrument: Instrument = "stamps" if fields.get("act") == "stamp" else "points"
    amount = 1 if instrument == "stamps" else amount_of(fields.get("amount", ""))
    asked = Asked(line, b"", role=guest.who.role, staff_id=guest.who.staff_id, at_ms=house.time.now_ms())
    card = sealed_for_hub(house.keys.shop_key, house.config.shop.id, note.card)
    await house.db.write(acts.save, asked, card=card, instrument=instrument, amount=amount)
    back = f"/elsewhere/{note.key}?line={line.hex()}"
    if not is_amount(amount):
        back = f"/elsewhere/{note.key}?no=amount"
    return Redirect(back, status_code=303, headers={"cache-control": "no-store"})


def sheet(
    around: Frame,
    path: str,
    say: Words,
    health: Health,
    found: Written | None,
    new_id: NewId,
    *,
    now_ms: int,
    wrong: bool = False,
) -> Passing:
    said = None
    if wrong:
        said = Said("wrong", "", say.say("wallet.no.amount", most=say.number(MOST_POINTS)))
    elif found is not None:
        stamps = found.instrument == "stamps"
        done = say.count(STAMPS if stamps else POINTS, found.delta)
        follows = say.say("guest.follows")
        said = Said("done", "", f"{done} {follows}")
    return Passing(around, state(health, say, now_ms=now_ms), path, said, new_id().hex(), new_id().hex())


def _note(desk: Desk, request: Ask) -> Note:
    note = desk.house.counter.notes.of(request.path_params["note"])
    if note is None or note.card is None:
        raise Gone("the card is not remembered any more", code="U15", hint="hold it to the reader again")
    return note
