"""Text as people compare it."""

import unicodedata


def fold(text: str) -> str:
    """Lower case without accents: `Özdemir` is found as `ozdemir`."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
