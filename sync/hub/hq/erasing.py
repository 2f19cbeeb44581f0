"""No program empties the house alone: beyond a handful an hour somebody at the hub's own machine has to allow it.

Whoever holds a stolen token, or wrote a loop that is wrong, would otherwise forget everybody in a minute, and nothing
brings anybody back. A customer's own wish is one request, and a busy day has some dozens.
"""

from typing import Final

from edge.kit.sql import Connection
from sync.hub.problem import Refusal
from sync.hub.tables import erasing as tables
from sync.hub.tables import tokens

MOST: Final = 50  # of one program within an hour
MOST_ALLOWED: Final = 1_000_000
HOUR_MS: Final = 3_600_000


def take(conn: Connection, token_id: str, *, now_ms: int) -> None:
    """Count one; raises Refusal where this program forgot too many within the hour.

    It is counted before anybody is forgotten, in a transaction of its own: a try that fails later counts too.
    """
    tokens.hold(conn, token_id)
    most = max(MOST, tables.allowed(conn, token_id, now_ms=now_ms))
    if tables.lately(conn, token_id, since_ms=now_ms - HOUR_MS) >= most:
        raise Refusal(
            f"this program forgot {most} customers within an hour",
            code="ERASES_MANY",
            hint=f"somebody at the hub allows more: welkom token allow {token_id} --erase N --config hub.toml",
            status=403,
        )
    tables.note(conn, token_id, now_ms=now_ms)


def allow(conn: Connection, token_id: str, *, most: int, now_ms: int) -> None:
    """Let a program forget up to `most` customers within the hour that begins now."""
    tables.allow(conn, token_id, most=most, until_ms=now_ms + HOUR_MS)
