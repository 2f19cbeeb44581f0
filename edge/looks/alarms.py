"""What in the looks a manager should ask about: line, time, tablet and reason; no customer and no colleague.

* `many`: more closer looks on one tablet within an hour than `looks.most_an_hour`; said once an hour and tablet.
* `guarded`: a closer look at a customer who is marked: a colleague, or somebody known.
* `alone`: a closer look at somebody found by name who in `looks.alone_min` minutes was not seen, and neither earned
  nor redeemed anything.
"""

from sqlite3 import Connection
from typing import Final, NamedTuple

from edge.recognition import tables as recognition

HOUR_MS: Final = 3_600_000
# A visit starts before it is looked at: ids of two days back hold every look that is not judged yet.
_BACK_MS: Final = 48 * HOUR_MS


class Alarm(NamedTuple):
    n: int
    kind: str
    at_ms: int
    device: str
    reason: str


def watch(conn: Connection, *, now_ms: int, most_an_hour: int, alone_ms: int) -> int:
    """Judge the looks that are old enough to be judged; how many alarms were raised."""
    upto_ms = now_ms - alone_ms
    (watched, last) = conn.execute(
        "SELECT watched, coalesce((SELECT max(n) FROM look WHERE at_ms<=?), 0) FROM look_head", (upto_ms,)
    ).fetchone()
    if last <= watched:
        return 0
    asked = {
        "after": watched,
        "upto": last,
        "alone_ms": alone_ms,
        "most": most_an_hour,
        "hour_ms": HOUR_MS,
        "since": max(0, upto_ms - _BACK_MS).to_bytes(6, "big"),
    }
    raised = sum(conn.execute(_RAISE.format(rule), asked).rowcount for rule in _RULES)
    for customer_id, *alarm in conn.execute(_CLOSER, asked).fetchall():
        if recognition.is_guarded(conn, customer_id):
            raised += conn.execute(_RAISE.format("VALUES (?, 'guarded', ?, ?, ?)"), alarm).rowcount
    conn.execute("UPDATE look_head SET watched=?", (last,))
    return raised


def lately(conn: Connection, *, since_ms: int, most: int = 20) -> list[Alarm]:
    """What is to be asked about, newest first."""
    rows = conn.execute(
        """
        SELECT n, kind, at_ms, device, reason FROM look_alarm WHERE at_ms>=? ORDER BY at_ms DESC, n DESC LIMIT ?
        """,
        (since_ms, most),
    )
    return [Alarm._make(row) for row in rows]


_RAISE: Final = """
    INSERT INTO look_alarm (n, kind, at_ms, device, reason) {}
    ON CONFLICT DO NOTHING"""

# Only a look that somebody chose to take is judged; a card that a tap brings up is nobody's curiosity.
_MANY: Final = """
    SELECT l.n, 'many', l.at_ms, l.device, l.reason FROM look AS l
    WHERE l.n>:after AND l.n<=:upto AND l.reason!='' AND :most>0
        AND (SELECT count(*) FROM look AS o WHERE o.device=l.device AND o.reason!='' AND o.n<=l.n
            AND o.at_ms>l.at_ms-:hour_ms)>:most
        AND NOT EXISTS (SELECT 1 FROM look_alarm AS a WHERE a.kind='many' AND a.device=l.device
            AND a.at_ms>l.at_ms-:hour_ms AND a.at_ms<=l.at_ms)
    GROUP BY l.device, l.at_ms/:hour_ms HAVING l.n=min(l.n)"""

_CLOSER: Final = """
    SELECT v.customer_id, v.n, v.at_ms, l.device, v.reason FROM view_log AS v JOIN look AS l ON l.n=v.n
    WHERE v.visit_id>=:since AND v.n>:after AND v.n<=:upto AND v.reason!=''"""

# A presentation changes how a visit came about; a line of the ledger says that they were served.
_ALONE: Final = """
    SELECT v.n, 'alone', v.at_ms, l.device, v.reason FROM view_log AS v JOIN look AS l ON l.n=v.n
    JOIN visit AS s ON s.id=v.visit_id
    WHERE v.visit_id>=:since AND v.n>:after AND v.n<=:upto AND v.reason!='' AND s.how='typed'
        AND s.near_ms IS NULL AND s.strong_ms IS NULL
        AND NOT EXISTS (SELECT 1 FROM ledger AS g WHERE g.customer_id=v.customer_id
            AND g.at_ms BETWEEN v.at_ms-:alone_ms AND v.at_ms+:alone_ms)"""

_RULES: Final = (_MANY, _ALONE)
