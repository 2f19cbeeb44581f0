"""Who has data of a customer, for what, until when, in return for what; and where what is known came from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.consent.records import Event, Record, ends_soon
from edge.consent.rules import MINOR, TRAITS
from sync.hub import opening
from sync.hub.portal import addresses, choices
from sync.hub.portal.mine import CORRECTED, Mine, first
from sync.hub.portal.traits import day
from sync.hub.portal.words import Words, key
from sync.hub.tables.happenings import SELF

# What is kept, by the name of its trait; the last ones are no traits (edge/consent/records.py).
DATA: Final = {
    "name": key("data.name"),
    "since": key("data.since"),
    "points": key("data.points"),
    "stamps": key("data.stamps"),
    "vouchers": key("data.vouchers"),
    "giftcards": key("data.giftcards"),
    "birthday": key("data.birthday"),
    "pickup": key("data.pickup"),
    "last": key("data.last"),
    "wishlist": key("data.wishlist"),
    "baskets": key("data.baskets"),
    "guarded": key("data.guarded"),
    "age_band": key("data.age_band"),
    "guardian": key("data.guardian"),
    "zone": key("data.zone"),
    "address": key("data.address"),
    "ledger": key("data.ledger"),
}
TITLES: Final = {
    **{purpose: texts[0] for purpose, texts in choices.CONSENTS.items()},
    **{purpose: texts[0] for purpose, texts in choices.OTHERS.items()},
}
BASES: Final = {
    "consent": key("basis.consent"),
    "agreement": key("basis.agreement"),
    "law": key("basis.law"),
}
KINDS: Final = {
    "chain": key("party.chain"),
    "franchise": key("party.franchise"),
    "partner": key("party.partner"),
}
Kept = tuple[addresses.Where, int]  # an address, and since when
_MOVES: Final = ("points", "stamps")
_TOLD: Final = ("name", "since", MINOR, *_MOVES)  # what begins with getting to know each other


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose of a party: what it is called, which data, on what it rests, its period, what comes in return."""

    title: str
    data: str
    basis: str
    period: str
    benefit: str
    holds: bool
    soon: bool  # it ends within weeks
    record: str  # id of the record behind it, whose receipt there is


@dataclass(frozen=True, slots=True)
class PartyPane:
    name: str
    role: str
    contact: str
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that is known: what, where it came from and when, and whether advice is made of it."""

    title: str
    source: str = field(repr=False)
    advice: bool


def parties(records: Sequence[Record], words: Words, *, now_ms: int) -> tuple[PartyPane, ...]:
    """Everybody who has data now or had before, those who have any first."""
    by_party: dict[tuple[str, str], list[Record]] = {}
    for each in records:
        by_party.setdefault((each.controller.id, "controller"), []).append(each)
        for other in each.recipients:
            by_party.setdefault((other.id, "recipient"), []).append(each)
    order = sorted(by_party.items(), key=lambda item: (not any(each.holds for each in item[1]), item[0]))
    return tuple(_pane(id_, role, its, words, now_ms=now_ms) for (id_, role), its in order)


def sources(
    mine: Mine, kept: Sequence[Kept], words: Words, *, names: Mapping[str, str], now_ms: int
) -> tuple[Source, ...]:
    """Where each trait came from, in the order of the declaration, and each address that they gave."""
    advised = choices.advised(mine.held, now_ms=now_ms)
    traits = tuple(
        Source(
            words.say(DATA[name]),
            _source(mine, name, words, names=names, now_ms=now_ms),
            advised and TRAITS[name].purpose == "profiling",
        )
        for name in TRAITS
        if name in mine.traits.values
    )
    return traits + tuple(
        Source(
            f"{words.say(DATA['address'])}{words.say('colon')} {addresses.shown(where)}",
            words.say("source.address", day=day(min(since_ms, now_ms), words, now_ms=now_ms)),
            advice=False,
        )
        for where, since_ms in kept
    )


def _pane(id_: str, role: str, its: Sequence[Record], words: Words, *, now_ms: int) -> PartyPane:
    found = next(party for each in its for party in (each.controller, *each.recipients) if party.id == id_)
    said = words.say("party.receives") if role == "recipient" else words.say("party.decides")
    return PartyPane(
        name=found.name,
        role=f"{words.say(KINDS[found.kind])}. {said}",
        contact=", ".join(each for each in (found.contact, found.address, found.email, found.phone) if each),
        uses=tuple(_use(each, words, now_ms=now_ms) for each in sorted(its, key=lambda each: not each.holds)),
    )


def _use(record: Record, words: Words, *, now_ms: int) -> Use:
    now = record.now
    since = day(min(max(0, record.events[0].at_ms), now_ms), words, now_ms=now_ms)
    if not record.holds:
        stopped = day(min(max(0, now.at_ms), now_ms), words, now_ms=now_ms)
        said = key("period.refused") if now.state == "refused" else key("period.stopped")
        period = words.say(said, day=stopped)
    elif now.until_ms is None:
        period = words.say("period.open", since=since)
    else:
        period = words.say("period.until", since=since, until=day(now.until_ms, words, now_ms=now_ms))
    benefit = record.benefit.rstrip(".! ")  # it stands inside a sentence of ours
    if benefit and record.delivered_ms is not None:
        when = day(min(record.delivered_ms, now_ms), words, now_ms=now_ms)
        benefit = words.say("benefit.given", benefit=benefit, day=when)
    return Use(
        title=words.say(TITLES[record.purpose]),
        # What was stopped or never chosen rests on nothing, and nothing is used for it.
        data=_listed(record.data, words) if record.holds else "",
        basis=words.say(BASES[record.basis]) if record.holds else "",
        period=period,
        benefit=benefit if record.holds else "",
        holds=record.holds,
        soon=record.holds and ends_soon(from_ms=now.at_ms, until_ms=now.until_ms, now_ms=now_ms),
        record=record.record_id,
    )


def _source(mine: Mine, name: str, words: Words, *, names: Mapping[str, str], now_ms: int) -> str:
    def at(at_ms: int) -> str:
        return day(min(max(0, at_ms), now_ms), words, now_ms=now_ms)

    def shop(id_: str) -> str:
        return choices.name(id_, names) if id_ else words.say("source.office")

    def began(at_ms: int) -> bool:
        """Whether it came with getting to know each other; of an age the day has to be the same."""
        return name in _TOLD and (name != MINOR or at(at_ms) == at(mine.traits.as_of_ms[name]))

    lines = [each for each in mine.moved if each.instrument == name and each.why != opening.WHY]
    if name in _MOVES and lines:
        last = lines[0]
        return words.count("source.moved", len(lines), shop=shop(last.shop_id), day=at(last.at_ms))
    own = first(
        mine.happened,
        lambda each: each.channel == SELF and each.kind == CORRECTED and name in each.about.get("fields", ()),
    )
    if own is not None:
        return words.say("source.self", day=at(own.at_ms))
    joined = first(mine.told, lambda each: each.kind == "customer_joined")
    if joined is not None and began(joined.at_ms):
        return words.say("source.joined", shop=shop(joined.shop_id), day=at(joined.at_ms))
    if name == "guardian":
        return words.say("source.guardian", day=at(mine.traits.as_of_ms[name]))
    phone = next((each for each in _firsts(mine) if each.how == "phone"), None)
    if phone is not None and began(phone.at_ms):
        return words.say("source.phone", day=at(phone.at_ms))
    orders = [each for each in mine.happened if each.channel != SELF]
    if name in ("last", "baskets", "pickup") and orders:
        return words.count("source.orders", len(orders), day=at(orders[0].at_ms))
    return words.say("source.office.day", day=at(mine.traits.as_of_ms[name]))


def _firsts(mine: Mine) -> Iterator[Event]:
    """How each of their choices began."""
    return (each.events[0] for each in mine.records)


def _listed(names: Sequence[str], words: Words) -> str:
    return ", ".join(words.within(words.say(DATA[name])) for name in names if name in DATA)
