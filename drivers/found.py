"""NFC readers that are plugged in now, by their USB ids alone: nothing is opened, nothing is written to.

Serial adapters with a PN532 behind them look like any other adapter, so they are never guessed at: a byte
written to a stranger's modem or scanner is a fault. Those are named in the configuration.
"""

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
_DEVICES: Final = Path("/sys/bus/usb/devices")


def plugged_in(devices: Path = _DEVICES) -> list[ReaderSettings]:
    """Settings for each known USB reader under `devices` (sysfs-bus-usb), UIDs of plain cards allowed."""
    found: list[ReaderSettings] = []
    for device in sorted(devices.glob("*")) if devices.is_dir() else []:
        vendor, product = _read(device / "idVendor"), _read(device / "idProduct")
        if f"{vendor}:{product}" in USB_READERS:
            number = len(found) + 1
            found.append(ReaderSettings(f"nfc-{number}", "nfc", device=f"usb:{vendor}:{product}", uid=True))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
