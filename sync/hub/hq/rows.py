"""What stands on one line of an import, whatever the file looked like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from edge.recognition.rules import CredentialKind
from sync.hub.consents import NewConsent


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer by headquarters' own number or, where a shop made them, by our id."""

    line: int
    ref: str = field(repr=False)
    id: str = ""  # 32 hex digits, in place of ref
    traits: Mapping[str, Any] = field(default_factory=dict, repr=False)
    cards: Sequence[tuple[CredentialKind, str]] = field(default=(), repr=False)
    shops: Sequence[str] = ()
    consents: Sequence[NewConsent] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer saved, as headquarters counts it; None: not told."""

    line: int
    ref: str = field(repr=False)
    id: str = ""
    points: int | None = None
    stamps: int | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """Someone who may sign in."""

    line: int
    id: str  # personnel number
    name: str = field(repr=False)
    role: Literal["staff", "manager"]
    language: Literal["nl", "en"]
    shops: Sequence[str]
