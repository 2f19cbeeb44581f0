"""GS1 Digital Link URIs (URI Syntax 1.0 to 1.6): a web address of any domain with a GS1 key in its path.

`https://id.gs1.org/01/04006381333931/10/LOT7?17=271231`. Not read: the compressed form.
"""

import re
from typing import Final
from urllib.parse import unquote

from drivers.codecs.gs1.elements import add
from drivers.codecs.gs1.errors import Gs1Error
from drivers.codecs.gs1.identifiers import GTIN, IDENTIFIERS
from drivers.codecs.gs1.numbers import gtin14

URI: Final = re.compile(r"https?://([^/?#\s]+)(/[^?#\s]*)(?:\?([^#\s]*))?(?:#\S*)?", re.IGNORECASE)
PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
PAIRS: Final = re.compile("[&;]")  # version 1.0 allowed both
# Keys and what may qualify them in the path. The order of the qualifiers is asked of writers; we only read.
KEYS: Final[dict[str, frozenset[str]]] = {
    "00": frozenset(),
    "01": frozenset({"22", "10", "21", "235"}),
    "253": frozenset(),
    "255": frozenset(),
    "401": frozenset(),
    "402": frozenset(),
    "414": frozenset({"254", "7040"}),
    "415": frozenset({"8020"}),
    "417": frozenset({"7040"}),
    "8003": frozenset(),
    "8004": frozenset({"7040"}),
    "8006": frozenset({"22", "10", "21"}),
    "8010": frozenset({"8011"}),
    "8013": frozenset(),
    "8017": frozenset({"8019"}),
    "8018": frozenset({"8019"}),
}
# Versions 1.0 and 1.1 let a path say these instead of numbers; links of that time are still printed.
WORDS: Final = {
    "sscc": "00", "gtin": "01", "gdti": "253", "gcn": "255", "ginc": "401", "gsin": "402", "gln": "414",
    "payto": "415", "party": "417", "grai": "8003", "giai": "8004", "itip": "8006", "cpid": "8010", "gmn": "8013",
    "gsrnp": "8017", "gsrn": "8018", "cpv": "22", "lot": "10", "ser": "21", "glnx": "254", "refno": "8020",
    "cpsn": "8011", "srin": "8019",
}  # fmt: skip


def link(text: str) -> dict[str, str]:
    """Identifier to value: the key, what qualifies it, then the query; raises Gs1Error."""
    match = URI.fullmatch(text)
    if match is None:
        raise Gs1Error("gs1: not a web address")
    found: dict[str, str] = {}
    for name, value in _path(match[2]):
        add(found, name, _padded(name, _decoded(value)))
    for pair in PAIRS.split(match[3] or ""):
        name, _, value = pair.partition("=")
        if name in IDENTIFIERS:  # other words, such as linkType, are the resolver's
            add(found, name, _padded(name, _decoded(value)))
    return found


def _path(path: str) -> list[tuple[str, str]]:
    """The pairs of identifier and value at the end of a path; what stands before the key is the site's own."""
    segments = path.rstrip("/").split("/")
    names = [WORDS.get(segment, segment) for segment in segments]
    for at in range(len(segments) - 2, 0, -2):
        if names[at] in KEYS:
            qualifiers = names[at + 2 :: 2]
            if not KEYS[names[at]].issuperset(qualifiers):
                break
            return list(zip(names[at::2], segments[at + 1 :: 2], strict=True))
    raise Gs1Error("gs1: the path of this address holds no GS1 key with its qualifiers")


def _decoded(value: str) -> str:
    if PERCENT.search(value):
        raise Gs1Error("gs1: a percent sign without two hex digits after it")
    return unquote(value, errors="replace")


def _padded(identifier: str, value: str) -> str:
    """A GTIN may stand there with 8, 12, 13 or 14 digits (URI Syntax 4.5)."""
    return (gtin14(value) or value) if identifier == GTIN else value
