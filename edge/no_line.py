"""To the conversation with the hub, a store that cannot write is as good as no line: it waits, and says all again."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge.kit.errors import StoreError
from sync import wire


@contextmanager
def as_no_line() -> Iterator[None]:
    """What the store refuses inside comes out as `wire.Unreachable`, with the store's own sentence, code and hint."""
    try:
        yield
    except StoreError as error:
        raise wire.Unreachable(str(error), code=error.code, hint=error.hint) from None
