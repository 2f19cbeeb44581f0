"""Reading inside a trait, which is whatever JSON the hub sent: the wrong shape only makes a card smaller."""

from typing import Any

from edge.joining.rules import initials_of


def text(value: Any, name: str) -> str:
    """A text inside a trait; empty where the hub sent something else."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def initials(name: Any) -> str:
    """The letters on somebody's disc: those of their name's trait, else of how they are called; empty for none."""
    return text(name, "initials") or initials_of(text(name, "call"))


def whole(value: Any, name: str) -> int | None:
    """A whole number of zero or more inside a trait."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def items(value: Any, name: str) -> list[Any]:
    """A list inside a trait."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
