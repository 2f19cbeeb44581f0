"""Text as people compare it."""

import unicodedata


def fold(text: str) -> str:
    """Lower case without accents: `Özdemir` is found as `ozdemir`."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def is_country(text: str) -> bool:
    """Whether it has the shape of a country's code, such as NL (ISO 3166-1 alpha-2)."""
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()
