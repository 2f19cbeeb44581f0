"""What a customer reads of themselves on the shop's tablet: pure, of what was read from this box alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from edge.consent.records import data_of
from edge.consent.rules import PURPOSES, TRAITS
from edge.consent.tables import Choice
from edge.recognition.profile import Profile
from edge.visits.here import Arrival
from edge.visits.rules import REASONS
from edge.visits.view_log import Look
from edge.wallet.rules import Balances
from staff_ui.pages.card import Card, glance
from staff_ui.pages.profile import WHY, Field, fields_of
from staff_ui.pages.wallet import giftcards, vouchers
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

# Purpose -> what may be done for it, as its owner reads it; what can be stopped comes first.
PURPOSE: Final = {
    "recognition": key("own.recognition"),
    "profiling": key("own.profiling"),
    "location": key("own.location"),
    "finding": key("own.finding"),
    "contact": key("own.contact"),
    "partners": key("own.partners"),
    "saving": key("own.saving"),
    "receipts": key("own.receipts"),
}
# Of what rests on no consent: why there is no button.
WITHOUT: Final = {"agreement": key("own.agreed"), "law": key("own.law")}
DATA: Final = {
    "name": key("field.name"),
    "since": key("card.since"),
    "birthday": key("card.birthday"),
    "pickup": key("field.pickup"),
    "points": key("card.points"),
    "stamps": key("card.stamps"),
    "last": key("field.last"),
    "vouchers": key("wallet.vouchers"),
    "giftcards": key("wallet.giftcards"),
    "wishlist": key("own.data.wishlist"),
    "baskets": key("own.data.baskets"),
    "guarded": key("own.data.guarded"),
    "age_band": key("own.data.age_band"),
    "guardian": key("own.data.guardian"),
    "zone": key("own.data.zone"),
    "address": key("own.data.address"),
    "ledger": key("own.data.ledger"),
}
ROLES: Final = {"staff": key("own.staff"), "manager": key("own.manager")}


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose of one party: what may be done, with which data, until when; `stop` where a button ends it."""

    purpose: str
    recipient: str
    title: str
    who: str
    data: str
    period: str
    stop: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What staff see of this customer: the card, and after a reason the fields. Made by the staff's own pages."""

    card: Card = field(repr=False)
    fields: tuple[Field, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Saved:
    label: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Own:
    frame: Frame
    call: str = field(repr=False)
    said: str
    saved: tuple[Saved, ...] = field(repr=False)
    uses: tuple[Use, ...]
    looks: tuple[str, ...]
    seen: Seen | None = field(repr=False)
    stops: int  # so many buttons: more than one has another for all
    asks: bool = False  # whether they can set right and be forgotten here
    waits: bool = False  # something they asked for still has to be carried out


@dataclass(frozen=True, slots=True)
class Forgotten:
    """`what`: done here, kept until headquarters hears it, or done elsewhere: nothing of them is in this shop."""

    frame: Frame
    what: Literal["done", "kept", "elsewhere"]


def seen_by_staff(arrival: Arrival, held: Profile, say: Words, *, now_ms: int) -> Seen:
    """The same functions as the tablet's card and its closer look (pages/card.py, pages/profile.py)."""
    return Seen(glance(arrival, held, say, now_ms=now_ms), fields_of(held, "staff", say, now_ms=now_ms))


def uses(choices: Sequence[Choice], say: Words, *, own: str, shop: str, now_ms: int) -> tuple[Use, ...]:
    """Everything somebody may do, what can be stopped first; `own` is this shop's recipient, called `shop`."""
    order = list(PURPOSE)
    known = sorted(
        (each for each in choices if each.purpose in PURPOSE), key=lambda it: order.index(it.purpose)
    )
    return tuple(
        _use(each, say, shop if each.recipient == own else each.recipient, now_ms=now_ms) for each in known
    )


def _use(choice: Choice, say: Words, who: str, *, now_ms: int) -> Use:
    ended = choice.until_ms is not None and choice.until_ms <= now_ms
    holds, basis = choice.state == "given" and not ended, PURPOSES[choice.purpose]
    if choice.state == "withdrawn":
        period = say.say("own.stopped")
    elif ended:
        period = say.say("own.ended")
    elif basis != "consent":
        period = say.say(WITHOUT[basis])
    elif choice.until_ms is None:
        period = say.say("own.open")
    else:
        said = key("own.soon") if choice.ends_soon(now_ms=now_ms) else key("own.until")
        period = say.say(said, day=say.day(choice.until_ms))
    data = [say.say(DATA[name]).lower() for name in data_of(choice.purpose)] if holds else []
    return Use(
        purpose=choice.purpose,
        recipient=choice.recipient,
        title=say.say(PURPOSE[choice.purpose]),
        who=who,
        data=", ".join(data),
        period=period,
        stop=holds and basis == "consent",
    )


def looks(found: Sequence[Look], say: Words, *, now_ms: int) -> tuple[str, ...]:
    """Who looked, by role and reason; never a name of staff. One line a look, whatever was used in it."""
    return tuple(dict.fromkeys(_look(each, say, now_ms=now_ms) for each in found))


def _look(look: Look, say: Words, *, now_ms: int) -> str:
    who = say.say(ROLES.get(look.role, ROLES["staff"]))
    when = say.when(min(look.at_ms, now_ms), now_ms=now_ms)
    if look.reason in REASONS:
        return say.say("own.look.closer", who=who, when=when, why=say.say(WHY[look.reason][0]).lower())
    return say.say("own.look", who=who, when=when)


def saved(found: Balances | None, say: Words, *, now_ms: int) -> Iterator[Saved]:
    """The wallet, a line a thing."""
    if found is None:
        return
    if found.points is not None:
        yield Saved(say.say("card.points"), say.number(found.points))
    if found.stamps is not None and found.stamps.of:
        have = min(found.stamps.have, found.stamps.of)
        yield Saved(say.say("card.stamps"), say.say("card.stamps_of", have=have, of=found.stamps.of))
    for each in (vouchers(found, say, now_ms), giftcards(found, say, now_ms)):
        if each is not None:
            yield from (Saved(item.label, item.value) for item in each.items)


assert set(DATA) >= set(TRAITS), "a declared trait has its word on its owner's page"
