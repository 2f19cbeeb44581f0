"""One rig a kind: the smallest real thing behind a reader, with its cable in the test's hand."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.catalogue import build
from drivers.hid import HidReader
from drivers.reader import Reader
from drivers.settings import parse_reader
from drivers.sim import SimReader
from tests.drivers.bus import Bus
from tests.drivers.cable import Cable
from tests.drivers.mosquitto import Mosquitto
from tests.drivers.pcscd import Pcscd
from tests.drivers.pn532 import Pn532, Type2Card
from tests.drivers.wedge import WedgeScanner

LINE = (
    '{"reader": "counter-1", "at": "2026-11-22T10:00:00.123Z", "how": "scan", '
    '"token": {"kind": "barcode", "value": "CARD-1", "evidence": "weak", "about": {}}}\n'
)


@dataclass(frozen=True)
class Rig:
    """A fresh reader at each `reader()`; `show` presents something to it once it is open.

    `pull` is None where there is no cable to pull in mid-reading.
    """

    reader: Callable[[], Reader]
    show: Callable[[], None]
    absent: Callable[[], None]
    pull: Callable[[], None] | None


def _from(table: dict[str, object], base: Path) -> Callable[[], Reader]:
    return lambda: build(parse_reader(table, where="readers[0]", base=base))


@contextmanager
def rig(kind: str, base: Path) -> Iterator[Rig]:
    with ExitStack() as stack:
        yield RIGS[kind](stack, base)


def _serial(stack: ExitStack, base: Path) -> Rig:
    cable = stack.enter_context(Cable())
    table: dict[str, object] = {"name": "counter-1", "kind": "serial", "device": cable.path}
    return Rig(_from(table, base), lambda: cable.write(b"CARD-1\r\n"), cable.pull, cable.pull)


def _pcsc(stack: ExitStack, base: Path) -> Rig:
    daemon = stack.enter_context(Pcscd())
    table: dict[str, object] = {"name": "counter-1", "kind": "pcsc", "uid": True}
    return Rig(_from(table, base), lambda: daemon.present(Type2Card()), daemon.stop, daemon.stop)


def _pipe(stack: ExitStack, base: Path) -> Rig:
    home = base / "run"
    home.mkdir()
    path = home / "readers.sock"

    def show() -> None:
        with socket.socket(socket.AF_UNIX) as writer:
            writer.connect(str(path))
            writer.sendall(LINE.encode())

    def absent() -> None:
        home.rmdir()

    table: dict[str, object] = {"name": "counter-1", "kind": "pipe", "device": str(path)}
    return Rig(_from(table, base), show, absent, path.unlink)


KNOWN: Final = bytes.fromhex("a9b76a71c5f89290")


def _known(said: bytes, at_s: float) -> str | None:
    return "fob-of-somebody" if said == KNOWN else None


def _from_radio(table: dict[str, object], base: Path) -> Callable[[], Reader]:
    return lambda: build(parse_reader(table, where="readers[0]", base=base), resolve=_known)


def _ble(stack: ExitStack, base: Path) -> Rig:
    bus = stack.enter_context(Bus(base))
    table: dict[str, object] = {"name": "counter-1", "kind": "ble", "device": "hci0"}
    return Rig(_from_radio(table, base), lambda: bus.advertise(KNOWN), bus.kill_bluez, bus.kill_bluez)


def _mqtt(stack: ExitStack, base: Path) -> Rig:
    broker = stack.enter_context(Mosquitto(base))
    table: dict[str, object] = {"name": "counter-1", "kind": "mqtt", "device": f"127.0.0.1:{broker.port}"}

    def show() -> None:
        advert = ["C00000000001", 1, -63, 37, "0201060303aafe0d16aafe30ee" + KNOWN.hex(), 0]
        batch = {"v": 1, "gw": "g1", "boot": "a1", "seq": 1, "t": 100, "a": [advert]}
        broker.publish("edge/demo/gw/g1/adv", batch)

    return Rig(_from_radio(table, base), show, broker.kill, broker.kill)


def _replay(stack: ExitStack, base: Path) -> Rig:
    file = base / "day.jsonl"
    file.write_text(LINE)
    table: dict[str, object] = {"name": "counter-1", "kind": "replay", "file": "day.jsonl"}
    return Rig(_from(table, base), lambda: None, file.unlink, None)


def _sim(stack: ExitStack, base: Path) -> Rig:
    table: dict[str, object] = {"name": "counter-1", "kind": "sim", "rate_per_s": 0}
    made = _from(table, base)()
    assert isinstance(made, SimReader)
    return Rig(lambda: made, lambda: made.tap("CARD-1"), made.pull, made.pull)


def _hid(stack: ExitStack, base: Path) -> Rig:
    scanner = stack.enter_context(WedgeScanner())
    table: dict[str, object] = {"name": "counter-1", "kind": "hid", "device": scanner.path}
    settings = parse_reader(table, where="readers[0]", base=base)
    return Rig(
        lambda: HidReader(settings, grab=scanner.grab),
        lambda: scanner.type("CARD-1\n"),
        scanner.pull,
        scanner.pull,
    )


def _nfc(stack: ExitStack, base: Path) -> Rig:
    chip = stack.enter_context(Pn532())
    table: dict[str, object] = {"name": "counter-1", "kind": "nfc", "device": chip.path, "uid": True}
    return Rig(_from(table, base), lambda: chip.present(Type2Card()), chip.pull, chip.pull)


RIGS: dict[str, Callable[[ExitStack, Path], Rig]] = {
    "serial": _serial,
    "hid": _hid,
    "nfc": _nfc,
    "pcsc": _pcsc,
    "ble": _ble,
    "mqtt": _mqtt,
    "pipe": _pipe,
    "replay": _replay,
    "sim": _sim,
}
