"""One Bluetooth adapter of BlueZ, asked over the bus: is it there, is it on, does it scan, is it the same daemon.

bleak says nothing when bluetoothd dies or the bus goes: it only falls silent. This asks, on a connection of its own.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, DBusError

from drivers.reader import ReaderGone, ReaderRefused

BLUEZ: Final = "org.bluez"
ADAPTER: Final = "org.bluez.Adapter1"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
ANSWER_S: Final = 2.0  # bluetoothd answers within milliseconds unless it hangs
CLOSED_S: Final = 0.1
OFF_S: Final = 0.3  # between off and on: the controller takes its time to go down
ABSENT: Final = ("ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected")


class Adapter:
    """`async with` connects to the bus; raises ReaderGone or ReaderRefused in the words of the driver's table."""

    def __init__(self, reader: str, device: str) -> None:
        self._reader = reader
        self._device = device
        self._bus: MessageBus | None = None
        self._owner = ""
        self.name = device

    async def __aenter__(self) -> Self:
        # A bus object whose connection failed keeps its socket until it is told to disconnect.
        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._bus.connect()
        except AuthError:
            self._close()
            raise self._refused() from None
        except (OSError, EOFError, TimeoutError, DBusError):
            self._close()
            raise ReaderGone(
                f"{self._reader}: the system's message bus does not answer",
                code="no_service",
                hint="start D-Bus: systemctl start dbus; it is tried again",
            ) from None
        try:
            self._owner = await self._owned_by()
            if not self.name:
                self.name = await self._first()
            await self.check()
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bus = self._bus
        self._close()
        if bus is not None:
            with suppress(Exception):  # how it ended is known; asyncio would log what nobody asked for
                async with asyncio.timeout(CLOSED_S):
                    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def _close(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            with suppress(Exception):  # whatever it is, the connection is thrown away
                bus.disconnect()

    async def check(self) -> bool:
        """Whether it scans; raises when the adapter, its power, the daemon or the bus went away meanwhile."""
        if await self._owned_by() != self._owner:
            raise self._unplugged("the Bluetooth daemon was started anew")
        properties = await self._properties()
        if properties is None:
            raise self._missing()
        if not properties["Powered"].value:
            raise ReaderGone(
                f"{self._reader}: the Bluetooth adapter {self.name} is switched off",
                code="powered_off",
                hint="bluetoothctl power on; look for rfkill; AutoEnable=true in /etc/bluetooth/main.conf",
            )
        return bool(properties["Discovering"].value) if "Discovering" in properties else True

    async def reset(self) -> None:
        """Off and on again; where that is not allowed, nothing happens."""
        for on in (False, True):
            with suppress(ReaderGone, ReaderRefused):
                await self._call(
                    Message(
                        destination=BLUEZ,
                        path=f"/org/bluez/{self.name}",
                        interface=PROPERTIES,
                        member="Set",
                        signature="ssv",
                        body=[ADAPTER, "Powered", Variant("b", on)],
                    )
                )
            await asyncio.sleep(OFF_S)

    async def _owned_by(self) -> str:
        reply = await self._call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="GetNameOwner",
                signature="s",
                body=[BLUEZ],
            )
        )
        if reply is None:
            raise self._no_daemon()
        return str(reply[0])

    async def _first(self) -> str:
        reply = await self._call(
            Message(
                destination=BLUEZ,
                path="/",
                interface="org.freedesktop.DBus.ObjectManager",
                member="GetManagedObjects",
            )
        )
        found = sorted(path for path, interfaces in (reply or [{}])[0].items() if ADAPTER in interfaces)
        if not found:
            raise self._missing()
        return str(found[0].rsplit("/", 1)[1])

    async def _properties(self) -> dict[str, Variant] | None:
        reply = await self._call(
            Message(
                destination=BLUEZ,
                path=f"/org/bluez/{self.name}",
                interface=PROPERTIES,
                member="GetAll",
                signature="s",
                body=[ADAPTER],
            )
        )
        return None if reply is None else reply[0]

    async def _call(self, message: Message) -> list[Any] | None:
        """The body of the answer, None for an error of the one who was asked."""
        if self._bus is None or not self._bus.connected:
            raise self._unplugged("the system's message bus went away")
        try:
            async with asyncio.timeout(ANSWER_S):
                reply = await self._bus.call(message)
        except TimeoutError:
            raise ReaderGone(
                f"{self._reader}: the Bluetooth daemon does not answer",
                code="hung",
                hint="it is tried again; systemctl restart bluetooth if this comes back",
            ) from None
        except (OSError, EOFError, DBusError):
            raise self._unplugged("the system's message bus went away") from None
        if reply is None:
            return None
        if reply.message_type is MessageType.ERROR:
            if (reply.error_name or "").endswith("AccessDenied"):
                raise self._refused()
            if (reply.error_name or "").endswith(ABSENT) and message.destination == BLUEZ:
                raise self._unplugged("the Bluetooth daemon went away") if self._owner else self._no_daemon()
            return None
        return list(reply.body)

    def _unplugged(self, what: str) -> ReaderGone:
        return ReaderGone(f"{self._reader}: {what}", code="unplugged", hint="it is opened again by itself")

    def _no_daemon(self) -> ReaderGone:
        if self._owner:
            return self._unplugged("the Bluetooth daemon went away")
        return ReaderGone(
            f"{self._reader}: the Bluetooth daemon is not running",
            code="no_service",
            hint="install bluez, systemctl enable --now bluetooth; it is tried again",
        )

    def _missing(self) -> ReaderGone:
        return ReaderGone(
            f"{self._reader}: there is no Bluetooth adapter {self.name}".rstrip(),
            code="no_device",
            hint="plug it in; bluetoothctl list says which there are",
        )

    def _refused(self) -> ReaderRefused:
        return ReaderRefused(
            f"{self._reader}: the message bus does not let this user use Bluetooth",
            code="no_permission",
            hint="put the service's user into the group bluetooth, or allow org.bluez in a D-Bus policy",
        )
