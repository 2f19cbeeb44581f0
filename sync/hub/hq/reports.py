"""The anonymous reports: cells of days and months that are over, each made once and then never again."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from edge.kit.clock import utc
from edge.kit.seal import derive
from edge.kit.sql import Connection
from sync.hub.config import Keys
from sync.hub.hq.anonymous import SEGMENTS, Cell, counted, segments
from sync.hub.tables import reports as tables

# A shop without a line may tell of a day three days later; what comes after that is in no report.
LATE: Final = timedelta(days=3)
# At most so many days in one transaction: the first round of a chain that has worked for years.
MOST: Final = 31


def close_days(conn: Connection, keys: Keys, *, now_ms: int) -> int:
    """Count the people of the next days that are over, UTC; how many days were."""
    over = (utc(now_ms) - LATE).date()
    last = tables.newest(conn, "visitors")
    day = datetime.fromisoformat(last).date() + timedelta(days=1) if last else over - timedelta(days=1)
    made = 0
    while day < over and made < MOST and tables.shops(conn):
        from_ms, until_ms = _ms(day.isoformat()), _ms((day + timedelta(days=1)).isoformat())
        people = tables.visitors(conn, from_ms=from_ms, until_ms=until_ms)
        cells = {Cell("visitors", day.isoformat(), shop): people.get(shop, 0) for shop in tables.shops(conn)}
        tables.put(conn, counted(cells, secret=_secret(keys)))
        day, made = day + timedelta(days=1), made + 1
    return made


def close_months(conn: Connection, keys: Keys, *, now_ms: int) -> int:
    """Count the segments of the last month that is over, once; how many months were."""
    this = (utc(now_ms) - LATE).date().replace(day=1)
    month = (this - timedelta(days=1)).replace(day=1)
    period = month.isoformat()[:7]
    if tables.newest(conn, "segments") >= period:
        return 0
    cells = Counter(
        {Cell("segments", period, shop, part): 0 for shop in tables.shops(conn) for part in SEGMENTS}
    )
    for each in tables.months(conn, from_ms=_ms(month.isoformat()), until_ms=_ms(this.isoformat())):
        cells.update(Cell("segments", period, each.shop_id, part) for part in segments(each))
    tables.put(conn, counted(cells, secret=_secret(keys)))
    return len(cells)


def close(conn: Connection, keys: Keys, *, now_ms: int) -> int:
    """All that is over; how many periods were made."""
    return close_days(conn, keys, now_ms=now_ms) + close_months(conn, keys, now_ms=now_ms)


def _secret(keys: Keys) -> bytes:
    return derive(keys.hub_kek, "anonymous")


def _ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
