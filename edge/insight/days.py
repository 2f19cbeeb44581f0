"""What a day is in a shop: from midnight to midnight on its own clocks."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from edge.kit.clock import utc


def day_of(at_ms: int, timezone: str) -> str:
    """The shop's day of an instant, as 2026-11-22."""
    return utc(at_ms).astimezone(ZoneInfo(timezone)).date().isoformat()


def day_ends_ms(at_ms: int, timezone: str) -> int:
    """The next midnight in the shop, also where a clock is put forward or back that night."""
    zone = ZoneInfo(timezone)
    tomorrow = utc(at_ms).astimezone(zone).date() + timedelta(days=1)
    return int(datetime.combine(tomorrow, time(), zone).timestamp() * 1000)


def day_starts_ms(at_ms: int, timezone: str) -> int:
    """The last midnight in the shop."""
    zone = ZoneInfo(timezone)
    today = utc(at_ms).astimezone(zone).date()
    return int(datetime.combine(today, time(), zone).timestamp() * 1000)
