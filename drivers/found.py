"""Readers that are plugged in now, by their ids and names alone: nothing is opened, nothing is written to.

Serial adapters with a PN532 behind them look like any other adapter, so they are never guessed at: a byte
written to a stranger's modem or scanner is a fault. Those are named in the configuration.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.settings import ReaderSettings

# nfcpy 1.0.4's own USB table (nfc/clf/device.py), vendor and product.
USB_READERS: Final = {
    "054c:0193": "Sony PaSoRi",
    "04cc:0531": "SCL3710",
    "04cc:2533": "NXP PN533",
    "04e6:5591": "SCL3711",
    "04e6:5593": "SCL3712",
    "054c:02e1": "Sony RC-S330",
    "054c:06c1": "Sony RC-S380",
    "054c:06c3": "Sony RC-S380",
    "072f:2200": "ACR122U",
}
PCSCD: Final = "run/pcscd/pcscd.comm"
CCID: Final = "0b"  # the interface class of a smart card reader (USB-IF)


@dataclass(frozen=True, slots=True)
class Plugged:
    """A device that is, or may be, a reader: its kind here, its ids, and its node below the root."""

    kind: str
    name: str
    device: str
    ids: str = ""


def plugged(root: Path = Path("/")) -> tuple[Plugged, ...]:
    """USB readers by id or class, then serial ports and keyboards that have a stable name under /dev."""
    return (*_usb(root / "sys/bus/usb/devices"), *_named(root))


def _usb(devices: Path) -> Iterator[Plugged]:
    for device in sorted(devices.glob("*")) if devices.is_dir() else []:
        ids = f"{_read(device / 'idVendor')}:{_read(device / 'idProduct')}"
        bus, number = _read(device / "busnum"), _read(device / "devnum")
        node = f"dev/bus/usb/{bus:0>3}/{number:0>3}"
        if ids in USB_READERS:
            yield Plugged("nfc", USB_READERS[ids], node, ids)
        elif any(_read(each / "bInterfaceClass") == CCID for each in devices.glob(f"{device.name}:*")):
            yield Plugged("pcsc", _read(device / "product"), node, ids)


def _named(root: Path) -> Iterator[Plugged]:
    for folder, pattern, kind in (
        ("dev/serial/by-id", "*", "serial or nfc"),
        ("dev/input/by-id", "*-event-kbd", "hid, if it is a scanner"),
    ):
        for link in sorted((root / folder).glob(pattern)):
            yield Plugged(kind, f"/{folder}/{link.name}", f"{folder}/{link.name}")


def plugged_in(root: Path = Path("/")) -> list[ReaderSettings]:
    """Settings for each USB reader that can be used as it is, UIDs of plain cards allowed.

    One that wants the PC/SC daemon counts while that listens.
    """
    found: list[ReaderSettings] = []
    for each in _usb(root / "sys/bus/usb/devices"):
        number = len(found) + 1
        if each.kind == "nfc":
            found.append(ReaderSettings(f"nfc-{number}", "nfc", device=f"usb:{each.ids}", uid=True))
        elif (root / PCSCD).exists():
            found.append(ReaderSettings(f"nfc-{number}", "pcsc", device=each.name, uid=True))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
