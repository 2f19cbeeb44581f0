"""What happens to a suggestion: it is said, or put away. Each runs whole in one transaction."""

from sqlite3 import Connection

from edge.advice import tables
from edge.advice.facts import SuggestionDismissed, SuggestionSaid


def said(
    conn: Connection, visit_id: bytes, *, item: str, reason: str, recipient: str, now_ms: int
) -> list[SuggestionSaid]:
    """Staff said it. Without a basis for profiling nothing is kept: that would be a profile too."""
    standing = tables.standing(conn, visit_id, recipient=recipient, now_ms=now_ms)
    if standing is None or standing.profiling_ms is None:
        return []
    return [SuggestionSaid(visit_id, standing.customer_id, item=item, reason=reason, at_ms=now_ms)]


def dismiss(
    conn: Connection, visit_id: bytes, *, item: str, why: str, recipient: str, now_ms: int
) -> list[SuggestionDismissed]:
    """Staff put it away: the customer is not interested, or the advice makes no sense."""
    standing = tables.standing(conn, visit_id, recipient=recipient, now_ms=now_ms)
    if standing is None or standing.profiling_ms is None:
        return []
    return [SuggestionDismissed(visit_id, standing.customer_id, item=item, why=why, at_ms=now_ms)]
