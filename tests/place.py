"""Where the tests keep their files: in memory, where that can be had.

They are of what is asked of a disk, and a suite asks for a hundred thousand syncs: one that is busy answers each in
milliseconds or in seconds, as it likes. `make prove` measures on the real one.
"""

import os
import shutil
import tempfile
from typing import Final

_MEMORY: Final = "/dev/shm"
_ROOM: Final = 2 << 30  # bytes; the suite holds a few hundred MB at a time


def _roomy() -> bool:
    return os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM


PLACE: Final = _MEMORY if _roomy() else tempfile.gettempdir()


def move_in() -> None:
    """Have this process, and all that it starts, make its temporary files there."""
    os.environ["TMPDIR"] = PLACE
    tempfile.tempdir = None  # it is looked up once
