"""How long a PIN, a lock, a session and a pairing code may be or last. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from edge.kit.waits import lock_ms

StaffRole = Literal["staff", "manager"]

# A PIN of 4 to 6 digits is only ever the second factor, on a tablet that was paired (ASVS 5.0 6.3.2).
PIN_DIGITS: Final = (4, 5, 6)
# Nobody mistypes more often in a row; 10,000 PINs at 15 min each would take a hundred days.
FREE_TRIES: Final = 5
# ASVS 5.0 7.3.1 and 7.3.2 on a shared device: a break, and a long working day.
IDLE_MS: Final = 5 * 60_000
# More than a glance is open (product.md 3): whoever walks away from that leaves it for a minute at most.
PROFILE_IDLE_MS: Final = 60_000
# All wrong and right tries on one tablet; a busy shop signs in once every few minutes.
HOUR_MS: Final = 3_600_000
TRIES_AN_HOUR: Final = 20
SESSION_MS: Final = 12 * 3_600_000
# Time to let the tablet trust this box first, with a code on a screen.
PAIRING_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong PINs for this person on this tablet."""

    until_ms: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A try that counts as wrong until it turns out right; after it, `until_ms` is when the next may come."""

    tries: int
    until_ms: int

    @property
    def left(self) -> int:
        """Tries that remain before a lock."""
        return max(0, FREE_TRIES - self.tries)


def is_pin(text: str) -> bool:
    return len(text) in PIN_DIGITS and text.isascii() and text.isdigit()


def is_guessed(pin: str) -> bool:
    """Whether a PIN runs up or down, or repeats one or two digits: 1234, 9876, 0000, 1212."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {-1}) or pin == pin[:2] * (len(pin) // 2)


def take(tries: int, *, locked_ms: int, now_ms: int) -> Locked | Taken:
    """What a further try is allowed, given the wrong ones before it."""
    if now_ms < locked_ms:
        return Locked(until_ms=locked_ms)
    return Taken(tries=tries + 1, until_ms=now_ms + lock_ms(tries + 1, free=FREE_TRIES))


def is_alive(*, until_ms: int, touched_ms: int, now_ms: int, idle_ms: int = IDLE_MS) -> bool:
    """Whether a session may still be used: not past its end, and touched by a person lately."""
    return now_ms < until_ms and now_ms - touched_ms < idle_ms


def worn_out(tries: Sequence[int], *, now_ms: int) -> Locked | None:
    """Too many tries on one tablet within the hour, whoever's; `tries` are their instants, oldest first."""
    lately = [at_ms for at_ms in tries if at_ms > now_ms - HOUR_MS]
    if len(lately) < TRIES_AN_HOUR:
        return None
    return Locked(until_ms=lately[-TRIES_AN_HOUR] + HOUR_MS)
