"""How far a bench is with what it makes: a bar on a terminal, nothing in a pipe."""

import sys
from collections.abc import Callable


def progress(total: int, of: str) -> Callable[[int], None]:
    """Called with how many of `total` are made; `of` says what they are."""
    shown = sys.stderr.isatty()

    def step(done: int) -> None:
        if shown:
            bar = "█" * (30 * done // total)
            sys.stderr.write(f"\r{bar:30} {done}/{total} {of}")
            sys.stderr.write("\n" if done == total else "")
            sys.stderr.flush()

    return step
