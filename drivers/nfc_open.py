"""Opening and letting go of a contactless reader through nfcpy, whatever state it is in."""

import contextlib
import errno
import os
import re
import termios
import threading
from collections.abc import Callable
from typing import Any, Final

from nfc.clf import ContactlessFrontend, pn53x, pn532
from nfc.clf import device as nfc_device

from drivers.nfc_line import ACK, BAUD, Line
from drivers.ports import why_not
from drivers.reader import ReaderError, ReaderGone, ReaderRefused

STUCK_BAUDS: Final = (921600, 460800, 230400)  # where nfcpy and other programs may have left it
FIRST_MS: Final = 100  # an ACK takes 15 ms (UM0701-02, 6.2.1.3)
SLOW_MS: Final = 1000  # a USB serial port of a Raspberry Pi may hold back the first bytes this long
WAKE_UP: Final = bytes(10)  # zeros wake the chip's serial port from power-down
GET_VERSION: Final = bytes.fromhex("0000ff02fed4022a00")
VERSION: Final = bytes.fromhex("d50332")  # an answer of a PN532 and nothing else
NFCPY_TTY: Final = re.compile(r"tty:([A-Za-z0-9-]+):pn532")
# What nfcpy raises for trouble with the reader: termios.error is no OSError.
TROUBLE: Final = (OSError, termios.error, pn53x.Chipset.Error)


def open_frontend(name: str, device: str, *, stop: threading.Event) -> ContactlessFrontend:
    """The reader at `device`: a path, "usb[:vid:pid]" or "udp:…"; raises ReaderGone or ReaderRefused."""
    frontend = ContactlessFrontend()
    path = _path(device)
    frontend.device = _open_other(name, device) if path is None else _open_serial(name, path, stop)
    return frontend


def release(frontend: ContactlessFrontend) -> None:
    """Let go, whatever is left of the device: after a pulled cable nfcpy's own close raises and keeps it."""
    device, frontend.device = frontend.device, None
    if device is None:
        return
    transport = getattr(getattr(device, "chipset", None), "transport", None)
    with contextlib.suppress(*TROUBLE, AttributeError):
        if type(device).__module__ == "nfc.clf.acr122":
            device.mute()  # after a power-down the ACR122U is gone until it is replugged
        else:
            device.close()
    _drop(transport)


def trouble(name: str, device: str) -> ReaderGone:
    """The words for a reader that stopped answering in the middle."""
    path = _path(device)
    if path is not None and not os.path.exists(path):
        return ReaderGone(
            f"{name}: {device} went away while reading",
            code="unplugged",
            hint="check the cable; it is opened again by itself",
        )
    return ReaderGone(
        f"{name}: {device} does not answer any more",
        code="hung",
        hint="it is opened again by itself; pull and replug it if this comes back",
    )


def _path(device: str) -> str | None:
    """The serial path meant, links included, or None for what only nfcpy can open."""
    if match := NFCPY_TTY.fullmatch(device):
        short = f"/dev/tty{match[1]}"
        return short if os.path.exists(short) else f"/dev/{match[1]}"
    return device if "/" in device else None


def _open_serial(name: str, path: str, stop: threading.Event) -> Any:
    try:
        # nfcpy's path syntax refuses by-id links and pseudo-terminals: only its classes are used here.
        transport = Line(os.path.realpath(path))
    except (OSError, termios.error, ValueError) as error:
        raise why_not(name, path, error) from None
    try:
        for wake in _ATTEMPTS:
            if stop.is_set():
                break
            if wake(transport) and (started := _start(transport)) is not None:
                return started
    except (*TROUBLE, IndexError) as error:
        _drop(transport)
        raise _why_not_started(name, path, error) from None
    except BaseException:
        _drop(transport)
        raise
    _drop(transport)
    raise _no_answer(name, path)


def is_glitch(error: OSError) -> bool:
    """A frame between host and chip that got lost, as nfcpy tells it; a port that is gone says something else."""
    return error.errno in (errno.EIO, errno.ETIMEDOUT)


def _start(transport: Any) -> Any | None:
    """nfcpy's driver on a chip that answers, without its step of raising the baud rate through a shell."""
    chipset = pn532.Chipset(transport, logger=pn532.log)
    try:
        chipset.sam_configuration("normal")
        device = pn532.Device(chipset, logger=pn532.log)
        chipset.rf_configuration(0x05, bytes((0xFF, 0x01, 0x00)))  # MxRtyPassiveActivation 0: one try a round
    except OSError as error:
        if is_glitch(error):
            return None
        raise
    device._path = transport.port
    return device


def _answers(transport: Any, *, wait_ms: int) -> bool:
    try:
        transport.write(WAKE_UP + GET_VERSION)
        return bool(transport.read(wait_ms) == ACK) and VERSION in transport.read(wait_ms)
    except OSError as error:
        if not is_glitch(error):
            raise
        return False  # silence, or noise shorter than a frame


def _answers_at_once(transport: Any) -> bool:
    return _answers(transport, wait_ms=FIRST_MS)


def _was_stuck(transport: Any) -> bool:
    """Look for the chip at the rates it may have been left at, and bring it back to BAUD."""
    for baud in STUCK_BAUDS:
        transport.baudrate = baud
        if _answers(transport, wait_ms=FIRST_MS):
            pn532.Chipset(transport, logger=pn532.log).set_serial_baudrate(BAUD)
            transport.baudrate = BAUD
            return _answers(transport, wait_ms=FIRST_MS)
    transport.baudrate = BAUD
    return False


def _answers_late(transport: Any) -> bool:
    return _answers(transport, wait_ms=SLOW_MS)


_ATTEMPTS: Final[tuple[Callable[[Any], bool], ...]] = (_answers_at_once, _was_stuck, _answers_late)


def _open_other(name: str, device: str) -> Any:
    try:
        found = nfc_device.connect(device)
    except FileNotFoundError:
        raise ReaderRefused(
            f"{name}: cannot look for {device}: the system library libusb-1.0 is not installed",
            code="no_library",
            hint="install the Debian package libusb-1.0-0",
        ) from None
    except (*TROUBLE, ValueError, IndexError) as error:
        code = getattr(error, "errno", None)
        if code == errno.EBUSY:
            raise ReaderGone(
                f"{name}: cannot open {device}: another driver uses it",
                code="busy",
                hint="blacklist the kernel modules pn533_usb and pn533, and stop pcscd",
            ) from None
        raise _why_not_started(name, device, error) from None
    if found is None:
        raise ReaderGone(
            f"{name}: cannot open {device}: no such reader is plugged in, or it may not be used",
            code="no_device",
            hint="plug it in; check the udev rule that gives the service's user its node",
        )
    return found


def _why_not_started(name: str, device: str, error: Exception) -> ReaderError:
    code = getattr(error, "errno", None)
    gone = "/" in device and not os.path.exists(device)
    if gone or code in (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EAGAIN, errno.ENODEV, errno.ENOENT):
        return why_not(name, device, FileNotFoundError(errno.ENOENT, "gone") if gone else error)
    return _no_answer(name, device)


def _no_answer(name: str, device: str) -> ReaderGone:
    return ReaderGone(
        f"{name}: nothing at {device} answers as a PN532",
        code="no_answer",
        hint="check that it is a PN532 set to serial (HSU), then pull and replug it",
    )


def _drop(transport: Any) -> None:
    """Close the port itself: nfcpy flushes first, which fails on a pulled cable and leaves it open."""
    with contextlib.suppress(*TROUBLE, AttributeError):
        port = getattr(transport, "tty", None)
        if port is not None:
            port.close()
            transport.tty = None
        elif transport is not None:
            transport.close()
