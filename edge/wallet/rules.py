"""What a balance is and what may be redeemed from it: the same on the appliance and at the hub. Pure.

The hub's value is a trait. What a shop adds while it waits for the hub is a line, and lines are folded over the
value one by one, in their order, exactly as the hub does when they arrive.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from edge.recognition.evidence import Evidence

Instrument = Literal["points", "stamps"]
Why = Literal["opening", "purchase", "reward", "correction"]  # opening: what somebody came with
Number = tuple[int, int]  # epoch and outbox number of a line's own fact

INSTRUMENTS: Final[tuple[Instrument, ...]] = ("points", "stamps")
# The traits that this topic reads; what is not an instrument is only shown.
SAVED: Final = (*INSTRUMENTS, "vouchers", "giftcards")
# Trait -> the member of its value that moves.
_MEMBER: Final[dict[str, str]] = {"points": "balance", "stamps": "have"}
# One act: no purchase in a specialist shop earns more, a slip on a number pad soon does.
MOST_POINTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what to be written, when, in which visit; `line_id` is the form's, so that twice is once.

    With `customer_id` it is for a card whose owner stays unknown: there is no visit, `visit_id` is the note's,
    `credential` the card, and `evidence` what it proved at `proved_ms`. `eyes` is the colleague who looked along and
    typed their PIN on that tablet.
    """

    line_id: bytes
    visit_id: bytes
    role: str
    staff_id: bytes
    at_ms: int
    customer_id: bytes = field(default=b"", repr=False)
    credential: bytes = field(default=b"", repr=False)
    evidence: Evidence = "weak"
    proved_ms: int = 0
    eyes: bytes = b""
    tablet_hash: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was written in this shop."""

    instrument: str
    delta: int
    number: Number


@dataclass(frozen=True, slots=True)
class StampCard:
    """`have` may be above `of`: what is more than one full card is the beginning of the next."""

    have: int
    of: int
    reward: str

    @property
    def full(self) -> bool:
        return self.have >= self.of


@dataclass(frozen=True, slots=True)
class Voucher:
    label: str
    code: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class GiftCard:
    label: str
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Balances:
    """All that a customer saved. By trait: as of when the hub knew it, and what this shop added since."""

    points: int | None = field(repr=False)
    stamps: StampCard | None = field(repr=False)
    vouchers: tuple[Voucher, ...] = field(repr=False)
    giftcards: tuple[GiftCard, ...] = field(repr=False)
    as_of_ms: Mapping[str, int]
    added: Mapping[str, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Total:
    """A balance after a line; `short` is what was given though it was no longer there."""

    balance: int
    short: int


def add(balance: int, delta: int) -> Total:
    """No balance goes below zero: two shops without a line may both redeem, and what was given stays given."""
    total = balance + delta
    return Total(max(0, total), max(0, -total))


def fold(balance: int, deltas: Iterable[int]) -> int:
    for delta in deltas:
        balance = add(balance, delta).balance
    return balance


def full_card(card: StampCard | None) -> int | None:
    """What redeeming a full card writes off: one card, so one reward; None when it is not full."""
    return -card.of if card is not None and card.full else None


def spend(points: int | None, amount: int) -> int | None:
    """What redeeming points writes off; None when they are not there."""
    return -amount if points is not None and is_amount(amount) and amount <= points else None


def is_amount(amount: int) -> bool:
    return 1 <= amount <= MOST_POINTS


def balance_of(instrument: str, value: Any) -> int | None:
    """The number in a trait's value, None where there is no such card."""
    if instrument == "stamps" and not _whole(value, "of"):
        return None
    return _whole(value, _MEMBER[instrument])


def with_balance(instrument: str, value: Any, balance: int) -> dict[str, Any]:
    return {**value, _MEMBER[instrument]: balance}


def counted(value: Any, device: str) -> Number:
    """Up to which fact of `device` the hub's value counts; from what it never heard it counts nothing."""
    by_device = value.get("counted") if isinstance(value, Mapping) else None
    found = by_device.get(device) if isinstance(by_device, Mapping) else None
    if isinstance(found, list) and len(found) == 2 and all(type(each) is int for each in found):
        return found[0], found[1]
    return 0, 0


def with_counted(value: Mapping[str, Any], device: str, number: Number) -> dict[str, Any]:
    """The value that counts `device` up to `number`; a line that was counted late takes nothing of that back."""
    before, upto = value.get("counted"), max(counted(value, device), number)
    return {**value, "counted": {**(before if isinstance(before, Mapping) else {}), device: list(upto)}}


def here(values: Mapping[str, Any], lines: Iterable[Line], *, device: str) -> dict[str, Any]:
    """The traits as they are true in this shop: the hub's values and the lines that it has not counted."""
    held, found = list(lines), dict(values)
    for instrument in INSTRUMENTS:
        value = values.get(instrument)
        balance = balance_of(instrument, value)
        if balance is None:
            continue
        after = counted(value, device)
        deltas = [each.delta for each in held if each.instrument == instrument and each.number > after]
        if deltas:
            found[instrument] = with_balance(instrument, value, fold(balance, deltas))
    return found


def balances(
    values: Mapping[str, Any],
    as_of_ms: Mapping[str, int],
    lines: Iterable[Line] = (),
    *,
    now_ms: int,
    device: str = "",
) -> Balances:
    """What stands in the traits, with `lines` added; what is malformed or over is not there."""
    local = here(values, lines, device=device)
    both = {
        each: (balance_of(each, values.get(each)), balance_of(each, local.get(each))) for each in INSTRUMENTS
    }
    have = both["stamps"][1]
    stamps: Any = local.get("stamps")
    return Balances(
        points=both["points"][1],
        stamps=None if have is None else StampCard(have, stamps["of"], _text(stamps, "reward")),
        vouchers=tuple(
            Voucher(_text(each, "label"), _text(each, "code"), _whole(each, "until_ms"))
            for each in _items(values.get("vouchers"))
            if now_ms < (_whole(each, "until_ms") or now_ms + 1)
        ),
        giftcards=tuple(
            GiftCard(_text(each, "label"), cents)
            for each in _items(values.get("giftcards"))
            if (cents := _whole(each, "balance_cents")) is not None
        ),
        as_of_ms=as_of_ms,
        added={
            each: after - before
            for each, (before, after) in both.items()
            if before is not None and after is not None
        },
    )


def _items(value: Any) -> list[Any]:
    items = value.get("items") if isinstance(value, Mapping) else None
    return [each for each in items if _text(each, "label")] if isinstance(items, list) else []


def _whole(value: Any, name: str) -> int | None:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if type(found) is int and found >= 0 else None


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def new_wallet(*, size: int, reward: str) -> dict[str, Any]:
    """The traits with which somebody begins to save: no points, and an empty stamp card where the shop has one."""
    card = {"stamps": {"have": 0, "of": size, "reward": reward}} if reward else {}
    return {"points": {"balance": 0}, **card}
