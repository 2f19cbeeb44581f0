"""The hub is put back from a backup: nobody who was erased comes back, and the shops are told to compare.

The marks of erased ids also stand in a file beside the database, written before the erasure commits. A backup is
older than that file, so what it brings back is erased anew before anybody is served.
"""

import os
from pathlib import Path
from typing import Final

from edge.kit.errors import disk_error
from edge.kit.on_disk import settle
from edge.kit.sql import Connection
from sync.hub import people
from sync.hub.config import Keys
from sync.hub.tables import devices
from sync.hub.tables import people as tables
from sync.hub.tables.feed import Moved

FILE: Final = "erased"  # to be kept apart from the database, and never put back with it
_MARK_BYTES: Final = 32
_STEPS: Final = 1 << 20  # ms, a quarter of an hour: two times that are the same number are one in a million


def remember(file: Path, mark: bytes) -> None:
    """Add a mark to the file, on the disk when this returns; raises StoreError, DiskFull where there is no room.

    What a power cut or a full disk left of a line is closed first: the new mark stands on a line of its own.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write(opened, (b"" if _is_whole(opened) else b"\n") + mark.hex().encode() + b"\n")
            os.fsync(opened)
        finally:
            os.close(opened)
        settle(file.parent)  # each time: whoever made it may have died before its name was on the disk
    except OSError as error:
        raise disk_error(error, file.name) from None


def _is_whole(opened: int) -> bool:
    """Whether the last line of the file has its end."""
    size = os.fstat(opened).st_size
    return size == 0 or os.pread(opened, 1, size - 1) == b"\n"


def _write(opened: int, what: bytes) -> None:
    while what:
        what = what[os.write(opened, what) :]


def remembered(file: Path) -> set[bytes]:
    """All marks of the file; a line that a power cut tore off is none.

    Versions before this one wrote on behind such a part: of a line that is too long its end is the mark.
    """
    if not file.exists():
        return set()
    marks = set()
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        try:
            mark = bytes.fromhex(line[-2 * _MARK_BYTES :])
        except ValueError:
            continue
        if len(mark) == _MARK_BYTES:
            marks.add(mark)
    return marks


def knows(conn: Connection, marks: set[bytes]) -> bool:
    """Whether the database knows all of these as erased: then nobody comes back with it."""
    return all(tables.is_erased(conn, mark) for mark in marks)


def replay(conn: Connection, keys: Keys, *, marks: set[bytes], now_ms: int) -> list[Moved]:
    """Erase again whom the database does not know as erased; what the shops are to hear of it."""
    unknown = {mark for mark in marks if not tables.is_erased(conn, mark)}
    moved: list[Moved] = []
    if unknown:
        found = people.marks(keys, list(tables.ids(conn)))
        back = [found[mark] for mark in sorted(unknown & found.keys())]
        for customer_id in back:
            if tables.exists(conn, customer_id):  # one may have gone with another whose card they were
                moved += people.erase(conn, keys, customer_id=customer_id, now_ms=now_ms)
        tables.put_erased(conn, unknown, now_ms=now_ms)
    return moved


def raise_epoch(conn: Connection, *, now_ms: int) -> int:
    """The hub is another one than the shops spoke with: they compare what they hold, and fetch all anew.

    The number is the millisecond at which that was: one counted on from the backup would come twice where the same
    backup is put back twice, and shops that had met the first would not notice the second. (Seconds came twice where
    the clock had been set in between.) Where the clock was ahead when the hub was put back before, the number stands
    above the time: the step from there hangs on the millisecond too.
    """
    return devices.raise_hub_epoch(conn, at_least=now_ms, step=1 + now_ms % _STEPS)
