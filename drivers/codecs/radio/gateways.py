"""What radio gateways publish over MQTT, into the identifiers in it; adverts of anything else are left behind here.

| gateway | topic | source |
| our own firmware | edge/<shop>/gw/<gw>/adv, …/status | drivers/README.md, "Gateways" |
| OpenMQTTGateway | home/<gw>/BTtoMQTT/<mac>, home/<gw>/LWT | docs.openmqttgateway.com, with pubadvdata |
| Theengs | home/TheengsGateway/BTtoMQTT/<mac>, …/LWT | theengs/gateway, publish_json |
| Ruuvi | ruuvi/<gw>/<mac>, ruuvi/<gw>/gw_status | docs.ruuvi.com, "Data formats: MQTT" |
| Minew | /gw/<mac>/status, JSON-LONG | the decoders of reelyactive/barnowl-minew |
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.codecs.radio.advert import MAX_ADVERT, find_eid, service_eid

TOPICS: Final = (
    "edge/+/gw/+/adv",
    "edge/+/gw/+/status",
    "home/+/BTtoMQTT/+",
    "home/+/LWT",
    "ruuvi/+/+",
    "/gw/+/status",
)
MAX_PAYLOAD: Final = 256 * 1024  # bytes; 100 ms of the fullest air are 20 KiB
MAX_NAME: Final = 64
OFFLINE: Final = ("offline", b"offline")


class GatewayError(ValueError):
    """No message of the format that its topic promises; the text names the field and never repeats a value."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One advert of something that may be a customer's; `clock_ms` is the gateway's own clock, where it says one."""

    said: bytes = field(repr=False)
    rssi_dbm: int
    clock_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A gateway's own count of what it sends: a gap is loss, another boot starts anew; `clock_ms` is its uptime."""

    boot: str
    seq: int
    clock_ms: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one gateway heard: `adverts` of everybody, of which those in `heard` are worth asking about."""

    gateway: str
    adverts: int
    heard: tuple[Heard, ...] = ()
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A gateway came or went."""

    gateway: str
    online: bool


def read(topic: str, payload: bytes) -> Batch | Status | None:
    """One message; None for a topic of nobody's. Raises GatewayError."""
    if len(payload) > MAX_PAYLOAD:
        raise GatewayError(f"payload: longer than {MAX_PAYLOAD} bytes")
    match topic.split("/"):
        case ["edge", _, "gw", gateway, "adv"]:
            return _own(_named(gateway), _json(payload))
        case (
            ["edge", _, "gw", gateway, "status"] | ["home", gateway, "LWT"] | ["ruuvi", gateway, "gw_status"]
        ):
            return Status(_named(gateway), _is_online(payload))
        case ["home", gateway, "BTtoMQTT", _]:
            return _per_service(_named(gateway), _json(payload))
        case ["ruuvi", gateway, _]:
            row = _object(_json(payload))
            return Batch(_named(gateway), 1, _raw(row.get("data"), row.get("rssi")))
        case ["", "gw", gateway, "status"]:
            return _minew(_named(gateway), _json(payload))
    return None


def _own(gateway: str, value: object) -> Batch:
    batch = _object(value)
    if batch.get("v") != 1:
        raise GatewayError("v: only version 1 is known; update the appliance or the gateway")
    boot, rows = batch.get("boot"), batch.get("a")
    if not isinstance(boot, str) or not isinstance(rows, list):
        raise GatewayError("boot or a: missing, or of another type")
    sent = Sent(boot, _count(batch.get("seq"), "seq"), _count(batch.get("t"), "t"))

    def advert(row: object) -> tuple[Heard, ...]:
        if not isinstance(row, list) or len(row) < 5:
            raise GatewayError("a: an advert is [address, type, rssi, channel, raw, dt_ms]")
        dt_ms = row[5] if len(row) > 5 and type(row[5]) is int else 0
        return _raw(row[4], row[2], clock_ms=sent.clock_ms + dt_ms)

    return Batch(gateway, len(rows), _good(rows, advert), sent)


def _per_service(gateway: str, value: object) -> Batch:
    """OpenMQTTGateway and Theengs take an advert apart: one service's data stands beside its UUID."""
    row = _object(value)
    service = row.get("servicedatauuid")
    if not isinstance(service, str) or service.lower().removeprefix("0x")[-4:] != "feaa":
        return Batch(gateway, 1)
    said = service_eid(_bytes(row.get("servicedata")))
    return Batch(gateway, 1, () if said is None else (Heard(said, _rssi(row.get("rssi"))),))


def _minew(gateway: str, value: object) -> Batch:
    if not isinstance(value, list):
        raise GatewayError("payload: JSON-LONG is an array; set the gateway to it")
    rows = [row for row in value if isinstance(row, dict) and "rawData" in row]
    return Batch(gateway, len(rows), _good(rows, lambda row: _raw(row["rawData"], row.get("rssi"))))


def _good(rows: Sequence[Any], read: Callable[[Any], tuple[Heard, ...]]) -> tuple[Heard, ...]:
    """What stands in the adverts of a batch: a damaged one takes no other with it; where all are, GatewayError."""
    heard: list[Heard] = []
    wrong: list[GatewayError] = []
    for row in rows:
        try:
            heard += read(row)
        except GatewayError as error:
            wrong.append(error)
    if wrong and len(wrong) == len(rows):
        raise wrong[0]
    return tuple(heard)


def _raw(raw: object, rssi: object, *, clock_ms: int | None = None) -> tuple[Heard, ...]:
    said = find_eid(_bytes(raw))
    return () if said is None else (Heard(said, _rssi(rssi), clock_ms),)


def _is_online(payload: bytes) -> bool:
    """Plain words, or an object with the word in `state` or `status`; any other was sent by the living."""
    if payload.strip().strip(b'"').lower() == b"offline":
        return False
    try:
        value = json.loads(payload)
    except ValueError:
        return True
    said = value.get("state", value.get("status")) if isinstance(value, dict) else None
    return said not in OFFLINE


def _json(payload: bytes) -> object:
    try:
        value: object = json.loads(payload)
    except (ValueError, RecursionError):
        raise GatewayError("payload: not JSON") from None
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GatewayError("payload: not an object")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > 2 * MAX_ADVERT:
        raise GatewayError("raw: no text in hex, or too long")
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise GatewayError("raw: no hex") from None


def _rssi(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -127 <= value <= 20:
        raise GatewayError("rssi: not from -127 to 20 dBm")
    return round(value)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise GatewayError(f"{where}: no whole number from nought")
    return value


def _named(gateway: str) -> str:
    if not gateway or len(gateway) > MAX_NAME or not gateway.isprintable():
        raise GatewayError("topic: no name of a gateway")
    return gateway
