"""When a visit starts, when it is greeted (once), when it ends. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.kit.ids import NewId
from edge.visits.facts import CardShown, Greeted, SeenAgain, VisitEnded, VisitStarted

# Between two presentations of one visit (at the door, then at the till) lies a stay in a shop; in the
# specialist shops we serve that is under an hour, and a second welcome in one visit is the worse mistake.
QUIET_MS: Final = 60 * 60_000

# Why somebody may look closer than the glance card (product.md 4, do 1); the words are the tablet's.
REASONS: Final = ("help", "exchange", "pickup", "phone")

VisitFact = VisitStarted | Greeted | SeenAgain | CardShown | VisitEnded


@dataclass(frozen=True, slots=True)
class OpenVisit:
    visit_id: bytes
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Presented:
    """A customer who may be recognised was presented at a reader."""

    customer_id: bytes
    reader: str
    how: str
    evidence: str
    at_ms: int


def over(visit: OpenVisit, *, now_ms: int, quiet_ms: int = QUIET_MS) -> bool:
    return now_ms - visit.seen_ms >= quiet_ms


def presented(
    what: Presented,
    visit: OpenVisit | None,
    *,
    new_id: NewId,
    watching: Sequence[str] = (),
    quiet_ms: int = QUIET_MS,
) -> list[VisitFact]:
    """What a presentation means: a first one starts and greets a visit, a later one only refreshes it.

    `watching` are the roles with a tablet open, to whom the card is shown with this very fact.
    """
    if visit is not None and not over(visit, now_ms=what.at_ms, quiet_ms=quiet_ms):
        return [
            SeenAgain(
                visit_id=visit.visit_id,
                reader=what.reader,
                how=what.how,
                evidence=what.evidence,
                at_ms=what.at_ms,
            )
        ]
    facts: list[VisitFact] = []
    if visit is not None:
        facts.append(VisitEnded(visit_id=visit.visit_id, why="quiet", at_ms=what.at_ms))
    visit_id = new_id()
    facts.append(
        VisitStarted(
            visit_id=visit_id,
            customer_id=what.customer_id,
            reader=what.reader,
            how=what.how,
            evidence=what.evidence,
            at_ms=what.at_ms,
        )
    )
    facts.append(Greeted(visit_id=visit_id, at_ms=what.at_ms))
    facts.extend(
        CardShown(
            visit_id=visit_id,
            customer_id=what.customer_id,
            role=role,
            purpose="recognition",
            at_ms=what.at_ms,
        )
        for role in watching
    )
    return facts
