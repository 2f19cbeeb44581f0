"""What is done to a wallet: a form is one line, however often it is sent; what is missing is asked for in words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.facts import Fact
from edge.kit.errors import Gone
from edge.kit.sqlite import Committed
from edge.wallet import acts, tables
from edge.wallet.policy import Missing
from edge.wallet.rules import Asked, Instrument, is_amount
from staff_ui.desk import Desk, Guest, frame, words
from staff_ui.pages.eyes import ask, colleagues, looked_along
from staff_ui.pages.named import id_of
from staff_ui.pages.purse import Purse, here, limits, of_note, of_visit
from staff_ui.pages.values import text
from staff_ui.security import Ask, own_form
from staff_ui.words import Words, key

# Why a colleague is asked to look along.
EYES_CARDS: Final = key("wallet.no.owner_cards")
EYES_POINTS: Final = key("wallet.no.owner")
# The acts that take away, and from what.
_REDEEMS: Final[Mapping[str, Instrument]] = {"spend": "points", "full": "stamps"}


async def wallet_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/wallet`: fields `act` (stamp, full, earn, spend), `line`, and `amount` for points."""
    fields = await own_form(request, guest.tablet)
    return await _move(desk, request, guest, of_visit(desk, request), fields)


async def saving_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /saving/{note}`: the same fields and acts."""
    fields = await own_form(request, guest.tablet)
    return await _move(desk, request, guest, of_note(desk, request), fields)


async def _move(
    desk: Desk, request: Ask, guest: Guest, purse: Purse, fields: Mapping[str, str]
) -> Response[str]:
    line = id_of(fields.get("line", ""))
    if line is None:
        raise Gone("the form has no line", code="U06", hint="open the wallet again")
    asked = Asked(
        line,
        purse.visit_id,
        role=guest.who.role,
        staff_id=guest.who.staff_id,
        at_ms=desk.house.time.now_ms(),
        customer_id=purse.customer_id if purse.nameless else b"",
        credential=purse.credential,
        evidence=purse.evidence,
        proved_ms=purse.proved_ms,
        tablet_hash=guest.who.tablet_hash,
    )
    act, amount = fields.get("act", ""), amount_of(fields.get("amount", ""))
    reader, back = desk.house.db.reader, purse.path
    say = words(desk, frame(desk, request, guest))
    wrong, status = "", 200
    # What cannot succeed is said at once: nobody is called over for it, and no PIN is typed.
    short = "" if tables.written(reader, line, visit_id=purse.visit_id) else _short(desk, act, asked, amount)
    if not short:
        if "staff" in fields:
            eyes, wrong, status = await looked_along(desk, guest, fields, say)
            asked = replace(asked, eyes=eyes)
        done = await _act(desk, act, asked, amount)
        if done.facts:
            desk.house.live.tell("visits", done.seq)
    if tables.written(reader, line, visit_id=purse.visit_id):
        back += f"?line={line.hex()}"
    elif not short and (why := _eyes_help(desk, guest, act, asked, purse, amount)):
        most = limits(desk)
        sentence = say.say(why, points=say.number(most.large_points), cards=most.large_cards)
        what = _approved(desk, act, purse, amount, say)
        return ask(
            desk, request, guest, path=back, form=fields, what=what, why=sentence, wrong=wrong, status=status
        )
    else:
        back += f"?no={short or _why_not(desk, act, asked, purse, amount)}"
    return Redirect(back, status_code=303, headers={"cache-control": "no-store"})


def _short(desk: Desk, act: str, asked: Asked, amount: int) -> str:
    """Why this cannot succeed whatever is shown for it; empty where it may."""
    if act in ("earn", "spend") and not is_amount(amount):
        return "amount"
    if act not in _REDEEMS:
        return ""
    instrument = _REDEEMS[act]
    found = acts.is_there(desk.house.db.reader, asked, instrument, amount, here=here(desk.house))
    return "" if found else instrument


def _approved(desk: Desk, act: str, purse: Purse, amount: int, say: Words) -> str:
    """What a colleague says yes to: how much, of what, and of whom, called as on the card."""
    house = desk.house
    named = (
        None
        if purse.nameless
        else house.names.of(house.db.reader, purse.customer_id, now_ms=house.time.now_ms())
    )
    whose = text(named, "call") or say.say("eyes.this_card")
    if act == "full":
        return say.say("eyes.card_of", whose=whose)
    return say.count("eyes.points_of", amount, whose=whose)


def _lacks(desk: Desk, act: str, asked: Asked, purse: Purse, amount: int) -> Missing | None:
    """What has to be shown before this act; None where it is not that."""
    if act not in _REDEEMS:
        return None
    much = amount if act == "spend" else 1
    return acts.lacks(
        desk.house.db.reader, asked, purse.customer_id, _REDEEMS[act], much, here=here(desk.house)
    )


def _eyes_help(desk: Desk, guest: Guest, act: str, asked: Asked, purse: Purse, amount: int) -> str | None:
    """Why a colleague is asked to look along: it would help, and there is one. None: that is not it."""
    if not colleagues(desk, guest):
        return None
    if _lacks(desk, act, asked, purse, amount) != "owner":
        return None
    return EYES_CARDS if act == "full" else EYES_POINTS


async def _act(desk: Desk, act: str, asked: Asked, amount: int) -> Committed[Fact]:
    write, this = desk.house.db.write, here(desk.house)
    match act:
        case "stamp":
            return await write(acts.earn, asked, instrument="stamps", amount=1, here=this)
        case "full":
            return await write(acts.redeem_stamps, asked, here=this)
        case "earn":
            return await write(acts.earn, asked, instrument="points", amount=amount, here=this)
        case "spend":
            return await write(acts.redeem_points, asked, amount=amount, here=this)
        case _:
            return Committed([], 0)


def _why_not(desk: Desk, act: str, asked: Asked, purse: Purse, amount: int) -> str:
    return _lacks(desk, act, asked, purse, amount) or _REDEEMS.get(act) or "other"


def amount_of(typed: str) -> int:
    """What was typed as a whole number, 0 when it is none."""
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else 0
