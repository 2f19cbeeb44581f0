"""A room of the hub's addresses."""

from typing import Self

from litestar import Router


class Room(Router):
    """A router that belongs to one application, as each hub makes its own.

    Litestar takes a deep copy of every router it is given, so that several applications may share it: a third of the
    time in which a hub begins to serve.
    """

    def __deepcopy__(self, memo: object) -> Self:
        return self
