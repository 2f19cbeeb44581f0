"""Text as people compare it."""

import unicodedata


def fold(text: str) -> str:
    """Lower case without accents: `Özdemir` is found as `ozdemir`."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def has_controls(text: str) -> bool:
    """Whether anything stands in a text that is no sign of it: NUL, a line break, half of a surrogate pair."""
    return not text.isprintable() and any(
        unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text
    )


def entire(pattern: str) -> str:
    """A pattern with nothing before and after it, to `re.search` and JSON Schema alike.

    `$` also stands before a last line break, so that a name and the same one with a line break were two names.
    """
    return rf"^(?:{pattern})(?![\s\S])"


def is_country(text: str) -> bool:
    """Whether it has the shape of a country's code, such as NL (ISO 3166-1 alpha-2)."""
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()
