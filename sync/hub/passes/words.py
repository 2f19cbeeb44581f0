"""What the pass says, on its page and in a wallet, in the languages that customers speak."""

import gettext
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from edge.kit.words import key

LANGUAGES: Final = ("nl", "en", "de", "fr")
LOCALES: Final = Path(__file__).parent / "locales"
Say = Callable[..., str]
# What stands on a pass in a wallet; whoever holds the phone may speak another language than the page.
ON_PASS: Final = (
    key("pass.card"), key("pass.hold"), key("pass.back"), key("pass.back.text"), key("pass.lost"),
    key("pass.lost.text"),
)  # fmt: skip


def speaking() -> dict[str, Say]:
    """By language: a key and its values in, the sentence out. Raises OSError when a catalogue is not there."""

    def say(texts: Callable[[str], str]) -> Say:
        return lambda key, **values: texts(key).format_map(values)

    return {each: say(gettext.translation("messages", LOCALES, [each]).gettext) for each in LANGUAGES}


def on_pass(words: dict[str, Say], **values: Any) -> dict[str, dict[str, str]]:
    """The strings of a pass by language."""
    return {language: {each: say(each, **values) for each in ON_PASS} for language, say in words.items()}
