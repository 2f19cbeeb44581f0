"""The union of every topic's facts: what tables, outbox and tablets feed on."""

from edge.consent.facts import ConsentWithdrawn
from edge.joining.facts import CredentialBound, CustomerJoined
from edge.visits.facts import CardShown, Greeted, SeenAgain, VisitEnded, VisitStarted

Fact = (
    VisitStarted
    | Greeted
    | SeenAgain
    | CardShown
    | VisitEnded
    | ConsentWithdrawn
    | CustomerJoined
    | CredentialBound
)
