"""How long a PIN, a lock, a session and a pairing code may be or last. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

StaffRole = Literal["staff", "manager"]

# A PIN of 4 to 6 digits is only ever the second factor, on a tablet that was paired (ASVS 5.0 6.3.2).
PIN_DIGITS: Final = (4, 5, 6)
# Nobody mistypes more often in a row; 10,000 PINs at 15 min each would take a hundred days.
FREE_TRIES: Final = 5
FIRST_LOCK_MS: Final = 30_000
LONGEST_LOCK_MS: Final = 15 * 60_000
# ASVS 5.0 7.3.1 and 7.3.2 on a shared device: a break, and a long working day.
IDLE_MS: Final = 5 * 60_000
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


def lock_ms(tries: int) -> int:
    """How long to wait after `tries` wrong PINs in a row: 30 s at the fifth, then doubling to 15 min."""
    if tries < FREE_TRIES:
        return 0
    return min(LONGEST_LOCK_MS, FIRST_LOCK_MS << min(tries - FREE_TRIES, 10))


def take(tries: int, *, locked_ms: int, now_ms: int) -> Locked | Taken:
    """What a further try is allowed, given the wrong ones before it."""
    if now_ms < locked_ms:
        return Locked(until_ms=locked_ms)
    return Taken(tries=tries + 1, until_ms=now_ms + lock_ms(tries + 1))


def is_alive(*, until_ms: int, touched_ms: int, now_ms: int) -> bool:
    """Whether a session may still be used: not past its end, and touched by a person lately."""
    return now_ms < until_ms and now_ms - touched_ms < IDLE_MS
