"""Element strings: application identifiers and values one after another, as a scanner or a label writes them."""

import re
from typing import Final

from drivers.codecs.gs1.errors import Gs1Error
from drivers.codecs.gs1.identifiers import IDENTIFIERS, WITHOUT_SEPARATOR, at_start, fits

SEPARATOR: Final = "\x1d"  # GS: how FNC1 is transmitted between two elements
BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)")


def elements(text: str) -> dict[str, str]:
    """Identifier to value, in the order of the text (GS1 General Specifications 7.8); raises Gs1Error."""
    found: dict[str, str] = {}
    at, end = 0, len(text)
    while at < end:
        if text[at] == SEPARATOR:  # after a value of fixed length there need be none, but may be one
            at += 1
            continue
        identifier = at_start(text[at : at + 4])
        if identifier is None:
            raise Gs1Error(f"gs1: at character {at} stands no application identifier")
        at += len(identifier)
        until = text.find(SEPARATOR, at)
        until = end if until < 0 else until
        if identifier[:2] in WITHOUT_SEPARATOR:
            until = min(until, at + IDENTIFIERS[identifier].most)
        add(found, identifier, text[at:until])
        at = until
    return found


def bracketed(text: str) -> dict[str, str]:
    """The same of the line that people read: `(01)04006381333931(10)LOT7`; raises Gs1Error."""
    parts = BRACKETED.split(text)
    if parts[0].strip():
        raise Gs1Error("gs1: something stands before the first application identifier")
    found: dict[str, str] = {}
    for identifier, value in zip(parts[1::2], parts[2::2], strict=True):
        add(found, identifier, value.strip())
    return found


def add(found: dict[str, str], identifier: str, value: str) -> None:
    """Put a value to those found; Gs1Error where it has not the form of its identifier or contradicts another."""
    if not fits(identifier, value):
        raise Gs1Error(f"gs1: the value of ({identifier}) has not the form of that application identifier")
    if found.setdefault(identifier, value) != value:
        raise Gs1Error(f"gs1: ({identifier}) stands there twice with two values")
