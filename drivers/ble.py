"""A Bluetooth adapter of this machine as a scanner for customers' devices, over BlueZ.

Silence is the only thing bleak says of most faults, so this watches: the daemon and the adapter at every pulse, and
what is heard. What a scanner may still hear of strangers ends in `Nearby`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from typing import Final

from bleak import BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakDBusError, BleakError
from dbus_fast.errors import DBusError

from drivers.bluez import Adapter
from drivers.codecs.radio.advert import service_eid
from drivers.nearby import NO_RSSI, Nearby, Resolve, Totals, nobody
from drivers.reader import (
    IDLE_EVERY_S,
    Idle,
    Reader,
    ReaderError,
    ReaderGone,
    ReaderRefused,
    Sighting,
)
from drivers.settings import ReaderSettings

EDDYSTONE: Final = "0000feaa-0000-1000-8000-00805f9b34fb"
# One setting against three troubles of BlueZ: RSSI told only when it changed by 8 dB, adverts only when they
# changed, and deaf 5 s of every 15 (bluez, adapter.c and device.c: a filter that is "filtered" restarts at once).
FILTERS: Final[BlueZDiscoveryFilters] = {"DuplicateData": True, "RSSI": -127, "Transport": "le"}
START_S: Final = 15.0
STOP_S: Final = 1.0  # inside the 2 s of the seam; the object is thrown away anyhow
GAPS: Final = 20  # as many usual gaps without a word are silence
# Without a device of the shop's own that always speaks, silence may be an empty shop: a new scanner now and then.
QUIET_S: Final = 60.0
RESET_BACK_OFF_S: Final = (1.0, 2.0, 5.0, 15.0, 30.0)
POLL_S: Final = 0.2
TRIES: Final = 2  # failed starts, before the adapter itself is switched off and on


def build(settings: ReaderSettings, resolve: Resolve = nobody) -> Reader:
    """A scanner on the adapter `device` (hci0), the first one where none is named."""
    return BleReader(settings, resolve)


class BleReader:
    """One adapter. A scanner object that has failed once never hears again, so every start makes a new one."""

    def __init__(self, settings: ReaderSettings, resolve: Resolve) -> None:
        self._settings = settings
        self._resolve = resolve
        self._deaf = False  # something that always speaks was not heard, not even after a reset
        self._failed = 0  # starts, or silences where something always speaks, in a row
        self._resets = 0
        self._reset_s = float("-inf")
        self.totals = Totals()

    @property
    def name(self) -> str:
        return self._settings.name

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        nearby = Nearby(self.name, self._resolve, self.totals)
        async with Adapter(self.name, self._settings.device) as adapter, AsyncExitStack() as scanning:
            await self._start(nearby, adapter, scanning)
            if self._deaf:
                await self._until_heard(nearby, adapter)
            yield Idle(self.name)
            told_s = time.monotonic()
            pulse_s = min(IDLE_EVERY_S, self._settings.silence_s / 2)
            off = 0
            while True:
                sighting = await nearby.next(within_s=pulse_s)
                if sighting is not None:
                    yield sighting
                if time.monotonic() - told_s < pulse_s:
                    continue
                # BlueZ stops for a moment now and then; twice in a row is no such moment.
                off = 0 if await adapter.check() else off + 1
                silent_s = time.monotonic() - nearby.heard_s
                if silent_s > self._patience_s(nearby):
                    await self._fell_silent(adapter, silent_s)
                    off = 2
                elif nearby.heard_since_start:
                    self._failed = self._resets = 0
                if off > 1:
                    await scanning.aclose()
                    await self._start(nearby, adapter, scanning)
                    off = 0
                yield Idle(self.name)
                told_s = time.monotonic()

    async def _start(self, nearby: Nearby, adapter: Adapter, scanning: AsyncExitStack) -> None:
        def on_advert(device: BLEDevice, advert: AdvertisementData) -> None:
            nearby.alive()
            frame = advert.service_data.get(EDDYSTONE)
            if frame is None or advert.rssi == NO_RSSI:
                return
            said = service_eid(frame)
            if said is not None:
                nearby.hear(said, scanner=self.name, rssi_dbm=advert.rssi, at_s=time.time())

        scanner = BleakScanner(
            on_advert,
            service_uuids=[EDDYSTONE],
            bluez={"adapter": adapter.name, "filters": FILTERS},
        )
        scanning.push_async_callback(_stop, scanner)
        try:
            async with asyncio.timeout(START_S):
                await scanner.start()
        except (TimeoutError, BleakError, OSError, EOFError, DBusError) as error:
            self._failed += 1
            if self._failed > TRIES:
                await self._perhaps_reset(adapter)
            raise self._why_not(error, adapter) from None
        nearby.started()

    async def _fell_silent(self, adapter: Adapter, silent_s: float) -> None:
        """A new scanner may hear again; where something always speaks, the third silence is a fault."""
        if not self._settings.reference:
            return
        self._failed += 1
        if self._failed > TRIES:
            self._deaf = True
            await self._perhaps_reset(adapter)
            raise self._is_deaf(adapter, silent_s)

    async def _until_heard(self, nearby: Nearby, adapter: Adapter) -> None:
        """Deaf as it was, it is not up because it opens: it is up when it hears."""
        began_s = nearby.heard_s
        while not await nearby.heard_within(POLL_S):
            silent_s = time.monotonic() - began_s
            if silent_s > self._patience_s(nearby):
                await self._perhaps_reset(adapter)
                raise self._is_deaf(adapter, silent_s)
        self._deaf = False
        self._failed = self._resets = 0

    async def _perhaps_reset(self, adapter: Adapter) -> None:
        """Switch the adapter off and on, ever more seldom: other programs may be using it."""
        wait_s = RESET_BACK_OFF_S[min(self._resets, len(RESET_BACK_OFF_S) - 1)]
        if time.monotonic() - self._reset_s >= wait_s:
            self._resets += 1
            await adapter.reset()
            self._reset_s = time.monotonic()

    def _patience_s(self, nearby: Nearby) -> float:
        least_s = self._settings.silence_s
        if not self._settings.reference:
            least_s = max(least_s, QUIET_S)
        return max(least_s, min(GAPS * nearby.usual_gap_s, QUIET_S))

    def _is_deaf(self, adapter: Adapter, silent_s: float) -> ReaderGone:
        return ReaderGone(
            f"{self.name}: {adapter.name} heard nothing for {silent_s:.0f} s, not even what always speaks",
            code="deaf",
            hint="look whether the reference beacon has power; replug the adapter, or restart the box",
        )

    def _why_not(self, error: Exception, adapter: Adapter) -> ReaderError:
        what = f"{self.name}: {adapter.name} does not start scanning"
        if isinstance(error, BleakDBusError):
            if error.dbus_error.endswith("AccessDenied"):
                return ReaderRefused(
                    what,
                    code="no_permission",
                    hint="put the service's user into the group bluetooth, or allow org.bluez in a D-Bus policy",
                )
            if error.dbus_error.endswith("InProgress"):
                return ReaderGone(
                    what, code="busy", hint="stop other programs that scan, such as bluetoothctl scan on"
                )
        if isinstance(error, OSError | EOFError) and not isinstance(error, TimeoutError):
            return ReaderGone(
                what, code="no_service", hint="start D-Bus: systemctl start dbus; it is tried again"
            )
        return ReaderGone(
            what, code="hung", hint="it is tried again; systemctl restart bluetooth if this comes back"
        )


async def _stop(scanner: BleakScanner) -> None:
    with suppress(Exception):  # whatever it is, the object is thrown away, and the adapter is asked itself
        async with asyncio.timeout(STOP_S):
            await scanner.stop()
