"""How deep a JSON value goes: what nests without end breaks whoever reads it again, somewhere else and later."""

from typing import Any


def is_deeper(value: Any, most: int) -> bool:
    """Whether lists and objects stand in each other more than `most` deep; a bare number or text is 0 deep."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, list | dict) for each in level)
