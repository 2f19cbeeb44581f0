"""By what somebody is known, for their own eyes: what it is, how sure it is, where it came from. Never a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from edge.kit.words import key
from edge.recognition.evidence import Evidence
from sync.hub.passes.words import Say
from sync.hub.tables.identifiers import Came, Known

# As the token was that it came with; what nobody knows any more, or a later version's, is a card.
KINDS: Final = {
    "pass": key("known.pass"),
    "vas": key("known.vas"),
    "smarttap": key("known.smarttap"),
    "hce": key("known.hce"),
    "sun": key("known.sun"),
    "uid": key("known.uid"),
    "barcode": key("known.barcode"),
    "qr": key("known.barcode"),
}
CARD: Final = key("known.card")
CAME: Final[dict[Came, str]] = {
    "made": key("known.made"),
    "merged": key("known.merged"),
    "shop": key("known.shop"),
    "headquarters": key("known.headquarters"),
}
SURE: Final[dict[Literal["strong", "weak"], str]] = {"strong": key("known.strong"), "weak": key("known.weak")}
# The pass on the page is weak in a way of its own: a photograph of it grows old, a card's number does not.
TURNING: Final = key("known.turning")
# What can prove itself afresh at a reader (edge/recognition/evidence.py); everything else can be copied.
_PROVES: Final = frozenset(("vas", "smarttap", "hce", "sun"))
HANDLE: Final = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One of them. `handle` is what a form may call it, for this customer alone."""

    handle: str
    label: str
    sure: str
    came: str
    blocked: bool
    made: bool  # by the hub: its own button ends it


def assurance(kind: str) -> Evidence:
    """The most that a credential of this kind can prove."""
    return "strong" if kind in _PROVES else "weak"


def lines(known: Sequence[Known], customer_id: bytes, say: Say) -> tuple[Line, ...]:
    return tuple(
        Line(
            handle(each.hash, customer_id),
            say(KINDS.get(each.kind, CARD)),
            say(_sure(each.kind)),
            say(CAME[each.came]),
            each.state == "blocked",
            each.came == "made",
        )
        for each in known
    )


def _sure(kind: str) -> str:
    if kind == "pass":
        return TURNING
    return SURE["strong" if assurance(kind) == "strong" else "weak"]


def handle(hash_: bytes, customer_id: bytes) -> str:
    return sha256(customer_id + hash_).hexdigest()[:HANDLE]


def chosen(known: Sequence[Known], customer_id: bytes, named: str) -> Known | None:
    """The one that a form names, of those that still work and are no pass of the hub's."""
    return next(
        (
            each
            for each in known
            if handle(each.hash, customer_id) == named and each.state == "active" and each.came != "made"
        ),
        None,
    )
