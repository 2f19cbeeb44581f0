"""What is kept of people, where, for what, for how long, and who deletes it: one table for records, jobs and tests.

`by` names the function that deletes when the time is over; an erasure deletes all of a customer's at once, whatever
stands here. Pure, and the same on the appliance and at the hub.
"""

from dataclasses import dataclass
from typing import Final, Literal

from edge.consent.rules import Basis

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
# 13 months: a week can be laid beside the same week a year ago. Two years: who looked is asked about later than that.
VISITS_MS: Final = 396 * DAY_MS
LOOKS_MS: Final = 2 * 365 * DAY_MS
UNDO_MS: Final = 30 * DAY_MS
BACKUP_NIGHTS: Final = 14
KEY_NIGHTS: Final = 2

Where = Literal["shop", "hub"]


@dataclass(frozen=True, slots=True)
class Kept:
    """`keep_ms` None: until what `until` says. `purpose`: of `PURPOSES`, or `shop`, what running a shop asks for."""

    what: str
    where: Where
    tables: tuple[str, ...]
    purpose: str
    basis: Basis | Literal["interest"]
    keep_ms: int | None
    until: str
    by: str


def _kept(
    where: Where,
    tables: str,
    what: str,
    purpose: str,
    basis: Basis | Literal["interest"],
    keep_ms: int | None,
    until: str,
    by: str,
) -> Kept:
    return Kept(what, where, tuple(tables.split()), purpose, basis, keep_ms, until, by)


_RESIDENT: Final = "as long as the customer belongs to a shop that may know them"
_TRAITS: Final = (
    "as each trait says (`consent.rules.TRAITS`); a day after its purpose is stopped or its yes expired"
)

KEPT: Final[tuple[Kept, ...]] = (
    _kept("shop", "customer customer_key", "who the residents are, and their keys", "saving", "agreement", None, _RESIDENT, "edge.replica"),
    _kept("shop", "trait", "personal values, sealed", "recognition", "consent", None, _TRAITS, "edge.pruning.drop_expired"),
    _kept("shop", "consent", "registers of consent: the proof, and what holds", "receipts", "law", None, _RESIDENT, "edge.replica"),
    _kept("shop", "credential", "keyed hashes of cards and phones", "saving", "agreement", None, _RESIDENT, "edge.replica"),
    _kept("shop", "joined", "customers made here, until the hub has sent them back", "saving", "agreement", None, "the hub's own rows are here", "edge.joining.tables.settle"),
    _kept("shop", "guest", "members of another shop who are here", "recognition", "consent", DAY_MS, "the visit is over", "edge.jobs.leave_guests"),
    _kept("shop", "visit", "visits", "recognition", "consent", VISITS_MS, "13 months after they ended, once the hub has their facts", "edge.visits.tables.prune"),
    _kept("shop", "view_log", "who looked at whom", "receipts", "law", LOOKS_MS, "two years", "edge.visits.view_log.prune_views"),
    _kept("shop", "look look_alarm", "the chain of looks, with nobody's name", "receipts", "law", LOOKS_MS, "two years", "edge.looks.tables.prune"),
    _kept("shop", "ledger", "points and stamps earned and redeemed", "receipts", "law", None, "the person is taken out with an erasure; amounts stay", "edge.wallet.tables.forget"),
    _kept("shop", "outbox outbox_past", "facts that the hub has or waits for", "shop", "interest", 35 * DAY_MS, "35 days after the hub has them", "edge.outbox.prune"),
    _kept("shop", "refusal", "what a customer said no to", "profiling", "consent", 14 * DAY_MS, "14 days; a day after profiling is stopped or its yes expired", "edge.advice.tables.prune"),
    _kept("shop", "suggestion", "what was suggested to a customer, and whether it was said or put away", "profiling", "consent", 90 * DAY_MS, "90 days; a day after profiling is stopped or its yes expired", "edge.advice.outcomes.prune"),
    _kept("shop", "mark", "how far a chip's counter has come", "saving", "agreement", VISITS_MS + 30 * DAY_MS, "14 months after it was seen last, where the card is nobody's", "edge.recognition.marks.prune"),
    _kept("shop", "spent", "the time in a phone's proof that was shown", "saving", "agreement", None, "12 minutes after that time", "edge.recognition.marks.drop_spent"),
    _kept("shop", "beacon", "keys of customers' fobs, sealed", "location", "consent", None, "it is taken back, or the consent ends", "edge.presence.beacons"),
    _kept("shop", "deed", "what staff did, on which tablet and at which visit", "shop", "interest", 365 * DAY_MS, "a year", "edge.staff.deeds.prune"),
    _kept("shop", "own_request", "what customers asked for on their own page in the shop, sealed, until the hub carried it out", "receipts", "law", None, "the hub carried it out, or they are forgotten", "edge.own_requests.done"),
    _kept("shop", "draft", "what was typed and not sent, sealed", "shop", "interest", HOUR_MS, "an hour, or the session's end", "edge.staff.drafts.drop_old"),
    _kept("shop", "feedback", "what staff think of Welkom, without a name", "shop", "interest", 365 * DAY_MS, "a year", "edge.shop.tables.prune"),
    _kept("shop", "staff staff_badge", "who may sign in", "shop", "agreement", None, "they work here no longer", "edge.staff.roster.drop"),
    _kept("shop", "staff_session tablet_try", "who is signed in, and when a PIN was tried", "shop", "interest", 12 * HOUR_MS, "a working day", "edge.staff.tables.prune"),
    _kept("shop", "pin_try", "how many wrong PINs in a row", "shop", "interest", None, "the right one, or they work here no longer", "edge.staff.tables.clear_tries"),
    _kept("hub", "customer customer_key residency", "who the customers are, their keys, and which shops may know them", "saving", "agreement", None, "they leave", "sync.hub.people.erase"),
    _kept("hub", "trait", "personal values, sealed", "recognition", "consent", None, _TRAITS, "sync.hub.retention.expire"),
    _kept("hub", "consent consent_event", "registers of consent and how each came to be: the proof", "receipts", "law", None, "they leave", "sync.hub.people.erase"),
    _kept("hub", "credential pass", "keyed hashes of cards and phones, and passes", "saving", "agreement", None, "they leave", "sync.hub.people.erase"),
    _kept("hub", "event", "what shops reported, by customer", "recognition", "consent", LOOKS_MS, "two years; then what was said is blanked, the chain stays; 35 days what a card earned that is nobody's", "sync.hub.retention.tidy"),
    _kept("hub", "feed", "what shops are sent", "saving", "agreement", None, "overtaken by newer rows", "sync.hub.compaction"),
    _kept("hub", "ledger", "points and stamps of all shops", "receipts", "law", None, "the person is taken out with an erasure; amounts stay", "sync.hub.tables.wallet.forget"),
    _kept("hub", "happening", "orders and purchases of other channels, sealed", "profiling", "consent", VISITS_MS, "13 months; a day after profiling is stopped or its yes expired", "sync.hub.retention.drop"),
    _kept("hub", "import_row", "how rows were before an import, sealed", "shop", "interest", UNDO_MS, "30 days: then an import cannot be taken back", "sync.hub.retention.drop"),
    _kept("hub", "look look_break", "the chains of looks, with nobody's name", "receipts", "law", LOOKS_MS, "two years", "sync.hub.retention.drop"),
    _kept("hub", "portal_code portal_session portal_claim", "phones that are in, codes and addresses that were given and not shown", "saving", "agreement", None, "each says until when", "sync.hub.retention.drop"),
    _kept("hub", "portal_address portal_passkey", "where a link may be sent, and passkeys", "contact", "agreement", None, "they take it back or leave", "sync.hub.portal"),
    _kept("hub", "api_answer", "answers to programs, for whoever asks again", "shop", "interest", DAY_MS, "a day", "sync.hub.retention.drop"),
    _kept("hub", "webhook_message", "what programs are still to be told", "shop", "interest", UNDO_MS, "it is told; 30 days after the webhook ended", "sync.hub.retention.drop"),
    _kept("hub", "staff", "who may sign in, in which shops", "shop", "agreement", None, "they work there no longer", "sync.hub.hq"),
    _kept("hub", "merge merge_card merge_shop", "cards that earned without a name and became somebody's", "saving", "agreement", None, "they leave", "sync.hub.people.erase"),
    _kept("hub", "erased", "keyed marks of who was erased: nobody comes back", "receipts", "law", None, "for good", "nobody"),
)  # fmt: skip


def keep_ms(where: Where, table: str) -> int:
    """For how long rows of a table are kept; raises KeyError for one that has no period of its own."""
    for each in KEPT:
        if each.where == where and table in each.tables and each.keep_ms is not None:
            return each.keep_ms
    raise KeyError(table)
