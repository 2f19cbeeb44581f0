"""The customer's own page: their card, who looked, what may be done, and the buttons that change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec

from edge.consent.records import MOST_TEXT, Said
from edge.consent.rules import MINOR, PURPOSES, Register, State, may_ask
from edge.joining.rules import is_name
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync import wire
from sync.hub import consents, wallet
from sync.hub.hq import news
from sync.hub.hq import put as imports
from sync.hub.portal import choices
from sync.hub.portal.choices import Choice
from sync.hub.portal.guard import not_sure
from sync.hub.portal.security import foreign_form, form_token
from sync.hub.portal.sessions import Guest
from sync.hub.portal.sheets import Frame
from sync.hub.portal.traits import Card, card, open_traits
from sync.hub.portal.words import Words, key
from sync.hub.tables import feed as feeds
from sync.hub.tables import people
from sync.hub.tables import portal as tables
from sync.hub.tables.feed import Line, Moved
from sync.hub.tables.people import Consent
from sync.hub.tables.portal import Sealed, View

if TYPE_CHECKING:
    from sync.hub.app import Hub

MOST_VIEWS: Final = 30
GLANCE: Final = 3  # looks that stand open: the stop buttons are never far below
FRESH_MS: Final = 60_000
YEAR_MS: Final = 365 * 24 * 3_600_000
VERSION: Final = version("welkom")
SOMEBODY, SOMETHING = key("who.other"), key("why.other")  # a role or purpose of a later version
WHO: Final = {"staff": key("who.staff"), "manager": key("who.manager")}
WHY: Final = {
    "recognition": key("why.recognition"),
    "saving": key("why.saving"),
    "profiling": key("why.profiling"),
    "location": key("why.location"),
    "finding": key("why.finding"),
    "contact": key("why.contact"),
    "partners": key("why.partners"),
    "receipts": key("why.receipts"),
}
# What staff gave as their reason for looking closer; one of a later version is not guessed at.
REASON: Final = {
    "help": key("reason.help"),
    "exchange": key("reason.exchange"),
    "pickup": key("reason.pickup"),
    "phone": key("reason.phone"),
}

# What befell a card or phone of theirs, where they did not do it themselves.
CARDS: Final = {
    "credential_bound": key("look.bound"),
    "credential_blocked": key("look.blocked"),
    "tap_replayed": key("look.replayed"),
}


class _Shown(msgspec.Struct):
    """A `card_shown` as the shop reported it."""

    role: Annotated[str, msgspec.Meta(max_length=64)] = ""
    purpose: Annotated[str, msgspec.Meta(max_length=64)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""  # empty: the card at a glance


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the card: who by role, why, where and when; never a name of staff."""

    sentence: str
    place: str
    when: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Portal:
    frame: Frame
    greeting: str
    card: Card = field(repr=False)
    saves: bool  # they agreed to save, whatever they have by now
    looks: tuple[Look, ...] = field(repr=False)
    glance: int  # so many of them stand open
    earlier: str
    newest: str
    choices: tuple[Choice, ...] = field(repr=False)
    open: tuple[Choice, ...] = field(repr=False)  # what nobody asked them yet
    nevers: tuple[str, ...]
    changed: bool
    all_at_once: bool  # more than one can be stopped


async def page(hub: "Hub", who: Guest, words: Words, *, changed: bool = False) -> Portal:
    """Everything of one customer, read through their own session."""
    now_ms = hub.now_ms()
    held, sealed, views, refused = await hub.db.read(_own, who.token_hash, now_ms=now_ms)
    traits = open_traits(sealed, kek=hub.keys.hub_kek, log=hub.log)
    minor = any(each.name == MINOR for each in sealed)
    shown = choices.choices(held, words, names=hub.config.names, minor=minor, now_ms=hub.basis_ms())
    asked = choices.unasked(
        held, words, names=hub.config.names, partners=_partners(hub), refused=refused, minor=minor
    )
    if not who.sure:
        shown = choices.narrowed(shown, held, words, now_ms=hub.basis_ms())
        asked = choices.narrowed(asked, held, words, now_ms=hub.basis_ms())
    looks = _looks(views, words, names=hub.config.names, now_ms=now_ms)
    return Portal(
        frame=Frame(language=words.language, own=form_token(who.token), sure=who.sure),
        greeting=_greeting(words, now_ms=now_ms),
        card=card(traits, words, advised=choices.advised(held, now_ms=hub.basis_ms()), now_ms=now_ms),
        saves=any(each.purpose == "saving" and choices.given(each, now_ms=hub.basis_ms()) for each in held),
        looks=looks,
        glance=GLANCE,
        earlier=words.count("looks.earlier", len(looks) - GLANCE) if len(looks) > GLANCE else "",
        newest=str(views[0].at_ms) if views else "",
        choices=shown,
        open=asked,
        nevers=choices.nevers(held, words),
        changed=changed,
        all_at_once=sum(bool(each.stop) for each in shown) > 1,
    )


def _own(
    conn: Connection, token_hash: bytes, *, now_ms: int
) -> tuple[list[Consent], list[Sealed], list[View], set[tuple[str, str]]]:
    return (
        tables.own_consents(conn, token_hash, now_ms=now_ms),
        tables.own_traits(conn, token_hash, now_ms=now_ms),
        tables.own_views(conn, token_hash, now_ms=now_ms, most=MOST_VIEWS),
        tables.own_refusals(conn, token_hash, now_ms=now_ms),
    )


async def stop(hub: "Hub", who: Guest, words: Words, *, purpose: str, recipient: str) -> None:
    """Withdraw one consent of this customer, or refuse one; always accepted, and at once on its way to every shop."""
    held = await _register(hub, who, words, purpose=purpose, recipient=recipient)
    now_ms = hub.now_ms()
    await hub.change(
        consents.withdraw,
        who.customer_id,
        purpose=purpose,
        recipient=recipient,
        now_ms=now_ms,
        said=_said(hub, held, words, now_ms=now_ms),
    )
    hub.bell.poke([who.customer_id])


async def stop_all(hub: "Hub", who: Guest, words: Words) -> None:
    """Withdraw every consent of this customer that stands, in one transaction."""
    now_ms = hub.now_ms()

    def act(conn: Connection) -> list[Moved]:
        lines: list[Line] = []
        people.hold(conn, [who.customer_id])
        for each in people.consents(conn, who.customer_id):
            if each.basis == "consent" and each.state == "given":
                its = consents.withdrawn(
                    conn,
                    who.customer_id,
                    purpose=each.purpose,
                    recipient=each.recipient,
                    register=Register(each.gen, "withdrawn"),
                    now_ms=now_ms,
                    said=_said(hub, each, words, now_ms=now_ms),
                )
                lines += its or []
        news.tell(conn, [news.News("consent.withdrawn", now_ms, who.customer_id)] if lines else [])
        return feeds.publish(conn, lines)

    await hub.change(act)
    hub.bell.poke([who.customer_id])


async def allow(
    hub: "Hub",
    who: Guest,
    words: Words,
    *,
    purpose: str,
    recipient: str,
    base: Register | None,
    parent: str = "",
) -> bool:
    """Give or renew a consent as a new generation, for as long as before; False when it is not as they saw it.

    A first one is for a year. Of whom is under sixteen a `parent` says yes, by name: raises Refused without one.
    Whom a card alone let in lets nobody else in: raises Refusal NOT_SURE.
    """
    held = await _register(hub, who, words, purpose=purpose, recipient=recipient)
    now_ms = hub.now_ms()
    if isinstance(held, Choice):
        until_ms: int | None = now_ms + YEAR_MS
    else:
        until_ms = None if held.until_ms is None else now_ms + max(0, held.until_ms - held.from_ms)
    said = _said(hub, held, words, now_ms=now_ms)

    def act(conn: Connection) -> list[Moved] | None:
        now_held = people.consents(conn, who.customer_id)
        if not who.sure and choices.widens(purpose, recipient, now_held, now_ms=hub.basis_ms()):
            raise not_sure()
        child = people.is_minor(conn, who.customer_id) and may_ask(purpose, minor=True)
        if child and not is_name(parent):
            raise Refused(
                "no parent is named", code="PARENT", hint="a parent says yes for whom is under sixteen"
            )
        moved = consents.grant(
            conn,
            who.customer_id,
            purpose=purpose,
            recipient=recipient,
            base=base,
            now_ms=now_ms,
            until_ms=until_ms,
            said=replace(said, by="parent") if child else said,
        )
        if moved is None or not child:
            return moved
        guardian = {"guardian": {"name": parent, "how": "on their own page"}}
        imports.put_traits(conn, hub.keys, who.customer_id, guardian, now_ms=now_ms)
        return moved + feeds.publish(conn, wallet.rows(conn, [who.customer_id]))

    moved = await hub.change(act)
    hub.bell.poke([who.customer_id])
    return moved is not None


def _said(hub: "Hub", held: Consent | Choice, words: Words, *, now_ms: int) -> Said:
    """What stood beside the button: it is kept with the choice (TS 27560)."""
    it = held
    if not isinstance(it, Choice):
        whose = choices.name(it.recipient, hub.config.names)
        it = choices.choice(it, words, whose, minor=False, now_ms=now_ms)
    read = (it.title, it.sentence, it.until, it.stop, it.allow, it.refuse)
    text = "\n".join(each for each in read if each)
    return Said("portal", words.language, text[:MOST_TEXT], VERSION)


def base_of(gen: str, state: str) -> Register | None:
    """The register that a form says its customer saw, None where there was none; raises Refusal for other forms."""
    if (gen, state) == ("0", "none"):
        return None
    if state not in ("given", "withdrawn") or not gen.isascii() or not gen.isdigit() or len(gen) > 16:
        raise foreign_form()
    return Register(int(gen), cast(State, state))


async def _register(
    hub: "Hub", who: Guest, words: Words, *, purpose: str, recipient: str
) -> Consent | Choice:
    """A register of theirs that rests on consent, or a question that stands open; raises Refusal for others."""
    held = await hub.db.read(people.consents, who.customer_id)
    found = next((each for each in held if (each.purpose, each.recipient) == (purpose, recipient)), None)
    if found is not None and PURPOSES.get(purpose) == "consent":
        return found
    refused = await hub.db.read(tables.own_refusals, who.token_hash, now_ms=hub.now_ms())
    minor = await hub.db.read(people.is_minor, who.customer_id)
    asked = choices.unasked(
        held, words, names=hub.config.names, partners=_partners(hub), refused=refused, minor=minor
    )
    for each in asked:
        if (each.purpose, each.recipient) == (purpose, recipient):
            return each
    raise foreign_form()


def _partners(hub: "Hub") -> list[str]:
    """Whom the retailer shares with, if a customer says yes to that very one."""
    return [id_ for id_, party in hub.config.parties.items() if party.kind == "partner"]


def _greeting(words: Words, *, now_ms: int) -> str:
    hour = words.local(now_ms).hour
    if hour < 12:
        return words.say("greeting.morning")
    return words.say("greeting.afternoon") if hour < 18 else words.say("greeting.evening")


def _looks(views: Sequence[View], words: Words, *, names: Mapping[str, str], now_ms: int) -> tuple[Look, ...]:
    return tuple(_look(view, words, name=choices.name(view.shop_id, names), now_ms=now_ms) for view in views)


def _look(view: View, words: Words, *, name: str, now_ms: int) -> Look:
    at_ms = min(max(0, view.at_ms), now_ms)  # a shop's clock may be wrong; nobody looked tomorrow
    try:
        shown = wire.decode_as(view.body, _Shown)
    except wire.Malformed:
        shown = _Shown()
    who, why = words.say(WHO.get(shown.role, SOMEBODY)), words.say(WHY.get(shown.purpose, SOMETHING))
    when = words.when(at_ms, now_ms=now_ms)
    sentence = words.say("look.sentence", who=who, why=why)
    if view.kind in CARDS:
        sentence = words.say(CARDS[view.kind])
    elif shown.reason in REASON:
        sentence = words.say("look.closer", who=who, why=why, reason=words.say(REASON[shown.reason]))
    return Look(
        sentence=sentence,
        place=name,
        when=when[:1].upper() + when[1:],
        fresh=now_ms - at_ms < FRESH_MS,
    )
