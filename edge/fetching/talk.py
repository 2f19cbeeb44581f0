"""What the house and the loader say to each other, a line each."""

import msgspec

from edge.kit.child import Failed


class Begin(msgspec.Struct, frozen=True):
    """The first line. The keys go through the pipe alone: never on disk, in a command line or an environment."""

    packed: str
    staging: str
    transport: bytes
    kek: bytes

    def __repr__(self) -> str:
        return "Begin(…)"


class Grown(msgspec.Struct, frozen=True, tag=True):
    """So many bytes of the packed file may be read; `whole`: and there are no more."""

    bytes: int
    whole: bool


class Finish(msgspec.Struct, frozen=True, tag=True):
    """The rows are the hub's: write the cursors (partition -> seq), index, check and close the file."""

    cursors: dict[str, int]


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """Every row is in the staging file; `sha256` (hex) is of the packed bytes as they were read."""

    rows: int
    sha256: str


class Aside(msgspec.Struct, frozen=True, tag=True):
    """Rows of one type whose place is the journal, as [id, version, body]; said before `Loaded`, a slab each."""

    t: str
    rows: list[tuple[str, int, msgspec.Raw]]


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The staging file is whole, checked, and on the disk."""


Word = Grown | Finish
Reply = Aside | Loaded | Finished | Failed
