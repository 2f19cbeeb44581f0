"""Why a port did not open, in words and codes."""

import errno
import os
import termios

import pytest

from drivers.ports import why_not
from drivers.reader import ReaderGone, ReaderRefused


@pytest.mark.parametrize(
    ("number", "kind", "code", "hint"),
    [
        (errno.EACCES, ReaderRefused, "no_permission", "dialout"),
        (errno.EPERM, ReaderRefused, "no_permission", "dialout"),
        (errno.ENOENT, ReaderGone, "no_device", "by-id"),
        (errno.ENODEV, ReaderGone, "no_device", "by-id"),
        (errno.EBUSY, ReaderGone, "busy", "other program"),
        (errno.EISDIR, ReaderRefused, "not_a_reader", "device and baud"),
    ],
)
def test_each_trouble_has_its_class_its_code_and_a_next_step(
    number: int, kind: type[Exception], code: str, hint: str
) -> None:
    error = why_not("counter-1", "/dev/ttyACM0", OSError(number, os.strerror(number)))
    assert type(error) is kind
    assert error.code == code
    assert hint in error.hint
    assert "counter-1: cannot open /dev/ttyACM0" in str(error)


@pytest.mark.parametrize("error", [ValueError("baud"), termios.error(22, "Invalid argument")])
def test_what_is_no_port_is_refused(error: Exception) -> None:
    assert why_not("counter-1", "/dev/ttyACM0", error).code == "not_a_reader"
