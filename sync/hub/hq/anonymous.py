"""What may be counted about people so that nobody can be told from it. Pure.

* A cell counts people, each once, of one shop and a period that is over; nothing is finer than a day. Every cell is
  there, also that of nobody: one that was missing would say that nobody came.
* Below `LEAST` people there is no number. Above it the number is a multiple of `BASE`, up or down by chance in such a
  way that it is right on average; the chance is made from the cell itself, so that asking again says the same.
* A cell is made once and kept. Asking for other days, or before and after somebody was forgotten, asks for the same
  cells; and a total is the sum of what was published, so that a difference of two totals is made of cells too.
"""

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, NamedTuple

SEGMENTS: Final = ("once", "sometimes", "regular", "cross_shop", "cross_channel")
LEAST: Final = 10  # people in a cell (GDPR recital 26; small cells of 1 to 5 are the classic risk)
BASE: Final = 5
OFTEN: Final = 4  # visits in a month that make a regular


class Cell(NamedTuple):
    """What is counted: `period` is a day (2026-11-22) or a month (2026-11), `part` a segment or empty."""

    report: str
    period: str
    shop_id: str
    part: str = ""


class Month(NamedTuple):
    """One person's month in one shop."""

    shop_id: str
    visits: int
    shops: int  # in so many shops that month, this one among them
    channels: int  # orders or purchases elsewhere


def published(cell: Cell, people: int, *, secret: bytes) -> int | None:
    """The number that may be said of a cell; None where there are too few."""
    if people < LEAST:
        return None
    over = people % BASE
    drawn = int.from_bytes(hmac.digest(secret, "|".join(cell).encode(), sha256)[:8]) / (1 << 64)
    return people - over + (BASE if drawn < over / BASE else 0)


def total(cells: Iterable[int | None]) -> int:
    """The sum of what was published: what was not is in no sum either."""
    return sum(each for each in cells if each is not None)


def segments(month: Month) -> list[str]:
    """In which segments somebody's month counts: by what they did, and by nothing else (S024).

    Nothing is counted by age, gender or nationality: nobody declared them for that.
    """
    how_often = "once" if month.visits == 1 else "regular" if month.visits >= OFTEN else "sometimes"
    found = [how_often]
    if month.shops > 1:
        found.append("cross_shop")
    if month.channels:
        found.append("cross_channel")
    return found


def counted(cells: Mapping[Cell, int], *, secret: bytes) -> dict[Cell, int | None]:
    """All cells as they may be said."""
    return {cell: published(cell, people, secret=secret) for cell, people in cells.items()}
