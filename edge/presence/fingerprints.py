"""The calibration: what scanners heard of a tag while somebody said where it was."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge.kit.errors import ConfigError
from edge.presence.floor import Floor, is_number

# What a radio can report; beyond it a number means "none" (BlueZ: -127) or is damage.
WEAKEST_DBM: Final = -126.0
STRONGEST_DBM: Final = 20.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One moment at a known place: `zone` None is outside the shop, `xy` in metres, `rssi_dbm` by scanner."""

    at_s: float
    zone: str | None
    rssi_dbm: Mapping[str, float]
    xy: tuple[float, float] | None = None


def read_fingerprints(lines: Iterable[str], floor: Floor, *, file: str) -> tuple[Fingerprint, ...]:
    """Every line's fingerprint, empty lines left out; raises ConfigError naming the line."""
    zones = {zone.id for zone in floor.zones}
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_fingerprint(json.loads(line), zones))
            except (ValueError, RecursionError) as error:
                why = str(error) if isinstance(error, _Wrong) else "is not JSON"
                raise ConfigError(
                    f"{file}: line {number} {why}", code="P12", hint="correct that line, or take it out"
                ) from None
    return tuple(found)


class _Wrong(ValueError):
    """What is wrong with a line, in words."""


def _fingerprint(line: Any, zones: set[str]) -> Fingerprint:
    if not isinstance(line, dict):
        raise _Wrong("is not an object")
    zone, rssi = line.get("zone"), line.get("rssi")
    if "zone" not in line or (zone is not None and zone not in zones):
        raise _Wrong("has no zone of this floor (null is outside)")
    if not isinstance(rssi, dict) or not all(is_dbm(value) for value in rssi.values()):
        raise _Wrong("has no rssi, an object with a number of dBm by scanner")
    if not is_number(line.get("at")):
        raise _Wrong("has no at, a number of seconds")
    place = (line.get("x"), line.get("y"))
    if place != (None, None) and not all(is_number(each) for each in place):
        raise _Wrong("has x and y in metres, or none of them")
    return Fingerprint(
        at_s=float(line["at"]),
        zone=zone,
        rssi_dbm={scanner: float(value) for scanner, value in rssi.items()},
        xy=None if place[0] is None or place[1] is None else (float(place[0]), float(place[1])),
    )


def is_dbm(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and WEAKEST_DBM <= value <= STRONGEST_DBM
    )
