"""What may be done with a customer's data, a plain sentence each, with the button that changes it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from edge.consent.rules import PURPOSES, State, may_ask
from sync.hub.portal.traits import day
from sync.hub.portal.words import Words, key
from sync.hub.records import name as name
from sync.hub.tables.people import Consent

# What it is called, what it allows, the button that stops it, what is true afterwards, what is true without it.
CONSENTS: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "recognition": (
        key("recognition.title"), key("recognition.may"), key("recognition.stop"),
        key("recognition.stopped"), key("recognition.never"),
    ),
    "profiling": (
        key("profiling.title"), key("profiling.may"), key("profiling.stop"),
        key("profiling.stopped"), key("profiling.never"),
    ),
    "location": (
        key("location.title"), key("location.may"), key("location.stop"),
        key("location.stopped"), key("location.never"),
    ),
    "finding": (
        key("finding.title"), key("finding.may"), key("finding.stop"),
        key("finding.stopped"), key("finding.never"),
    ),
    "contact": (
        key("contact.title"), key("contact.may"), key("contact.stop"),
        key("contact.stopped"), key("contact.never"),
    ),
    "partners": (
        key("partners.title"), key("partners.may"), key("partners.stop"),
        key("partners.stopped"), key("partners.never"),
    ),
}  # fmt: skip
# What rests on something else than a yes has no stop button, and says why.
OTHERS: Final[dict[str, tuple[str, str, str]]] = {
    "saving": (key("saving.title"), key("saving.may"), key("saving.why")),
    "receipts": (key("receipts.title"), key("receipts.may"), key("receipts.why")),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One register. `stop` and `allow` are the words on its button; without either it says why in `why`."""

    id: str
    title: str
    sentence: str
    until: str
    stop: str
    allow: str
    why: str
    renew: str
    purpose: str
    recipient: str
    gen: int
    state: State | Literal["none"]
    refuse: str = ""  # what was never asked has a "no" beside its "yes"
    parent: str = ""  # of a child: what asks for the name of the parent who says yes
    unsure: bool = False  # a yes asks for more than the card that let them in


# What can be said yes to here; the other two need a fob of the shop.
ASKABLE: Final = ("recognition", "profiling", "contact")


def home(held: Sequence[Consent]) -> str:
    """With whom they have their agreement; empty for whom there is none."""
    return next((each.recipient for each in held if each.purpose == "saving"), "")


def open_places(held: Sequence[Consent], partners: Sequence[str], *, minor: bool) -> list[tuple[str, str]]:
    """What nobody asked them yet: purposes of their own shop, and each partner, also one that came later.

    A child is asked nothing that nobody may say yes to.
    """
    asked = {(each.purpose, each.recipient) for each in held}
    whom = home(held)
    places = [(purpose, whom) for purpose in ASKABLE if whom] + [("partners", each) for each in partners]
    return [place for place in places if place not in asked and may_ask(place[0], minor=minor)]


def unasked(
    held: Sequence[Consent],
    words: Words,
    *,
    names: Mapping[str, str],
    partners: Sequence[str],
    refused: Collection[tuple[str, str]],
    minor: bool,
) -> tuple[Choice, ...]:
    """Questions that stand open, each with a yes and a no of one touch; `refused` once left a box empty."""
    return tuple(
        Choice(
            id=f"{purpose}-{recipient}",
            title=words.say(CONSENTS[purpose][0]),
            sentence=words.say(
                key("choice.again") if (purpose, recipient) in refused else key("choice.ask"),
                may=words.say(CONSENTS[purpose][1], who=name(recipient, names)),
            ),
            until="",
            stop="",
            allow=words.say("choice.yes"),
            why="",
            renew="",
            purpose=purpose,
            recipient=recipient,
            gen=0,
            state="none",
            refuse=words.say("choice.no"),
            parent=words.say("join.parent") if minor else "",
        )
        for purpose, recipient in open_places(held, partners, minor=minor)
    )


def given(consent: Consent, *, now_ms: int) -> bool:
    return consent.state == "given" and (consent.until_ms is None or consent.until_ms > now_ms)


def widens(purpose: str, recipient: str, held: Sequence[Consent], *, now_ms: int) -> bool:
    """Whether a yes lets somebody use data who may not now, or keeps a partner in for longer.

    A card can be in other hands for a moment: whom it alone let in says no such yes (sessions.SURE).
    """
    return purpose == "partners" or recipient not in {
        each.recipient for each in held if given(each, now_ms=now_ms)
    }


def narrowed(
    shown: Sequence[Choice], held: Sequence[Consent], words: Words, *, now_ms: int
) -> tuple[Choice, ...]:
    """What a card alone opens: every "no", and no yes that lets somebody else in."""
    return tuple(
        replace(each, allow="", renew="", parent="", why=words.say("choice.unsure"), unsure=True)
        if (each.allow or each.renew) and widens(each.purpose, each.recipient, held, now_ms=now_ms)
        else each
        for each in shown
    )


def advised(held: Sequence[Consent], *, now_ms: int) -> bool:
    """Whether anybody makes advice of what they bought."""
    return any(each.purpose == "profiling" and given(each, now_ms=now_ms) for each in held)


def choices(
    held: Sequence[Consent], words: Words, *, names: Mapping[str, str], minor: bool, now_ms: int
) -> tuple[Choice, ...]:
    """Registers in the order of importance: what can be stopped first."""
    order = [*CONSENTS, *OTHERS]
    known = [each for each in held if each.purpose in order and each.purpose in PURPOSES]
    known.sort(key=lambda each: order.index(each.purpose))
    return tuple(
        choice(each, words, name(each.recipient, names), minor=minor, now_ms=now_ms) for each in known
    )


def nevers(held: Sequence[Consent], words: Words) -> tuple[str, ...]:
    """What nobody ever asked or was allowed, as sentences that put at ease."""
    asked = {each.purpose for each in held}
    return tuple(words.say(texts[4]) for purpose, texts in CONSENTS.items() if purpose not in asked)


def choice(held: Consent, words: Words, recipient: str, *, minor: bool, now_ms: int) -> Choice:
    """A register in words; `recipient` as people call it. What is for nobody under sixteen has no "yes" for them."""
    stop = allow = why = until = renew = ""
    if held.purpose in OTHERS or held.basis != "consent":
        texts = OTHERS.get(held.purpose) or (*CONSENTS[held.purpose][:2], "saving.why")
        title, sentence, why = words.say(texts[0]), words.say(texts[1], who=recipient), words.say(texts[2])
    else:
        called, allows, stops, stopped, _ = CONSENTS[held.purpose]
        title, may = words.say(called), may_ask(held.purpose, minor=minor)
        if given(held, now_ms=now_ms):
            sentence, stop = words.say(allows, who=recipient), words.say(stops)
            if held.until_ms is not None:
                until = words.say("choice.until", day=day(held.until_ms, words, now_ms=now_ms))
                renew = words.say("choice.renew") if may else ""
        else:
            sentence = words.say(stopped, who=recipient)
            allow = words.say("choice.allow") if may else ""
            why = "" if may else words.say("choice.minor")
            if held.state == "given" and held.until_ms is not None:
                until = words.say("choice.ended", day=day(held.until_ms, words, now_ms=now_ms))
    return Choice(
        id=f"{held.purpose}-{held.recipient}",
        title=title,
        sentence=sentence,
        until=until,
        stop=stop,
        allow=allow,
        why=why,
        renew=renew,
        purpose=held.purpose,
        recipient=held.recipient,
        gen=held.gen,
        state=held.state,
        parent=words.say("join.parent") if minor and (allow or renew) else "",
    )
