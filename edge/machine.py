"""What of this machine stands between us and its readers: modules, services, permissions, libraries, other programs.

Everything is read from /proc, /sys, /dev, /etc and /run below one root and nothing is opened: looking at a reader
must not disturb it, and a test hands in a folder.
"""

import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from drivers.found import PCSCD, Plugged, plugged
from drivers.settings import ReaderSettings
from drivers.wallet_settings import factory_keys

# Linux's own NFC drivers bind to a reader before libusb can (systemd/welkom-modprobe.conf).
MODULES: Final = ("pn533_usb", "pn533", "port100", "nfc")
BLACKLIST: Final = "etc/modprobe.d"
RULES: Final = ("etc/udev/rules.d/90-welkom.rules", "lib/udev/rules.d/90-welkom.rules")
LIBRARIES: Final = {"nfc": ("libusb-1.0.so.0", "libusb-1.0-0"), "pcsc": ("libpcsclite.so.1", "libpcsclite1")}
BLUETOOTH: Final = "/sys/class/bluetooth"
BUS: Final = "/run/dbus/system_bus_socket"
READ, READ_WRITE = 0o4, 0o6


# Note: it is out now, the shop works on without it and nothing is lost; not well, and nothing to mend before opening.
State = Literal["well", "note", "ill"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, and what was found or has to be done."""

    part: str
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class Machine:
    """`root` is / or a test's folder; `uid` and `groups` are whose right to open a device is asked."""

    root: Path
    uid: int
    groups: frozenset[int]

    def path(self, device: str) -> Path:
        return self.root / device.lstrip("/")


def examine(machine: Machine, readers: Iterable[ReaderSettings]) -> Iterator[Finding]:
    """Each reader, then what takes readers away, then what else is plugged in."""
    mine = tuple(readers)
    for each in mine:
        trouble = next(_troubles(machine, each), None)
        words = f"{each.kind} {each.device}".strip()
        yield Finding(f"reader {each.name}", "ill" if trouble else "well", trouble or words)
    yield _modules(machine, mine)
    for service, ask in SERVICES.items():
        yield ask(machine, mine, _pid_of(machine, service))
    yield Finding("plugged in", "well", _listed(plugged(machine.root)))


# --- one reader ---


def _troubles(machine: Machine, reader: ReaderSettings) -> Iterator[str]:
    if weak := factory_keys(reader.sun):
        yield weak
    library, package = LIBRARIES.get(reader.kind, ("", ""))
    if library and _needs_library(reader) and not _has_library(machine, library):
        yield f"{library} is missing: apt install {package}"
    if reader.kind == "pcsc" and not machine.path(PCSCD).exists():
        yield "the PC/SC daemon does not listen: apt install pcscd, then systemctl enable --now pcscd.socket"
    if reader.kind == "ble":
        yield from _bluetooth_troubles(machine, reader.device)
    if reader.kind == "nfc" and reader.device.startswith("usb"):
        yield from _usb_troubles(machine, reader.device)
    elif reader.kind in ("serial", "hid", "nfc") and (device := _node(machine, reader.device)):
        yield from _node_troubles(machine, replace(reader, device=device))


def _bluetooth_troubles(machine: Machine, device: str) -> Iterator[str]:
    folder = machine.path(BLUETOOTH)
    adapters = (
        sorted(each.name for each in folder.iterdir() if ":" not in each.name) if folder.is_dir() else []
    )
    if not adapters:
        yield "no Bluetooth adapter is there: plug one in; in a virtual machine pass it through"
    elif device and device not in adapters:
        yield f"there is no adapter {device}: write one of {', '.join(adapters)}"
    chosen = device or (adapters[0] if adapters else "")
    if any(_text(each / "soft").strip() == "1" for each in (folder / chosen).glob("rfkill*")):
        yield f"{chosen} is blocked: rfkill unblock bluetooth"
    if not machine.path(BUS).exists():
        yield "the system's message bus is not there: apt install dbus"
    if not _pid_of(machine, "bluetoothd"):
        yield "bluetoothd does not run: apt install bluez, then systemctl enable --now bluetooth"


def _needs_library(reader: ReaderSettings) -> bool:
    return reader.kind == "pcsc" or reader.device.startswith("usb")


def _has_library(machine: Machine, name: str) -> bool:
    places = (
        f"{folder}/{inner}{name}" for folder in ("usr/lib", "lib", "usr/local/lib") for inner in ("", "*/")
    )
    return any(any(machine.root.glob(place)) for place in places)


def _usb_troubles(machine: Machine, device: str) -> Iterator[str]:
    wanted = device.removeprefix("usb").removeprefix(":")
    found = [
        each for each in plugged(machine.root) if each.kind == "nfc" and (not wanted or each.ids == wanted)
    ]
    if not found:
        yield f"no USB reader {wanted or 'that nfcpy drives'} is plugged in; lsusb shows what is"
        return
    node = machine.path(found[0].device)
    if node.exists() and not _may_open(machine, node):
        yield f"/{found[0].device} may not be opened: install systemd/90-welkom.rules and plug the reader in again"


def _node(machine: Machine, device: str) -> str:
    """The path meant, also by nfcpy's own name for it (`tty:USB0:pn532`); empty for what is no node."""
    if not device.startswith("tty:"):
        return device if device.startswith("/") else ""
    name = device.split(":")[1]
    return f"/dev/{name}" if machine.path(f"/dev/{name}").exists() else f"/dev/tty{name}"


def _node_troubles(machine: Machine, reader: ReaderSettings) -> Iterator[str]:
    path = machine.path(reader.device)
    names, group = ("/dev/input/by-id", "input") if reader.kind == "hid" else ("/dev/serial/by-id", "dialout")
    if not path.exists():
        yield f"{reader.device} is not there; plug it in, or look in {names} for its name"
        return
    node = path.resolve()
    if node.name in _consoles(machine):
        yield f"{node.name} is the machine's own console: take console={node.name} out of the kernel's command line"
    if not _may_open(machine, node, READ if reader.kind == "hid" else READ_WRITE):
        yield (
            f"{reader.device} may not be opened: install systemd/90-welkom.rules, or put this user in "
            f"the group {group}"
        )
    holder = _holder(machine, node)
    if holder:
        yield f"{reader.device} is held by {holder}: stop that, or give each its own reader"


def _may_open(machine: Machine, node: Path, wanted: int = READ_WRITE) -> bool:
    """Whether this is granted by its owner, group or everybody (path_resolution(7)); root may always."""
    if machine.uid == 0:
        return True
    found = node.stat()
    shift = 6 if found.st_uid == machine.uid else 3 if found.st_gid in machine.groups else 0
    return stat.S_IMODE(found.st_mode) >> shift & wanted == wanted


def _consoles(machine: Machine) -> set[str]:
    words = _text(machine.root / "proc/cmdline").split()
    return {word.removeprefix("console=").split(",")[0] for word in words if word.startswith("console=")}


def _holder(machine: Machine, node: Path) -> str:
    """The program that has the node open, as far as this user may see."""
    for process in _processes(machine):
        try:
            held = any(
                link.readlink() in (node, _outside(machine, node)) for link in (process / "fd").iterdir()
            )
        except OSError:
            continue
        if held and (name := _text(process / "comm").strip()) != "welkom":
            return f"{name} ({process.name})"
    return ""


def _outside(machine: Machine, node: Path) -> Path:
    """The node as the machine itself calls it."""
    return Path("/") / node.relative_to(machine.root.resolve())


# --- what takes readers away ---


def _modules(machine: Machine, readers: tuple[ReaderSettings, ...]) -> Finding:
    loaded = {line.split(" ", 1)[0] for line in _text(machine.root / "proc/modules").splitlines()}
    thieves = [name for name in MODULES if name in loaded]
    by_usb = any(each.kind == "nfc" and each.device.startswith("usb") for each in readers)
    if thieves and (by_usb or not readers):
        return Finding(
            "kernel modules",
            "ill",
            f"{', '.join(thieves)} may take the reader: install systemd/welkom-modprobe.conf, then "
            f"modprobe -r {' '.join(MODULES)}",
        )
    if by_usb and not _blacklisted(machine):
        return Finding(
            "kernel modules",
            "ill",
            "none takes a reader now, pn533_usb will when one is plugged in: install systemd/welkom-modprobe.conf",
        )
    return Finding("kernel modules", "well", "none takes a reader")


def _blacklisted(machine: Machine) -> bool:
    folder = machine.root / BLACKLIST
    files = sorted(folder.glob("*.conf")) if folder.is_dir() else []
    return any("blacklist pn533_usb" in _text(file).splitlines() for file in files)


def _pcscd(machine: Machine, readers: tuple[ReaderSettings, ...], pid: str) -> Finding:
    if pid and any(each.kind == "nfc" and each.device.startswith("usb") for each in readers):
        return Finding(
            "pcscd",
            "ill",
            f"runs ({pid}) and takes USB readers before nfcpy can: systemctl mask --now pcscd.socket pcscd.service, "
            "or read them by kind pcsc",
        )
    if pid:
        return Finding("pcscd", "well", f"runs ({pid}); no reader of ours minds")
    return Finding("pcscd", "well", "does not run")


def _modem_manager(machine: Machine, readers: tuple[ReaderSettings, ...], pid: str) -> Finding:
    if pid and _serial(readers) and not any((machine.root / each).exists() for each in RULES):
        return Finding(
            "ModemManager",
            "ill",
            f"runs ({pid}) and writes AT commands to serial readers: install systemd/90-welkom.rules, or "
            "apt remove modemmanager",
        )
    return Finding(
        "ModemManager", "well", f"runs ({pid}) and leaves our readers alone" if pid else "does not run"
    )


def _brltty(machine: Machine, readers: tuple[ReaderSettings, ...], pid: str) -> Finding:
    if pid and _serial(readers):
        return Finding(
            "brltty",
            "ill",
            f"runs ({pid}) and takes CH340 and CP210x adapters for Braille displays: apt remove brltty",
        )
    return Finding("brltty", "well", f"runs ({pid}); no reader of ours minds" if pid else "does not run")


def _serial(readers: tuple[ReaderSettings, ...]) -> bool:
    return any(each.kind in ("serial", "nfc") and not each.device.startswith("usb") for each in readers)


Ask = Callable[[Machine, tuple[ReaderSettings, ...], str], Finding]
SERVICES: Final[dict[str, Ask]] = {"pcscd": _pcscd, "ModemManager": _modem_manager, "brltty": _brltty}


def _pid_of(machine: Machine, service: str) -> str:
    return next(
        (each.name for each in _processes(machine) if _text(each / "comm").strip() == service[:15]), ""
    )


def _processes(machine: Machine) -> list[Path]:
    proc = machine.root / "proc"
    return sorted(each for each in proc.iterdir() if each.name.isdigit()) if proc.is_dir() else []


def _listed(found: tuple[Plugged, ...]) -> str:
    return (
        "; ".join(f"{each.name or each.ids} (kind {each.kind})" for each in found)
        or "no reader that can be told from its ids"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
