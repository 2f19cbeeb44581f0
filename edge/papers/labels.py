"""How purposes, bases, fields, rows of `KEPT`, readers and parties are called on paper; a test finds each there."""

from typing import Final

from edge.consent.retention import KEPT, Kept
from edge.consent.rules import TRAITS, Basis
from edge.papers.installation import Installation
from edge.papers.words import Words, key
from sync.hub.portal.choices import CONSENTS, OTHERS
from sync.hub.portal.parties import DATA, KINDS, TITLES

BASES: Final[dict[str, str]] = {
    "consent": key("basis.consent"),
    "agreement": key("basis.agreement"),
    "law": key("basis.law"),
    "interest": key("basis.interest"),
}
PLACES: Final = {"shop": key("place.shop"), "hub": key("place.hub")}
ROLES: Final = {"staff": key("role.staff"), "manager": key("role.manager")}
SOURCES: Final = {
    "customer": key("source.customer"),
    "shop": key("source.shop"),
    "web shop": key("source.web_shop"),
}
# What is no trait -> where it comes from, who sees it, and when it goes.
OTHER_FIELDS: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "zone": (key("source.scanners"), (key("role.staff"), key("role.manager")), key("until.walks_out")),
    "address": (key("source.customer"), (key("role.no_staff"),), key("until.taken_back")),
    "ledger": (key("source.shop"), (key("role.no_staff"),), key("until.ledger")),
}
# (where, first table) of a row of `KEPT` -> what it is, and when it goes.
ROWS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("shop", "customer"): (key("kept.shop.customer"), key("until.resident")),
    ("shop", "trait"): (key("kept.trait"), key("until.trait")),
    ("shop", "consent"): (key("kept.shop.consent"), key("until.resident")),
    ("shop", "credential"): (key("kept.shop.credential"), key("until.resident")),
    ("shop", "joined"): (key("kept.joined"), key("until.sent_back")),
    ("shop", "guest"): (key("kept.guest"), key("until.visit_over")),
    ("shop", "visit"): (key("kept.visit"), key("until.visit")),
    ("shop", "view_log"): (key("kept.view_log"), key("until.two_years")),
    ("shop", "look"): (key("kept.look"), key("until.two_years")),
    ("shop", "ledger"): (key("kept.ledger"), key("until.ledger")),
    ("shop", "outbox"): (key("kept.outbox"), key("until.outbox")),
    ("shop", "refusal"): (key("kept.refusal"), key("until.days14")),
    ("shop", "suggestion"): (key("kept.suggestion"), key("until.days90")),
    ("shop", "mark"): (key("kept.mark"), key("until.mark")),
    ("shop", "spent"): (key("kept.spent"), key("until.spent")),
    ("shop", "beacon"): (key("kept.beacon"), key("until.beacon")),
    ("shop", "deed"): (key("kept.deed"), key("until.year")),
    ("shop", "own_request"): (key("kept.own_request"), key("until.carried_out")),
    ("shop", "draft"): (key("kept.draft"), key("until.hour")),
    ("shop", "feedback"): (key("kept.feedback"), key("until.year")),
    ("shop", "staff"): (key("kept.staff"), key("until.works_here")),
    ("shop", "staff_session"): (key("kept.staff_session"), key("until.working_day")),
    ("shop", "pin_try"): (key("kept.pin_try"), key("until.right_pin")),
    ("hub", "customer"): (key("kept.hub.customer"), key("until.leaves")),
    ("hub", "trait"): (key("kept.trait"), key("until.trait")),
    ("hub", "consent"): (key("kept.hub.consent"), key("until.leaves")),
    ("hub", "credential"): (key("kept.hub.credential"), key("until.leaves")),
    ("hub", "event"): (key("kept.event"), key("until.blanked")),
    ("hub", "feed"): (key("kept.feed"), key("until.overtaken")),
    ("hub", "ledger"): (key("kept.hub.ledger"), key("until.ledger")),
    ("hub", "happening"): (key("kept.happening"), key("until.months13")),
    ("hub", "import_row"): (key("kept.import_row"), key("until.days30")),
    ("hub", "look"): (key("kept.hub.look"), key("until.two_years")),
    ("hub", "portal_code"): (key("kept.portal_code"), key("until.each_says")),
    ("hub", "portal_address"): (key("kept.portal_address"), key("until.taken_back")),
    ("hub", "api_answer"): (key("kept.api_answer"), key("until.day")),
    ("hub", "webhook_message"): (key("kept.webhook_message"), key("until.told")),
    ("hub", "staff"): (key("kept.staff"), key("until.works_here")),
    ("hub", "merge"): (key("kept.merge"), key("until.leaves")),
    ("hub", "erased"): (key("kept.erased"), key("until.for_good")),
}
_FOBS: Final = ("beacon",)
_READERS: Final = {
    "vas": key("reads.vas"),
    "smarttap": key("reads.smarttap"),
    "sun": key("reads.sun"),
    "hce": key("reads.hce"),
    "ndef": key("reads.ndef"),
    "uid": key("reads.uid"),
}
_KINDS: Final = {
    "serial": key("reader.scanner"),
    "hid": key("reader.scanner"),
    "nfc": key("reader.cards"),
    "pcsc": key("reader.cards"),
    "ble": key("reader.fobs"),
    "mqtt": key("reader.fobs"),
    "pipe": key("reader.pipe"),
    "replay": key("reader.invented"),
    "sim": key("reader.invented"),
}


def kept(here: Installation) -> tuple[Kept, ...]:
    """The rows of `KEPT` that this installation can fill."""
    return tuple(each for each in KEPT if _can_be(each, here))


def _can_be(row: Kept, here: Installation) -> bool:
    if row.where == "hub" or row.tables[0] == "guest":
        return here.with_hub
    return here.shop is not None and (here.hears or row.tables[0] not in _FOBS)


def row(each: Kept, words: Words) -> tuple[str, str]:
    """What it is and when it goes; as the table itself says it where it has no words yet."""
    found = ROWS.get((each.where, each.tables[0]))
    return (words.say(found[0]), words.say(found[1])) if found else (each.what, each.until)


def basis(name: str, words: Words) -> str:
    return words.say(BASES[name])


def purpose(name: str, words: Words) -> str:
    """As the customer's own page calls it."""
    return words.say("purpose.shop") if name == "shop" else words.page.say(TITLES[name])


def may(name: str, here: Installation, words: Words) -> str:
    """What it allows, in the sentence that customers read; data go to a partner, not to the shop itself."""
    partners = ", ".join(each.name for each in here.partners) or words.say("may.partner")
    who = partners if name == "partners" else here.name
    return words.page.say((CONSENTS.get(name) or OTHERS[name])[1], who=who)


def field(name: str, words: Words) -> str:
    return words.page.say(DATA[name])


def trait_end(name: str, rests_on: Basis, words: Words) -> str:
    days = TRAITS[name].keep_days
    if days is not None:
        return words.count("trait.days", days)
    return words.say("trait.until_stop") if rests_on == "consent" else words.say("trait.until_leaves")


def roles(name: str, words: Words) -> str:
    found = [words.say(ROLES[each]) for each in ("staff", "manager") if each in TRAITS[name].roles]
    return ", ".join(found) or words.say("role.nobody")


def source(name: str, words: Words) -> str:
    return words.say(SOURCES[TRAITS[name].source])


def party(kind: str, words: Words) -> str:
    return words.page.say(KINDS[kind])


def readers(here: Installation, words: Words) -> list[tuple[str, str]]:
    """Each reader by its name, and what it reads."""
    found = []
    for each in here.readers:
        what = [words.say(said) for name, said in _READERS.items() if getattr(each, name)]
        sentence = words.say(_KINDS[each.kind])
        found.append((each.name, f"{sentence}: {', '.join(what)}" if what else sentence))
    if here.hears and not any(_KINDS[each.kind] == "reader.fobs" for each in here.readers) and here.shop:
        found.append((words.say("reader.floor"), words.say("reader.fobs")))
    return found
