"""Every fact finds its tables and its outbox line: one exhaustive match, so nothing can be left out."""

from sqlite3 import Connection
from typing import Final, assert_never

from edge import outbox
from edge.advice import outcomes
from edge.advice import tables as advice
from edge.advice.facts import SuggestionDismissed, SuggestionSaid
from edge.catalogue import tables as catalogue
from edge.catalogue.facts import ProductGapMet
from edge.consent import tables as consent
from edge.consent.facts import ConsentGiven, ConsentWithdrawn
from edge.facts import Fact
from edge.guests import tables as guests
from edge.guests.facts import GuestLeft, GuestSaved
from edge.joining import tables as joining
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined, CustomerMissed
from edge.looks import tables as looks
from edge.looks.facts import LooksTold
from edge.recognition import marks
from edge.recognition.facts import TapReplayed
from edge.visits import tables as visits
from edge.visits import view_log
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
from edge.wallet import tables as wallet
from edge.wallet.facts import WalletMoved

# Far below the ten seconds in which the clockwork writes the mark anyway.
LIFT_MS: Final = 1_000


def record(conn: Connection, facts: list[Fact]) -> int:
    """Write `facts` and lift the clock's high-water mark; the outbox sequence of the last fact."""
    for place, fact in enumerate(facts):
        match fact:
            case VisitStarted():
                visits.started(conn, fact)
            case Greeted():
                pass  # stands in the row of its visit
            case SeenAgain():
                visits.seen_again(conn, fact)
            case CardShown():
                view_log.shown(conn, fact, n=looks.add(conn, fact))
            case VisitEnded():
                visits.ended(conn, fact)
                outcomes.part(conn, fact.visit_id)
            case ConsentGiven():
                consent.gave(conn, fact)
            case ConsentWithdrawn():
                consent.withdrew(conn, fact)
                if fact.purpose == "profiling":
                    advice.forget(conn, fact.customer_id)
            case WalletMoved():
                wallet.moved(conn, fact, number=outbox.number(conn, place))
            case SuggestionSaid():
                outcomes.said(conn, fact)
            case SuggestionDismissed():
                advice.dismissed(conn, fact)
                outcomes.dismissed(conn, fact)
            case HelpClaimed():
                visits.claimed(conn, fact)
            case HelpReleased():
                visits.released(conn, fact)
            case LeftAlone():
                visits.left_alone(conn, fact)
            case CustomerJoined():
                joining.joined(conn, fact)
            case CredentialBound():
                joining.bound(conn, fact)
            case CredentialBlocked():
                joining.blocked(conn, fact)
            case TapReplayed():
                marks.replayed(conn, fact)
            case ProductGapMet():
                catalogue.gap_met(conn, fact)
            case GuestLeft():
                pass  # told to the hub; what the replica held of them goes after this commit
            case GuestSaved():
                guests.saved(conn, fact)
            case LooksTold():
                looks.told(conn, fact)
            case CustomerMissed():
                pass  # a question to the hub: who was erased comes down its urgent lane
            case _:
                assert_never(fact)
    lift_clock(conn, facts[-1].at_ms)
    return outbox.append(conn, facts)


def set_clock(conn: Connection, now_ms: int) -> None:
    """Write the mark down as it is: also lower, after the hub's time took an error out of it."""
    conn.execute("UPDATE clock SET high_water_ms=?", (now_ms,))


def lift_clock(conn: Connection, now_ms: int) -> None:
    """Remember that this instant has been, to within LIFT_MS: the mark is a page more in every commit."""
    conn.execute("UPDATE clock SET high_water_ms=? WHERE high_water_ms<?", (now_ms, now_ms - LIFT_MS))
