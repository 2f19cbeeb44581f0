"""Names of files are on the disk: what was made, renamed or taken away in a folder outlives a power cut."""

import os
from pathlib import Path


def settle(folder: Path) -> None:
    """Force the names in this folder to the disk; what is in its files is forced by who wrote it. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
