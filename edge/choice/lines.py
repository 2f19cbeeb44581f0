"""On which line of a TOML file a table or key stands: `tomllib` keeps no places, and people mend lines. Pure."""

import re
from collections.abc import Mapping
from typing import Final

Place = tuple[str | int, ...]  # ("question", 2, "answer", 0, "to"), counted from 0

_TABLE: Final = re.compile(r"\s*\[\[\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\]\]")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_LONG: Final = re.compile(r'"""|\'\'\'')


def places(text: str) -> Mapping[Place, int]:
    """Each table of a list and each key in it, with its line; nested lists count within their parent."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    here: Place = ()
    within = False  # a text of several lines
    for number, line in enumerate(text.splitlines(), start=1):
        if not within:
            if table := _TABLE.match(line):
                *parents, name = table[1].split(".")
                here = ()
                for parent in parents:
                    here = (*here, parent, max(0, counts.get((*here, parent), 1) - 1))
                count = counts.get((*here, name), 0)
                counts[(*here, name)] = count + 1
                here = (*here, name, count)
                found[here] = number
            elif named := _KEY.match(line):
                found.setdefault((*here, named[1]), number)
        if len(_LONG.findall(line)) % 2:
            within = not within
    return found


def line_of(found: Mapping[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest table around it."""
    while place and place not in found:
        place = place[:-1]
    return found.get(place, 1)
