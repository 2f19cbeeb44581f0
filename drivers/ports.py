"""Why a serial port did not open, in the words of the seam: shared by every driver that sits on one."""

import errno

from drivers.reader import ReaderError, ReaderGone, ReaderRefused

ABSENT = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR})


def why_not(name: str, device: str, error: Exception) -> ReaderError:
    """ReaderGone or ReaderRefused for an OSError, a termios.error or a ValueError while opening `device`."""
    what = f"{name}: cannot open {device}"
    code = getattr(error, "errno", None)
    if code in (errno.EACCES, errno.EPERM):
        return ReaderRefused(
            f"{what}: permission denied",
            code="no_permission",
            hint="add the service's user to the group dialout, then start it again",
        )
    if code in ABSENT:
        return ReaderGone(
            f"{what}: it is not there",
            code="no_device",
            hint="plug the reader in; /dev/serial/by-id shows its name",
        )
    if code in (errno.EBUSY, errno.EAGAIN):
        return ReaderGone(
            f"{what}: another program uses it",
            code="busy",
            hint="stop the other program, or give each its own reader",
        )
    return ReaderRefused(
        f"{what}: it is not a serial port, or not at this speed",
        code="not_a_reader",
        hint="check device and baud in the configuration",
    )
