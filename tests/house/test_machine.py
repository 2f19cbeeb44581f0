"""`welkom doctor` on machines made of files: /proc, /sys, /dev, /etc and /run below a folder of the test's."""

import os
from pathlib import Path

import pytest

from drivers.found import plugged_in
from drivers.settings import ReaderSettings, parse_reader
from edge.machine import MODULES, Finding, Machine, examine
from tests.house.repo import ROOT

NFC_USB = ReaderSettings("counter-1", "nfc", device="usb")
SCANNER = ReaderSettings("till-1", "serial", device="/dev/serial/by-id/usb-Maker_Scanner-if00")
WEDGE = ReaderSettings("till-2", "hid", device="/dev/input/by-id/usb-Maker_Wedge-event-kbd")
CCID = ReaderSettings("counter-2", "pcsc")


class Box:
    """A machine's files, as the kernel and the programs on it would make them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.machine = Machine(root, uid=os.getuid() + 1, groups=frozenset())

    def file(self, path: str, text: str = "", *, mode: int = 0o600) -> Path:
        made = self.root / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        made.chmod(mode)
        return made

    def link(self, path: str, target: str) -> None:
        made = self.root / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.symlink_to(target)

    def runs(self, name: str, pid: int = 77, *, holding: str = "") -> None:
        self.file(f"proc/{pid}/comm", name + "\n")
        if holding:
            self.link(f"proc/{pid}/fd/5", holding)

    def usb(self, port: str, ids: str, product: str, *, interface: str = "ff", mode: int = 0o666) -> None:
        vendor, number = ids.split(":")
        for name, text in (("idVendor", vendor), ("idProduct", number), ("product", product)):
            self.file(f"sys/bus/usb/devices/{port}/{name}", text + "\n")
        self.file(f"sys/bus/usb/devices/{port}/busnum", "1\n")
        self.file(f"sys/bus/usb/devices/{port}/devnum", "7\n")
        self.file(f"sys/bus/usb/devices/{port}:1.0/bInterfaceClass", interface + "\n")
        self.file("dev/bus/usb/001/007", mode=mode)

    def library(self, name: str) -> None:
        self.file(f"usr/lib/x86_64-linux-gnu/{name}")

    def scanner(self, *, mode: int = 0o666) -> None:
        self.file("dev/ttyACM0", mode=mode)
        self.link("dev/serial/by-id/usb-Maker_Scanner-if00", "../../ttyACM0")

    def wedge(self, *, mode: int = 0o666) -> None:
        self.file("dev/input/event3", mode=mode)
        self.link("dev/input/by-id/usb-Maker_Wedge-event-kbd", "../event3")

    def modprobe(self) -> None:
        self.file("etc/modprobe.d/welkom.conf", (ROOT / "systemd/welkom-modprobe.conf").read_text())

    def ask(self, *readers: ReaderSettings, machine: Machine | None = None) -> dict[str, Finding]:
        return {each.part: each for each in examine(machine or self.machine, readers)}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def ill(found: dict[str, Finding]) -> set[str]:
    return {part for part, each in found.items() if each.state != "well"}


def test_a_bare_machine_without_readers_is_well(box: Box) -> None:
    found = box.ask()
    assert ill(found) == set()
    assert found["plugged in"].words == "no reader that can be told from its ids"


def test_a_machine_that_was_set_up_as_written_is_well_with_every_kind(box: Box) -> None:
    box.usb("1-2", "072f:2200", "ACR122U")
    box.library("libusb-1.0.so.0")
    box.library("libpcsclite.so.1")
    box.file("run/pcscd/pcscd.comm")
    box.file("etc/udev/rules.d/90-welkom.rules")
    box.scanner()
    box.wedge()
    box.modprobe()
    box.runs("ModemManager")
    assert ill(box.ask(NFC_USB, SCANNER, WEDGE, CCID)) == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_takes_a_usb_reader_is_named_with_what_stops_it(box: Box, module: str) -> None:
    box.usb("1-2", "072f:2200", "ACR122U")
    box.library("libusb-1.0.so.0")
    box.modprobe()
    box.file("proc/modules", f"ext4 983040 1 - Live 0x0\n{module} 40960 0 - Live 0x0\n")
    found = box.ask(NFC_USB)
    assert ill(found) == {"kernel modules"}
    assert found["kernel modules"].words.startswith(
        f"{module} may take the reader: install systemd/welkom-modp"
    )
    assert "modprobe -r pn533_usb" in found["kernel modules"].words
    assert ill(box.ask(CCID, SCANNER)) == {"reader counter-2", "reader till-1"}  # they do not mind the module


def test_a_module_that_will_take_it_at_the_next_plug_is_foreseen(box: Box) -> None:
    box.usb("1-2", "072f:2200", "ACR122U")
    box.library("libusb-1.0.so.0")
    assert "pn533_usb will when one is plugged in" in box.ask(NFC_USB)["kernel modules"].words


def test_pcscd_is_in_the_way_of_nfcpy_and_needed_for_pcsc(box: Box) -> None:
    box.usb("1-2", "072f:2200", "ACR122U")
    box.library("libusb-1.0.so.0")
    box.library("libpcsclite.so.1")
    box.modprobe()
    box.runs("pcscd")
    found = box.ask(NFC_USB)
    assert "systemctl mask --now pcscd.socket pcscd.service" in found["pcscd"].words
    assert ill(found) == {"pcscd"}
    without = box.ask(CCID)
    assert "apt install pcscd" in without["reader counter-2"].words
    box.file("run/pcscd/pcscd.comm")
    assert ill(box.ask(CCID)) == set()


@pytest.mark.parametrize(
    ("service", "advice"),
    [("ModemManager", "apt remove modemmanager"), ("brltty", "apt remove brltty")],
)
def test_a_service_that_writes_to_serial_readers_is_named(box: Box, service: str, advice: str) -> None:
    box.scanner()
    box.runs(service, 123)
    found = box.ask(SCANNER)
    assert ill(found) == {service}
    assert "(123)" in found[service].words
    assert advice in found[service].words
    assert ill(box.ask()) == set()


def test_a_node_that_is_not_there_or_may_not_be_opened_says_what_to_do(box: Box) -> None:
    missing = box.ask(SCANNER, WEDGE)
    assert "look in /dev/serial/by-id" in missing["reader till-1"].words
    assert "look in /dev/input/by-id" in missing["reader till-2"].words
    box.scanner(mode=0o660)
    box.wedge(mode=0o640)  # a scanner is only read
    closed = box.ask(SCANNER, WEDGE)
    assert "group dialout" in closed["reader till-1"].words
    assert "group input" in closed["reader till-2"].words
    group = box.root.joinpath("dev/ttyACM0").stat().st_gid
    member = Machine(box.root, uid=box.machine.uid, groups=frozenset({group}))
    assert ill(box.ask(SCANNER, WEDGE, machine=member)) == set()
    box.root.joinpath("dev/ttyACM0").chmod(0o640)
    assert ill(box.ask(SCANNER, WEDGE, machine=member)) == {"reader till-1"}  # here reading is not enough
    assert ill(box.ask(SCANNER, WEDGE, machine=Machine(box.root, 0, frozenset()))) == set()


def test_who_holds_a_port_is_named(box: Box) -> None:
    box.scanner()
    box.runs("minicom", 42, holding="/dev/ttyACM0")
    box.runs("welkom", 43, holding="/dev/ttyACM0")
    assert "is held by minicom (42)" in box.ask(SCANNER)["reader till-1"].words


def test_the_machines_own_console_is_no_reader(box: Box) -> None:
    box.file("dev/ttyS0", mode=0o666)
    box.file("proc/cmdline", "root=/dev/vda console=tty0 console=ttyS0,115200\n")
    found = box.ask(ReaderSettings("a", "nfc", device="/dev/ttyS0"))
    assert "console=ttyS0 out of the kernel" in found["reader a"].words


def test_a_missing_library_is_named_with_its_package(box: Box) -> None:
    found = box.ask(NFC_USB, CCID)
    assert found["reader counter-1"].words == "libusb-1.0.so.0 is missing: apt install libusb-1.0-0"
    assert found["reader counter-2"].words == "libpcsclite.so.1 is missing: apt install libpcsclite1"


def test_a_usb_reader_is_looked_for_by_its_ids_and_its_right(box: Box) -> None:
    box.library("libusb-1.0.so.0")
    box.modprobe()
    box.usb("1-2", "04e6:5591", "SCL3711", mode=0o664)
    other = ReaderSettings("counter-1", "nfc", device="usb:072f:2200")
    assert "no USB reader 072f:2200 is plugged in" in box.ask(other)["reader counter-1"].words
    assert "/dev/bus/usb/001/007 may not be opened" in box.ask(NFC_USB)["reader counter-1"].words


def test_what_is_plugged_in_is_said_with_the_kind_that_reads_it(box: Box) -> None:
    box.usb("1-2", "072f:2200", "ACR122U")
    box.usb("1-3", "072f:223b", "ACR1252 Dual Reader", interface="0b")
    box.usb("1-4", "046d:c31c", "Keyboard", interface="03")
    box.scanner()
    box.wedge()
    assert box.ask()["plugged in"].words == (
        "ACR122U (kind nfc); ACR1252 Dual Reader (kind pcsc); /dev/serial/by-id/usb-Maker_Scanner-if00 (kind serial "
        "or nfc); /dev/input/by-id/usb-Maker_Wedge-event-kbd (kind hid, if it is a scanner)"
    )


def test_a_reader_that_wants_the_daemon_is_used_as_it_is_while_that_listens(box: Box) -> None:
    box.usb("1-2", "072f:2200", "ACR122U")
    box.usb("1-3", "072f:223b", "ACR1252 Dual Reader", interface="0b")
    box.usb("1-4", "046d:c31c", "Keyboard", interface="03")
    nfc = ReaderSettings("nfc-1", "nfc", device="usb:072f:2200", uid=True)
    assert plugged_in(box.root) == [nfc]
    box.file("run/pcscd/pcscd.comm")
    assert plugged_in(box.root) == [
        nfc,
        ReaderSettings("nfc-2", "pcsc", device="ACR1252 Dual Reader", uid=True),
    ]


def test_what_a_bluetooth_scanner_lacks_is_said_one_thing_at_a_time(box: Box) -> None:
    def said(device: str = "") -> str:
        return box.ask(ReaderSettings("door", "ble", device=device))["reader door"].words

    assert "no Bluetooth adapter is there" in said()
    box.file("sys/class/bluetooth/hci0/rfkill0/soft", "1\n")
    box.file("sys/class/bluetooth/hci0:64/type", "LE\n")  # a connection, no adapter
    assert "no adapter hci7: write one of hci0" in said("hci7")
    assert "hci0 is blocked" in said()
    box.file("sys/class/bluetooth/hci0/rfkill0/soft", "0\n")
    assert "message bus is not there" in said()
    box.file("run/dbus/system_bus_socket")
    assert "bluetoothd does not run" in said()
    box.runs("bluetoothd")
    assert said("hci0") == "ble hci0"


@pytest.mark.parametrize(
    ("keys", "well"),
    [
        ({"meta_key": "00" * 16, "file_key": "00" * 16}, False),
        ({"diversify": "sdm", "master_key": "00" * 16}, False),
        ({"diversify": "an10922", "meta_key": "11" * 16, "master_key": "00" * 16}, False),
        ({"meta_key": "00" * 16, "file_key": "11" * 16}, True),  # hides no UID, and proves it all the same
        ({"diversify": "sdm", "master_key": "11" * 16}, True),
    ],
)
def test_keys_as_chips_leave_the_factory_are_taken_and_called_ill(
    box: Box, keys: dict[str, str], well: bool
) -> None:
    family = {"url": "https://shop.example/t?p={picc}&c={mac}", **keys}
    table = {"name": "counter-1", "kind": "nfc", "device": "usb", "sun": [family]}
    box.usb("1-1", "072f:2200", "ACR122U")
    box.library("libusb-1.0.so.0")
    found = {
        each.part: each
        for each in examine(box.machine, [parse_reader(table, where="readers[0]", base=Path())])
    }["reader counter-1"]
    assert (found.state == "well") is well, found.words
    assert well or "all zero" in found.words


def test_a_reader_by_nfcpys_own_name_that_is_not_plugged_in_is_ill(box: Box) -> None:
    reader = ReaderSettings("counter-1", "nfc", device="tty:USB0:pn532")
    assert ill(box.ask(reader)) == {"reader counter-1"}
    box.file("dev/ttyUSB0", mode=0o666)
    assert ill(box.ask(reader)) == set()
