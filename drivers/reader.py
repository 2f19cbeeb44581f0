"""The seam between hardware and house: what a reader is, what it says, how it fails.

A driver turns bytes into sightings and never decides who someone is. `Token.value` is personal:
it is left out of every `repr` here, so that no log line or traceback can carry it.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

How = Literal["tap", "scan", "near", "typed"]
Evidence = Literal["strong", "weak"]
TokenKind = Literal["vas", "smarttap", "sun", "hce", "ndef", "uid", "barcode", "qr", "gs1", "eid", "vendor"]
Outcome = Literal[
    "locked", "no_pass", "choose_pass", "unknown_merchant", "forged", "replayed", "unreadable", "refused"
]

IDLE_EVERY_S: Final = 2.0  # each driver's pulse: well under the 30 s of the contract, and costs nothing


@dataclass(frozen=True, slots=True)
class Token:
    """What was presented. `value` and `about` by kind: see the table "Sightings" in drivers/README.md.

    `unique` is a digest that only a copy of the same proof shares, where nothing in `about` tells a copy.
    """

    kind: TokenKind
    value: str = field(repr=False)
    evidence: Evidence
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)
    unique: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One presentation: a token, or the outcome that stands in its place. `at` is UTC-aware."""

    reader: str
    at: datetime
    how: How
    token: Token | None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing there, and the reader is alive: silence would mean that it is stuck.

    `scanners`: which of a reader's own scanners (gateways) came (True) or went (False) just now.
    """

    reader: str
    scanners: tuple[tuple[str, bool], ...] = ()


class ReaderError(Exception):
    """Trouble with one reader: what failed, a stable code, what to do next, whether trying again can help.

    ReaderError ├ ReaderGone (try again) └ ReaderRefused (tell a person)
    """

    retry = True

    def __init__(self, message: str, *, code: str, hint: str, retry: bool | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        if retry is not None:
            self.retry = retry


class ReaderGone(ReaderError):
    """The device went away or hangs; opening it again later can work."""


class ReaderRefused(ReaderError):
    """The device or its settings are wrong; a person has to do something first."""

    retry = False


class Reader(Protocol):
    """One physical or simulated reader.

    `events()` opens the device on its first step and releases it within 2 s of being left; it yields at
    least one `Idle` per 30 s when nothing is there, and raises only `ReaderGone` or `ReaderRefused`.
    """

    @property
    def name(self) -> str: ...

    def events(self) -> AsyncGenerator[Sighting | Idle, None]: ...
