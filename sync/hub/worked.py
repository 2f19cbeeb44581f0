"""A hub never begins with nobody where one has worked: shops would be told that there are no customers."""

from pathlib import Path
from typing import Final

from edge.kit.errors import StoreError
from sync.hub import restored
from sync.hub.snapshots.shelf import FOLDER
from sync.hub.store import FILE

TRACES: Final = (restored.FILE, FOLDER, f"{FILE}-wal")


def refuse_empty(state: Path) -> None:
    """Raise StoreError (S07) where the database is gone or empty and what a hub leaves beside it is not."""
    file = state / FILE
    if file.exists() and file.stat().st_size:
        return
    if left := [name for name in TRACES if (state / name).exists()]:
        raise StoreError(
            f"{file.name} is gone or empty, though a hub has worked here ({left[0]} lies beside it)",
            code="S07",
            hint=f"put its newest copy back with `welkom restore`; only for a new hub, move {state} away",
        )
