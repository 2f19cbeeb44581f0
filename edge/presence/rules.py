"""When a customer has come in, has moved, has left: decided from receptions and estimates. Pure.

A visit is the customer's, not a device's and not an identifier's: a second device or a new identifier in mid-visit
changes nothing, and who returns within `AGAIN_S` is still in the same visit. (ble.md's figures are the field's.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from edge.presence.estimate import Estimate

Kind = Literal["entered", "moved", "dwelt", "left"]

ENTER_WITHIN_S: Final = 5.0
ENTER_RECEPTIONS: Final = 3  # of one scanner within that time, or
ENTER_SCANNERS: Final = 2  # two scanners: one stray reception greets nobody
# Or three moments in a row of a fob that is heard no oftener: each so long after the one before.
SLOW_S: Final = (2.0, 4.5)
RECEPTIONS_S: Final = (ENTER_RECEPTIONS - 1) * SLOW_S[1]  # for how long a reception counts at all
MOVE_S: Final = 1.5  # an estimate that holds so long is a move; a sure one is at once
MOVE_SURE: Final = 0.9
LEAVE_S: Final = 45.0
LEAVE_GAPS: Final = 6.0  # silences of so many of the device's own gaps are a device that is gone
DOOR_S: Final = 20.0  # last seen at the door: gone sooner
DOOR_GAPS: Final = 4.0
OUTSIDE_S: Final = 5.0  # believed outside so long: gone, though still heard
AGAIN_S: Final = 600.0
DEAF_S: Final = 600.0  # no scanner hears anything: nobody left, but presence still expires
DWELL_S: Final = 30.0  # of evidence in one zone: standing at a shelf, and not passing it
FRESH_S: Final = 10.0  # without evidence for longer, nobody is counted as standing anywhere


@dataclass(frozen=True, slots=True)
class Reception:
    at_s: float
    scanner: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One customer as last heard: by which device, where, and that device's usual gap between receptions."""

    at_s: float
    device: str
    estimate: Estimate
    gap_s: float


@dataclass(frozen=True, slots=True)
class Stay:
    """A customer who is here (`left_s` None), or was. `rival` is another zone that the estimate says, and since when.

    `dwell_s` is their time in this zone: only where there was fresh evidence, weighed by confidence. `dwelt` are the
    zones of which that was said: once a zone and visit.
    """

    visit: str
    zone: str
    since_s: float
    zone_since_s: float
    seen: Seen
    dwell_s: float = 0.0
    rival: tuple[str | None, float] | None = None
    left_s: float | None = None
    dwelt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Happened:
    kind: Kind
    at_s: float
    device: str
    zone: str
    visit: str


def enters(receptions: Sequence[Reception], estimate: Estimate, *, at_s: float) -> bool:
    """Whether a device that resolves is inside now: heard well enough, and more likely in than out."""
    recent = [each for each in receptions if at_s - each.at_s <= ENTER_WITHIN_S]
    heard = (
        len(recent) >= ENTER_RECEPTIONS
        or len({each.scanner for each in recent}) >= ENTER_SCANNERS
        or _is_slow(receptions)
    )
    return heard and estimate.zone is not None


def _is_slow(receptions: Sequence[Reception]) -> bool:
    """Whether a fob that speaks seldom has spoken as often as is asked of others."""
    moments = sorted({each.at_s for each in receptions})[-ENTER_RECEPTIONS:]
    return len(moments) == ENTER_RECEPTIONS and all(
        SLOW_S[0] <= later - sooner <= SLOW_S[1] for sooner, later in pairwise(moments)
    )


def seen_in(stay: Stay, seen: Seen) -> tuple[Stay, Happened | None]:
    """The stay after its customer was heard again: a move when the zone has really changed, or a dwell in it."""
    estimate, at_s = seen.estimate, seen.at_s
    fresh_s = at_s - stay.seen.at_s
    dwell_s = stay.dwell_s
    if 0 < fresh_s <= FRESH_S and stay.seen.estimate.zone == stay.zone:
        dwell_s += fresh_s * stay.seen.estimate.confidence
    stay = replace(stay, seen=seen, dwell_s=dwell_s)
    if estimate.zone == stay.zone:
        stay = replace(stay, rival=None)
        if stay.dwell_s < DWELL_S or stay.zone in stay.dwelt:
            return stay, None
        dwelt = Happened("dwelt", at_s, seen.device, stay.zone, stay.visit)
        return replace(stay, dwelt=stay.dwelt | {stay.zone}), dwelt
    if stay.rival is None or stay.rival[0] != estimate.zone:
        stay = replace(stay, rival=(estimate.zone, at_s))
    assert stay.rival is not None
    held_s = at_s - stay.rival[1]
    if estimate.zone is None:
        return stay, None
    if held_s >= MOVE_S or estimate.confidence >= MOVE_SURE:
        moved = replace(stay, zone=estimate.zone, zone_since_s=at_s, dwell_s=0.0, rival=None)
        return moved, Happened("moved", at_s, seen.device, estimate.zone, stay.visit)
    return stay, None


def leaves_at_s(
    stay: Stay, *, entrances: Sequence[str], deaf: bool, hearing_since_s: float = float("-inf")
) -> float:
    """When this stay ends if nothing more is heard; in the past when it has ended.

    While no scanner hears (`deaf`) silence says nothing, and nothing of the time before they came back.
    """
    last = stay.seen
    if stay.rival is not None and stay.rival[0] is None:
        return stay.rival[1] + OUTSIDE_S
    if deaf:
        return last.at_s + DEAF_S
    silent_s = min(max(last.at_s, hearing_since_s), last.at_s + DEAF_S)
    if stay.zone in entrances:
        return silent_s + max(DOOR_S, DOOR_GAPS * last.gap_s)
    return silent_s + max(LEAVE_S, LEAVE_GAPS * last.gap_s)


def same_visit(stay: Stay | None, *, at_s: float) -> bool:
    """Whether who comes in now is still in the visit they left: no second welcome."""
    return stay is not None and (stay.left_s is None or at_s - stay.left_s <= AGAIN_S)
