"""The union of every topic's facts: what tables, outbox and tablets feed on."""

from edge.advice.facts import SuggestionDismissed, SuggestionSaid
from edge.catalogue.facts import ProductGapMet
from edge.consent.facts import ConsentGiven, ConsentWithdrawn
from edge.guests.facts import GuestLeft, GuestSaved
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined, CustomerMissed
from edge.looks.facts import LooksTold
from edge.recognition.facts import TapReplayed
from edge.visits.facts import (
    CardShown,
    Greeted,
    HelpClaimed,
    HelpReleased,
    LeftAlone,
    SeenAgain,
    VisitEnded,
    VisitStarted,
)
from edge.wallet.facts import WalletMoved

Fact = (
    VisitStarted
    | Greeted
    | SeenAgain
    | CardShown
    | VisitEnded
    | ConsentWithdrawn
    | ConsentGiven
    | WalletMoved
    | SuggestionSaid
    | SuggestionDismissed
    | HelpClaimed
    | HelpReleased
    | LeftAlone
    | CustomerJoined
    | CredentialBound
    | CredentialBlocked
    | TapReplayed
    | ProductGapMet
    | GuestLeft
    | GuestSaved
    | LooksTold
    | CustomerMissed
)
