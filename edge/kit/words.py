"""What pages say: gettext catalogues, and times and numbers as people say them.

A message id is a key such as `card.since`, never a sentence: a missing translation is then seen at once, and
no language is the lesser one. Values stand in braces. Each application has a folder of catalogues of its own; the
words of this module stand in all of them.
"""

import gettext
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from edge.kit.clock import utc

Language = Literal["nl", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("nl", "en")
MINUTE_MS: Final = 60_000
Spoken = TypeVar("Spoken", bound=str)  # the languages of one application, as a Literal


def key(text: str) -> str:
    """Marks a key that is said elsewhere, so that extraction finds it."""
    return text


MONTHS: Final = (
    key("month.1"),
    key("month.2"),
    key("month.3"),
    key("month.4"),
    key("month.5"),
    key("month.6"),
    key("month.7"),
    key("month.8"),
    key("month.9"),
    key("month.10"),
    key("month.11"),
    key("month.12"),
)


class Words(Generic[Spoken]):
    """One language in one time zone. Raises OSError when its catalogue is not there."""

    def __init__(self, language: Spoken, timezone: str, locales: Path) -> None:
        self.language: Spoken = language
        self._zone = ZoneInfo(timezone)
        self._messages = gettext.translation("messages", locales, [language])
        self._text = cache(self._messages.gettext)
        self._minute = lru_cache(maxsize=256)(self._at)

    def say(self, key: str, /, **values: Any) -> str:
        return self._text(key).format_map(values)

    def says(self, *keys: str) -> tuple[str, ...]:
        """Each of `keys`, none of which has values: the head of a table, the points of a list."""
        return tuple(map(self.say, keys))

    def count(self, key: str, count: int, /, **values: Any) -> str:
        """The form of `key` for `count`, which is its `{count}`."""
        return self._messages.ngettext(key, key, count).format_map({"count": self.number(count), **values})

    def number(self, number: int) -> str:
        return str(number) if -1000 < number < 1000 else f"{number:,}".replace(",", self.say("number.group"))

    def local(self, at_ms: int) -> datetime:
        """The minute of an instant as clocks show it here; a page says several times what the time is."""
        return self._minute(at_ms // MINUTE_MS)

    def _at(self, minute: int) -> datetime:
        return utc(minute * MINUTE_MS).astimezone(self._zone)

    def clock(self, at_ms: int) -> str:
        return self.local(at_ms).strftime("%H:%M")

    def when(self, at_ms: int, *, now_ms: int) -> str:
        """`om 10:41` today, `op 22 nov` this year, else with the year."""
        at, now = self.local(at_ms), self.local(now_ms)
        if at.date() == now.date():
            return self.say("time.at", clock=self.clock(at_ms))
        month = self.say(MONTHS[at.month - 1])
        if at.year == now.year:
            return self.say("time.on_day", day=at.day, month=month)
        return self.say("time.on_date", day=at.day, month=month, year=at.year)

    def since(self, at_ms: int, *, now_ms: int) -> str:
        """`10:41` today, else `21 nov`: what stands behind "since"."""
        at, now = self.local(at_ms), self.local(now_ms)
        if at.date() == now.date():
            return self.clock(at_ms)
        return f"{at.day} {self.say(MONTHS[at.month - 1])}"

    def day(self, at_ms: int) -> str:
        """`22 nov 2026`."""
        at = self.local(at_ms)
        return f"{at.day} {self.say(MONTHS[at.month - 1])} {at.year}"

    def minutes(self, ago_ms: int) -> str:
        """`nu`, `4 min`, `2 uur`: short enough for a list."""
        minutes = max(0, ago_ms) // MINUTE_MS
        if minutes == 0:
            return self.say("time.now")
        if minutes < 60:
            return self.say("time.minutes", minutes=minutes)
        return self.say("time.hours", hours=minutes // 60)

    def ago(self, at_ms: int, *, now_ms: int) -> str:
        """Days, weeks or months back, as one says it about a purchase."""
        days = (self.local(now_ms).date() - self.local(at_ms).date()) // timedelta(days=1)
        if days <= 0:
            return self.say("ago.today")
        if days == 1:
            return self.say("ago.yesterday")
        if days < 14:
            return self.count("ago.days", days)
        if days < 60:  # nine weeks are more than two months, and must not be said before them
            return self.count("ago.weeks", days // 7)
        return self.count("ago.months", max(2, days * 12 // 365))

    def wait(self, wait_ms: int) -> str:
        """How long to wait, rounded up, so that nobody comes back too soon."""
        seconds = -(-max(1000, wait_ms) // 1000)
        if seconds <= 90:
            return self.count("wait.seconds", seconds)
        return self.count("wait.minutes", -(-seconds // 60))


def turns_ms(at_ms: int, *, now_ms: int) -> int:
    """The instant at which `minutes` says something new about `at_ms`."""
    return at_ms + (max(0, now_ms - at_ms) // MINUTE_MS + 1) * MINUTE_MS
