"""bluetoothd's double: as much of org.bluez as a scanner asks for, and of its habits as decide what is heard.

`python -m tests.drivers.bluez_double`; lines on stdin: `advert ADDRESS RSSI HEX` (service data of 0xFEAA), `other
ADDRESS RSSI` (a stranger's phone: manufacturer data only), `power on|off`, `mute on|off|dead` (it scans and hears
nothing: a controller that hangs, or that no reset helps), `unplug`, `crowd RATE` (so many adverts a second of
strangers with beacons of the same kind, from fifty addresses).

What real BlueZ does, it does: nobody hears without StartDiscovery; with a UUID filter strangers are not forwarded; a
change of RSSI under 8 dB is told only with an RSSI filter, equal data only with DuplicateData (bluez, adapter.c and
device.c).
"""

import asyncio
import random
import sys
from typing import Any, Final

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

PATH: Final = "/org/bluez/hci0"
FEAA: Final = "0000feaa-0000-1000-8000-00805f9b34fb"
ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
MANAGER: Final = "org.freedesktop.DBus.ObjectManager"
THRESHOLD_DB: Final = 8


class Double:
    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._filter: dict[str, Any] = {}
        self._scanning: set[str] = set()
        self._devices: dict[str, dict[str, Variant]] = {}
        self._powered = True
        self._muted = "off"
        self._there = True
        self._crowd: asyncio.Task[None] | None = None

    def _adapter(self) -> dict[str, Variant]:
        return {
            "Address": Variant("s", "00:11:22:33:44:55"),
            "Powered": Variant("b", self._powered),
            "Discovering": Variant("b", bool(self._scanning)),
            "Roles": Variant("as", ["central"]),
        }

    def answer(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL or not str(message.path).startswith("/"):
            return False
        member, sender = message.member, str(message.sender)
        if member == "GetManagedObjects":
            objects: dict[str, Any] = {PATH: {ADAPTER: self._adapter()}} if self._there else {}
            objects |= {path: {DEVICE: props} for path, props in self._devices.items()}
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [objects])
        if not self._there or message.path != PATH:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownObject", "no such object")
        if member == "GetAll":
            return Message.new_method_return(message, "a{sv}", [self._adapter()])
        if member == "Set":
            self._powered = bool(message.body[2].value)
            if not self._powered:
                self._scanning.clear()
            elif self._muted == "on":
                self._muted = "off"  # switched off and on: the controller hears again
        elif member == "SetDiscoveryFilter":
            self._filter = {name: value.value for name, value in message.body[0].items()}
        elif member == "StartDiscovery":
            if not self._powered:
                return Message.new_error(message, "org.bluez.Error.NotReady", "Resource Not Ready")
            self._scanning.add(sender)
        elif member == "StopDiscovery":
            if sender not in self._scanning:
                return Message.new_error(message, "org.bluez.Error.Failed", "No discovery started")
            self._scanning.discard(sender)
        return Message.new_method_return(message)

    def command(self, words: list[str]) -> None:
        match words:
            case ["advert", address, rssi, data]:
                said = {FEAA: Variant("ay", bytes.fromhex(data))}
                about = {"ServiceData": Variant("a{sv}", said), "UUIDs": Variant("as", [FEAA])}
                self._hear(address, int(rssi), about)
            case ["other", address, rssi]:
                data = {0x004C: Variant("ay", bytes.fromhex(address.replace(":", "")))}
                self._hear(address, int(rssi), {"ManufacturerData": Variant("a{qv}", data)})
            case ["power", state]:
                self._powered = state == "on"
                self._scanning &= set() if state == "off" else self._scanning
            case ["mute", state]:
                self._muted = state
            case ["crowd", rate]:
                self._crowd = asyncio.create_task(self._strangers(int(rate)))
            case ["unplug"]:
                self._there = False
                self._scanning.clear()
                self._signal("/", MANAGER, "InterfacesRemoved", "oas", [PATH, [ADAPTER]])

    async def _strangers(self, rate: int) -> None:
        loop, dice = asyncio.get_running_loop(), random.Random(1)
        due_s = loop.time()
        while True:
            for _ in range(rate // 100):
                address = f"D0:00:00:00:00:{dice.randrange(50):02X}"
                data = (b"\x30\xee" + dice.randbytes(8)).hex()
                self.command(["advert", address, str(-40 - dice.randrange(50)), data])
            due_s += 0.01
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    def _hear(self, address: str, rssi: int, about: dict[str, Variant]) -> None:
        if not self._scanning or self._muted != "off":
            return
        if (wanted := self._filter.get("UUIDs")) and "UUIDs" not in about:
            assert wanted == [FEAA]
            return
        path = f"{PATH}/dev_{address.replace(':', '_')}"
        known = self._devices.get(path)
        if known is None:
            self._devices[path] = {
                "Address": Variant("s", address),
                "Alias": Variant("s", address),
                "Adapter": Variant("o", PATH),
                "RSSI": Variant("n", rssi),
                **about,
            }
            body = [path, {DEVICE: self._devices[path]}]
            self._signal("/", MANAGER, "InterfacesAdded", "oa{sa{sv}}", body)
            return
        changed: dict[str, Variant] = {}
        told_all = "RSSI" in self._filter or "Pathloss" in self._filter
        if told_all or abs(known["RSSI"].value - rssi) >= THRESHOLD_DB:
            changed["RSSI"] = Variant("n", rssi)
        every = self._filter.get("DuplicateData")
        changed |= {
            name: value
            for name, value in about.items()
            if known.get(name) != value or (every and name != "UUIDs")
        }
        known |= changed
        if changed:
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [DEVICE, changed, []])

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        self._bus.send(Message.new_signal(path, interface, member, signature, body))


async def main() -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    double = Double(bus)
    bus.add_message_handler(double.answer)
    await bus.request_name("org.bluez")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin.buffer
    )
    while line := await lines.readline():
        double.command(line.decode().split())


if __name__ == "__main__":
    asyncio.run(main())
