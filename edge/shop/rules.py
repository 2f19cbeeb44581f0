"""What belongs to the shop as a whole: its switches, and what staff say of Welkom. Pure."""

from typing import Final

# A few sentences; who has more to say has it to say to a person.
LONGEST_FEEDBACK: Final = 500


def feedback(text: str) -> str:
    """What is kept of it: one paragraph, at most LONGEST_FEEDBACK letters; empty when nothing was said."""
    return " ".join(text.split())[:LONGEST_FEEDBACK]
