"""Bluetooth gateways in the shop, heard over an MQTT broker: each of them is a scanner with a name of its own.

What each make publishes stands in codecs/radio/gateways.py. A gateway that goes shows as a scanner that went; the
broker going is the reader's own trouble.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from aiomqtt import Client, Message, MqttCodeError, MqttError
from paho.mqtt.reasoncodes import ReasonCode

from drivers.codecs.radio import gateways
from drivers.codecs.radio.gateway_clock import GatewayClock
from drivers.nearby import NO_RSSI, Nearby, Resolve, Totals, nobody
from drivers.reader import IDLE_EVERY_S, Idle, Reader, ReaderError, ReaderGone, ReaderRefused, Sighting
from drivers.settings import ReaderSettings

PORT, TLS_PORT = 1883, 8883
KEEPALIVE_S: Final = 10  # a broker that hangs is noticed within 15 s
CONNECT_S: Final = 5.0
LEAVE_S: Final = 1.0  # inside the 2 s of the seam
WAITING: Final = 1_000  # messages; then the newest are dropped, as the broker itself would (QoS 0)
MOST_GATEWAYS: Final = 256  # names come from topics: whoever may publish must not fill the memory
REFUSED: Final = (
    4,
    5,
    134,
    135,
)  # CONNACK of MQTT 3.1.1 (3.2.2.3) and 5.0 (3.2.2.2): user, password, authority


def build(settings: ReaderSettings, resolve: Resolve = nobody) -> Reader:
    """A reader of the broker `device`: `host`, `host:port`, `mqtt://…` or, with TLS, `mqtts://…`."""
    return MqttReader(settings, resolve)


@dataclass(frozen=True, slots=True)
class Broker:
    host: str
    port: int
    tls: bool


def broker(device: str) -> Broker | None:
    """The broker that a `device` names, None where it names none."""
    try:
        found = urlsplit(device if "://" in device else f"mqtt://{device}")
        port = found.port
    except ValueError:
        return None
    tls = found.scheme == "mqtts"
    odd = found.path.strip("/") or found.query or found.fragment or found.username
    if found.scheme not in ("mqtt", "mqtts") or not found.hostname or odd:
        return None
    return Broker(found.hostname, port or (TLS_PORT if tls else PORT), tls)


@dataclass(slots=True)
class _Gateway:
    online: bool | None = None
    clock: GatewayClock = field(default_factory=GatewayClock)


class MqttReader:
    """One broker, connected anew at each `events()`."""

    def __init__(self, settings: ReaderSettings, resolve: Resolve) -> None:
        self._settings = settings
        self._resolve = resolve
        self._gateways: dict[str, _Gateway] = {}
        self._changed: dict[str, bool] = {}
        self.totals = Totals()

    @property
    def name(self) -> str:
        return self._settings.name

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        where = broker(self._settings.device)
        if where is None:
            raise ReaderRefused(
                f"{self.name}: device names no broker",
                code="not_a_reader",
                hint="write host, host:port, mqtt://host:port or mqtts://host:port",
            )
        nearby = Nearby(self.name, self._resolve, self.totals)
        self._gateways.clear()
        client = self._client(where)
        await self._connect(client)
        pump = asyncio.create_task(self._pump(client, nearby))
        pump.add_done_callback(lambda _: nearby.ring())
        try:
            yield Idle(self.name)
            told_s = time.monotonic()
            while True:
                sighting = await nearby.next(within_s=IDLE_EVERY_S)
                if sighting is not None:
                    yield sighting
                if pump.done():
                    raise self._lost() from None
                if self._changed or time.monotonic() - told_s >= IDLE_EVERY_S:
                    changed, self._changed = tuple(self._changed.items()), {}
                    yield Idle(self.name, changed)
                    told_s = time.monotonic()
        finally:
            pump.cancel()
            try:
                await asyncio.wait(
                    (pump,)
                )  # awaited itself, its end could not be told from our own being cancelled
                with suppress(asyncio.CancelledError, MqttError):
                    pump.result()
            finally:
                await self._leave(client)

    def _client(self, where: Broker) -> Client:
        settings = self._settings
        return Client(
            where.host,
            where.port,
            username=settings.username or None,
            password=settings.password or None,
            timeout=CONNECT_S,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=WAITING,
            tls_context=ssl.create_default_context(cafile=settings.ca) if where.tls else None,
        )

    async def _connect(self, client: Client) -> None:
        try:
            await client.__aenter__()
        except (MqttError, OSError) as error:
            raise self._why_not(error) from None
        try:
            for topic in self._settings.topics or gateways.TOPICS:
                await client.subscribe(topic)
        except BaseException as error:
            await self._leave(client)
            if isinstance(error, MqttError):
                raise self._lost() from None
            raise

    async def _leave(self, client: Client) -> None:
        with suppress(MqttError, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await client.__aexit__(None, None, None)

    async def _pump(self, client: Client, nearby: Nearby) -> None:
        async for message in client.messages:
            self._take(message, nearby)

    def _take(self, message: Message, nearby: Nearby) -> None:
        payload = message.payload
        try:
            if not isinstance(payload, bytes):
                raise gateways.GatewayError("payload: empty")
            found = gateways.read(message.topic.value, payload)
            if found is None:
                return
            gateway = self._gateway(found.gateway)
        except gateways.GatewayError:
            self.totals.bad += 1
            return
        if isinstance(found, gateways.Status):
            self._is(found.gateway, gateway, online=found.online, nearby=nearby)
            return
        if not message.retain:  # what a broker kept was heard at another time
            self._heard(found, gateway, nearby)

    def _heard(self, batch: gateways.Batch, gateway: _Gateway, nearby: Nearby) -> None:
        self._is(batch.gateway, gateway, online=True, nearby=nearby)
        nearby.alive(batch.adverts)
        arrived_ms, arrived_s = round(time.monotonic() * 1000), time.time()
        if batch.sent is not None:
            lost = gateway.clock.lost
            gateway.clock.follow(batch.sent, arrived_ms=arrived_ms)
            self.totals.lost += gateway.clock.lost - lost
        for each in batch.heard:
            if each.rssi_dbm == NO_RSSI:
                continue
            age_ms = 0
            if each.clock_ms is not None:
                age_ms = gateway.clock.age_ms(each.clock_ms, arrived_ms=arrived_ms)
            nearby.hear(
                each.said, scanner=batch.gateway, rssi_dbm=each.rssi_dbm, at_s=arrived_s - age_ms / 1000
            )

    def _gateway(self, name: str) -> _Gateway:
        found = self._gateways.get(name)
        if found is None:
            if len(self._gateways) >= MOST_GATEWAYS:
                raise gateways.GatewayError("topic: more gateways than a shop can have")
            found = self._gateways[name] = _Gateway()
        return found

    def _is(self, name: str, gateway: _Gateway, *, online: bool, nearby: Nearby) -> None:
        if gateway.online != online:
            gateway.online = online
            self._changed[name] = online
            nearby.ring()

    def _lost(self) -> ReaderGone:
        return ReaderGone(
            f"{self.name}: the broker went away", code="unplugged", hint="it is connected to again by itself"
        )

    def _why_not(self, error: Exception) -> ReaderError:
        code = (
            error.rc.value if isinstance(error, MqttCodeError) and isinstance(error.rc, ReasonCode) else None
        )
        if isinstance(error, MqttCodeError) and isinstance(error.rc, int):
            code = error.rc
        if code in REFUSED:
            return ReaderRefused(
                f"{self.name}: the broker does not let this appliance in",
                code="no_permission",
                hint="check username and password, and the broker's password file",
            )
        return ReaderGone(
            f"{self.name}: the broker at {self._settings.device} does not answer",
            code="no_service",
            hint="start mosquitto, check device and the broker's listener; it is tried again",
        )
