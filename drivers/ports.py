"""Why a device node did not open, in the words of the seam: shared by every driver that sits on one."""

import errno
from dataclasses import dataclass
from typing import Final

from drivers.reader import ReaderError, ReaderGone, ReaderRefused

ABSENT = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR})


@dataclass(frozen=True, slots=True)
class Node:
    """What a kind of device node is called, where its stable names are, and who may open it."""

    what: str
    names: str
    group: str
    settings: str


SERIAL: Final = Node("a serial port, or not at this speed", "/dev/serial/by-id", "dialout", "device and baud")
INPUT: Final = Node("an input device of Linux", "/dev/input/by-id", "input", "device")


def why_not(name: str, device: str, error: Exception, *, node: Node = SERIAL) -> ReaderError:
    """ReaderGone or ReaderRefused for an OSError, a termios.error or a ValueError while opening `device`."""
    what = f"{name}: cannot open {device}"
    code = getattr(error, "errno", None)
    if code in (errno.EACCES, errno.EPERM):
        return ReaderRefused(
            f"{what}: permission denied",
            code="no_permission",
            hint=f"add the service's user to the group {node.group}, then start it again",
        )
    if code in ABSENT:
        return ReaderGone(
            f"{what}: it is not there",
            code="no_device",
            hint=f"plug the reader in; {node.names} shows its name",
        )
    if code in (errno.EBUSY, errno.EAGAIN):
        return ReaderGone(
            f"{what}: another program uses it",
            code="busy",
            hint="stop the other program, or give each its own reader",
        )
    return ReaderRefused(
        f"{what}: it is not {node.what}",
        code="not_a_reader",
        hint=f"check {node.settings} in the configuration",
    )
