"""The union of every topic's facts: what tables, outbox and tablets feed on."""

from edge.consent.facts import ConsentWithdrawn
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

Fact = (
    VisitStarted
    | Greeted
    | SeenAgain
    | CardShown
    | VisitEnded
    | ConsentWithdrawn
    | HelpClaimed
    | HelpReleased
    | LeftAlone
)
