"""What stands in a consent record of a choice that was made on this tablet: word for word what was read before it."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Final

from edge.consent.records import MOST_TEXT, How, Said
from staff_ui.words import Words

VERSION: Final = version("welkom")


def said(words: Words, *lines: str, how: How = "tablet", benefit: str = "") -> Said:
    """One choice: the lines that were read, in the language they stood in."""
    text = "\n".join(each for each in lines if each)
    return Said(how, words.language, text[:MOST_TEXT], VERSION, benefit)


def each_of(
    choices: Mapping[str, tuple[str, str]], words: Words, *more: str, benefit: str = ""
) -> dict[str, Said]:
    """As `said` for every choice of a page: its label, what it means, and what stood beside all of them."""
    common = said(words, *more, benefit=benefit)
    return {
        purpose: replace(common, text="\n".join((words.say(label), words.say(why), common.text))[:MOST_TEXT])
        for purpose, (label, why) in choices.items()
    }
