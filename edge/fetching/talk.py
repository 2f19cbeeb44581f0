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
    """Every row is in the staging file; `sha256` (hex) is of the packed bytes as they were read.

    `aside` are those whose place is the journal: type, id, version, body.
    """

    rows: int
    sha256: str
    aside: list[tuple[str, str, int, msgspec.Raw]]


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The staging file is whole, checked, and on the disk."""


Word = Grown | Finish
Reply = Loaded | Finished | Failed
