"""Sightings that anybody may keep: whose card it was is a number by the order in which they came, and no more.

The list of who is which number lives as long as the recording is made, and nowhere else. Times, readers, kinds and
outcomes stay: they are the shop's day. A product's GTIN stays too, for it names no person.
"""

import re
from collections import Counter
from dataclasses import replace
from typing import Any, Final

from drivers.reader import Sighting, Token

# What tells how something was read, and of whom nothing. Serial numbers, times of signing and counters go.
_STAYS: Final = frozenset(
    ("pass_type_id", "collector_id", "kind", "key_id", "record", "technology", "symbology")
)
_STAYS_OF_RADIO: Final = frozenset(("scanner", "rssi_dbm"))
_GTIN: Final = re.compile(r"[0-9]{14}", re.ASCII)


class Redaction:
    """One recording's numbers."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._taps: Counter[int] = Counter()

    def redacted(self, sighting: Sighting) -> Sighting:
        """The same presentation of nobody; the same card is the same nobody in all of a recording."""
        token = sighting.token
        return sighting if token is None else replace(sighting, token=self._of(token))

    def _of(self, token: Token) -> Token:
        if token.kind == "gs1" and _GTIN.fullmatch(token.value):
            return Token("gs1", token.value, token.evidence)
        which = (
            "sun" if token.kind == "uid" else token.kind,
            token.value,
        )  # one chip, read with and without proof
        number = self._numbers.setdefault(which, len(self._numbers) + 1)
        stays = _STAYS | _STAYS_OF_RADIO if token.kind == "eid" else _STAYS
        about: dict[str, Any] = {name: value for name, value in token.about.items() if name in stays}
        if token.kind == "sun":
            self._taps[number] += 1
            about["ctr"] = self._taps[number]
        return Token(token.kind, _value(token.kind, number), token.evidence, about)


def _value(kind: str, number: int) -> str:
    """What stands for the number: a chip's UID where one is expected, else a text."""
    return f"04{number:012x}" if kind in ("sun", "uid") else f"PLAYED-{number:04}"
