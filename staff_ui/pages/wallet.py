"""All that a customer saved on one screen: stamps and points to earn and redeem, the rest to look at.

Every form carries the id of the line it would write. Pressed twice, sent again or reloaded, it is one line; what is
said afterwards is read back from the ledger.

Who wants to stay unknown keeps their balance: a card that was just held to a reader opens the same screen without a
visit and without a name, for as long as the counter's note lasts.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from litestar import Response

from edge.health import Health
from edge.kit.errors import Corrupt, StoreError
from edge.kit.ids import NewId
from edge.shop import tables as shop
from edge.visits.tables import proved as proofs
from edge.visits.view_log import was_shown
from edge.wallet import acts, policy, tables
from edge.wallet.rules import MOST_POINTS, Balances, StampCard, Voucher
from edge.wallet.tables import Written
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.card import MOST_DOTS
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import id_of
from staff_ui.pages.purse import Purse, here, limits, of_note, of_visit
from staff_ui.pages.state import State, state
from staff_ui.pages.tabs import Link, tabs
from staff_ui.pages.values import text
from staff_ui.pages.wishes import PURPOSE as WISHES_FOR
from staff_ui.pages.wishes import Wishes, wishes_of
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS, Words, key

# Looking here shows a name, and what was saved where there is any: a line of the view log for each.
PURPOSES: Final = ("recognition", "saving")
NEED: Final = key("wallet.no.proof")  # of what can be copied, and of a tap that was too long ago
WHY_NOT: Final[dict[str, str]] = {
    "amount": key("wallet.no.amount"),
    "points": key("wallet.no.points"),
    "stamps": key("wallet.no.stamps"),
    "proof": NEED,
    "owner": key("wallet.no.owner_alone"),
    "other": key("wallet.no.other"),
}


@dataclass(frozen=True, slots=True)
class Stamps:
    """A stamp card; `words` says what its dots show."""

    have: int
    of: int
    dots: bool
    words: str
    sentence: str
    full: bool
    as_of: str
    line: str


@dataclass(frozen=True, slots=True)
class Points:
    balance: str
    as_of: str
    line: str


@dataclass(frozen=True, slots=True)
class Item:
    """A voucher or a gift card: what it is, and what beside it matters."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    title: str
    as_of: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """The way back where there are no tabs."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Said:
    """What came of the last form: `done`, `reward` (hand something over) or `wrong`."""

    kind: str
    lead: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Wallet:
    """What `wallet.html` shows; `now` changes when anything in it does, so that the page can look again."""

    frame: Frame
    state: State
    path: str
    back: Back
    title: str = field(repr=False)
    said: Said | None = field(repr=False)
    stamps: Stamps | None = field(repr=False)
    points: Points | None = field(repr=False)
    vouchers: Listed | None = field(repr=False)
    giftcards: Listed | None = field(repr=False)
    need: str
    redeems: bool
    none: str
    none_why: str
    lost: str
    now: str = field(repr=False)
    wishes: Wishes | None = field(default=None, repr=False)
    tabs: tuple[Link, ...] = ()


async def wallet(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/wallet`; `?line=` says what that line did, `?no=` why nothing was done."""
    return await _show(desk, request, guest, of_visit(desk, request))


async def saving(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /saving/{note}`: the same for the card that was just held to a reader, without a name."""
    return await _show(desk, request, guest, of_note(desk, request))


async def _show(desk: Desk, request: Ask, guest: Guest, purse: Purse) -> Response[str]:
    house, around = desk.house, frame(desk, request, guest)
    say, now_ms = words(desk, around), house.time.now_ms()
    saved, broken = _saved(desk, purse, guest, now_ms)
    wishes = wishes_of(desk, purse.visit, guest, say, now_ms=now_ms) if purse.visit else None
    if purse.visit:
        seen = (*(PURPOSES if saved else PURPOSES[:1]), *((WISHES_FOR,) if wishes else ()))
        await log_look(desk, purse.visit, guest, seen)
    elif saved:
        await _log_nameless(desk, purse, guest)
    said = _said(desk, request, purse, saved, say)
    name = (
        ""
        if purse.nameless
        else text(house.names.of(house.db.reader, purse.customer_id, now_ms=now_ms), "call")
    )
    it = sheet(
        around,
        purse,
        name,
        saved,
        say,
        said=said,
        health=house.health,
        new_id=house.new_id,
        now_ms=now_ms,
        broken=broken,
        plain=_plain(desk, purse),
        wishes=wishes,
    )
    if not purse.nameless:
        it = replace(it, tabs=tabs(purse.visit_id.hex(), "wallet", say, busy=shop.busy(house.db.reader)))
    return html(desk, "wallet.html", it, language=around.language)


def _plain(desk: Desk, purse: Purse) -> bool:
    """Whether card or phone are not proved, or not any more: then it saves, and redeems nothing."""
    if purse.nameless:
        proved = policy.proved(purse.evidence, purse.proved_ms)
    else:
        proved = proofs(desk.house.db.reader, purse.visit_id)
    return policy.held(*proved, now_ms=desk.house.time.now_ms(), limits=limits(desk)) == "weak"


async def _log_nameless(desk: Desk, purse: Purse, guest: Guest) -> None:
    """As `log_look`, for saving alone: whom the card belongs to may not be recognised."""
    house, role = desk.house, guest.who.role
    doer = guest.who.doer
    if was_shown(house.db.reader, purse.visit_id, role, purpose="saving", staff_id=doer.staff_id):
        return
    now_ms = house.time.now_ms()
    try:
        done = await house.db.write(
            acts.look,
            purse.customer_id,
            purse.visit_id,
            role=role,
            here=here(desk.house),
            doer=doer,
            now_ms=now_ms,
        )
    except StoreError as error:
        house.log("view_not_logged", code=error.code, hint=error.hint)
    else:
        house.live.tell("views", done.seq)


def _saved(desk: Desk, purse: Purse, guest: Guest, now_ms: int) -> tuple[Balances | None, bool]:
    """What is saved, and whether it is there but cannot be read."""
    house = desk.house
    try:
        saved = tables.balances(
            house.db.reader, purse.customer_id, role=guest.who.role, here=here(desk.house), now_ms=now_ms
        )
    except Corrupt as error:
        house.log("wallet_unreadable", code=error.code, hint=error.hint)
        return None, True
    return saved, False


def _said(desk: Desk, request: Ask, purse: Purse, saved: Balances | None, say: Words) -> Said | None:
    if why := WHY_NOT.get(request.query_params.get("no", "")):
        return Said("wrong", "", say.say(why, most=say.number(MOST_POINTS)))
    line = id_of(request.query_params.get("line", ""))
    found = line and tables.written(desk.house.db.reader, line, visit_id=purse.visit_id)
    return said(found, saved, say, health=desk.house.health) if found else None


def said(line: Written, saved: Balances | None, say: Words, *, health: Health) -> Said:
    """What a line did, in words, and what is to be handed over."""
    later = "" if health.online or health.alone else say.say("wallet.later")
    if line.why == "reward" and line.instrument == "stamps":
        reward = saved.stamps.reward if saved and saved.stamps else ""
        # The hour stands there because a page that is opened again must not be taken for a second reward.
        lead = say.say("wallet.done.full", clock=say.clock(line.at_ms))
        give = say.say("wallet.done.give", reward=reward or say.say("wallet.done.gift"))
        return Said("reward", f"{lead} {later}".strip(), give)
    if line.why == "reward":
        sentence = say.count("wallet.done.spent", -line.delta)
    elif line.instrument == "stamps":
        sentence = say.count("wallet.done.stamps", line.delta)
    else:
        sentence = say.count("wallet.done.points", line.delta)
    return Said("done", "", f"{sentence} {later}".strip())


def sheet(
    around: Frame,
    purse: Purse,
    name: str,
    saved: Balances | None,
    say: Words,
    *,
    said: Said | None,
    health: Health,
    new_id: NewId,
    now_ms: int,
    broken: bool = False,
    plain: bool = False,
    wishes: Wishes | None = None,
) -> Wallet:
    """The page's dataclass; `saved` is None for somebody who does not save here, or whose balance is `broken`."""
    if purse.nameless:
        title, back = say.say("wallet.of_card"), Back(say.say("wallet.to_list"), "/")
    else:
        title = say.say("wallet.of", name=name) if name else say.say("wallet.of_somebody")
        back = Back(say.say("wallet.back"), f"/visits/{purse.visit_id.hex()}")
    card, points = (saved.stamps, saved.points) if saved else (None, None)
    return Wallet(
        frame=around,
        state=state(health, say, now_ms=now_ms),
        path=purse.path,
        back=back,
        title=title,
        said=said,
        stamps=_stamps(card, _as_of(saved, "stamps", say, now_ms), say, new_id().hex()) if card else None,
        points=None
        if points is None
        else Points(say.number(points), _as_of(saved, "points", say, now_ms), new_id().hex()),
        vouchers=vouchers(saved, say, now_ms),
        giftcards=giftcards(saved, say, now_ms),
        need=_need(saved, said, plain, say),
        redeems=not plain,
        none=say.say("wallet.broken") if broken else say.say("wallet.none"),
        none_why=say.say("wallet.broken_why") if broken else say.say("wallet.none_why"),
        lost=say.say("wallet.lost") if purse.nameless else "",
        now=_now(saved, plain, wishes),
        wishes=wishes,
    )


def _need(saved: Balances | None, said: Said | None, plain: bool, say: Words) -> str:
    """What redeeming takes, where there is something to redeem and it was not just said."""
    if not plain or saved is None or (said and said.kind == "wrong"):
        return ""
    return say.say(NEED) if saved.stamps or saved.points is not None else ""


def _now(saved: Balances | None, plain: bool, wishes: Wishes | None) -> str:
    wished = "" if wishes is None else sha256(repr((wishes.as_of, wishes.lines)).encode()).hexdigest()[:8]
    if saved is None:
        return wished
    stamps = saved.stamps.have if saved.stamps else ""
    shown = len(saved.vouchers), *(each.balance_cents for each in saved.giftcards)
    return "-".join(
        map(
            str,
            (saved.points, stamps, *shown, *saved.as_of_ms.values(), "save" if plain else "proved", wished),
        )
    )


def _as_of(saved: Balances | None, name: str, say: Words, now_ms: int) -> str:
    """How old the hub's word is, and what was added here since."""
    if saved is None or name not in saved.as_of_ms:
        return ""
    when, added = say.when(saved.as_of_ms[name], now_ms=now_ms), saved.added.get(name, 0)
    if not added:
        return say.say("wallet.as_of", when=when)
    change = ("+" if added > 0 else "−") + say.number(abs(added))
    return say.say("wallet.as_of_and", when=when, change=change)


def _stamps(card: StampCard, as_of: str, say: Words, line: str) -> Stamps:
    shown, (full, begun) = min(card.have, card.of), divmod(card.have, card.of)
    if not full:
        sentence = say.count("card.stamps_left", card.of - card.have, reward=card.reward)
    elif full == 1:
        sentence = say.say("wallet.full", reward=card.reward)
    else:
        sentence = say.say("wallet.fulls", cards=say.number(full), reward=card.reward)
    if full and begun:
        sentence = say.count("wallet.and_next", begun, full=sentence)
    return Stamps(
        have=shown,
        of=card.of,
        dots=card.of <= MOST_DOTS,
        words=say.say("card.stamps_of", have=shown, of=card.of),
        sentence=sentence,
        full=card.full,
        as_of=as_of,
        line=line,
    )


def vouchers(saved: Balances | None, say: Words, now_ms: int) -> Listed | None:
    if saved is None or "vouchers" not in saved.as_of_ms:
        return None
    items = tuple(Item(each.label, each.code, _until(each, say, now_ms)) for each in saved.vouchers)
    return Listed(say.say("wallet.vouchers"), _as_of(saved, "vouchers", say, now_ms), items)


def giftcards(saved: Balances | None, say: Words, now_ms: int) -> Listed | None:
    if saved is None or "giftcards" not in saved.as_of_ms:
        return None
    items = tuple(Item(each.label, _euro(each.balance_cents, say)) for each in saved.giftcards)
    return Listed(say.say("wallet.giftcards"), _as_of(saved, "giftcards", say, now_ms), items)


def _until(voucher: Voucher, say: Words, now_ms: int) -> str:
    if voucher.until_ms is None:
        return ""
    # What ends at midnight is good until the day before.
    last, now = say.local(voucher.until_ms - 1), say.local(now_ms)
    month = say.say(MONTHS[last.month - 1])
    if last.year == now.year:
        return say.say("wallet.until", day=last.day, month=month)
    return say.say("wallet.until_year", day=last.day, month=month, year=last.year)


def _euro(cents: int, say: Words) -> str:
    return say.say("wallet.euro", euros=say.number(cents // 100), cents=f"{cents % 100:02}")
