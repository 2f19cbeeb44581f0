"""A customer's device that says rotating identifiers: what is known of it, and the lines of a key list."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, overload

from drivers.codecs.radio.eid import CLOCK_BITS, KEY, MAX_EXPONENT
from edge.kit.errors import ConfigError

# What is enrolled here: faster costs this box more than it hides, slower makes a copied identifier last for hours.
EXPONENTS: Final = range(8, 13)
# What the scheme allows a clock to be wrong (google/eddystone, eid-computation.md): 150 ppm, 13 s a day.
DRIFT_S_A_DAY: Final = 13
MAX_REACH: Final = 16  # windows: a fob that nobody heard for over three years is enrolled anew
# Identifiers in one slice, however long many devices have not been heard: 80 MB.
MOST_WINDOWS: Final = 4_000_000
ID: Final = 16  # bytes of a device's own id
MAX_LINE: Final = 4096  # characters of a key list; a key needs 150


@dataclass(frozen=True, slots=True)
class Device:
    """`zero_s`: unix time at which the device's clock of 32 bits read nought; `reach`: windows it may be off."""

    name: str
    identity_key: bytes = field(repr=False)
    exponent: int
    zero_s: int
    reach: int = 1


def reach(unheard_days: int, *, exponent: int, devices: int) -> int:
    """Windows by which a clock can be off that was last compared so long ago, where there are so many devices."""
    drifted = 1 + max(unheard_days, 0) * DRIFT_S_A_DAY // (1 << exponent)
    affordable = (MOST_WINDOWS // max(devices, 1) + 1) // 2
    return max(1, min(drifted, MAX_REACH, affordable))


def read_keys(path: Path) -> list[Device]:
    """The devices of a key list, a line each: `{"device", "identity_key", "exponent", "epoch_s"}`.

    Raises ConfigError, which says where and never what.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: cannot be read ({why})", code="P01", hint="check the path") from None
    return parse_keys(lines, where=str(path))


def parse_keys(lines: Iterable[str], *, where: str) -> list[Device]:
    """The same of lines at hand. A name or a key that stands there twice is refused: nobody could be told by it."""
    found: list[Device] = []
    names: set[str] = set()
    keys: set[bytes] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            device = _device(line)
            if device.name in names or device.identity_key in keys:
                raise ValueError("a device or a key that stood there before")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            why = f"{error.args[0]} is missing" if isinstance(error, KeyError) else _without_content(error)
            raise ConfigError(
                f"{where}: line {number}: {why}",
                code="P01",
                hint='a line is {"device": "d1", "identity_key": 32 hex digits, "exponent": 10, "epoch_s": 0}',
            ) from None
        names.add(device.name)
        keys.add(device.identity_key)
        found.append(device)
    return found


def _device(line: str) -> Device:
    if len(line) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE} characters")
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("no JSON object")
    name, key, exponent = row["device"], row["identity_key"], row["exponent"]
    zero_s = row.get("epoch_s", 0)
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("device is no text")
    if not isinstance(key, str) or len(key) != 2 * KEY:
        raise ValueError("identity_key is not 32 hex digits")
    if type(exponent) is not int or not 0 <= exponent <= MAX_EXPONENT:
        raise ValueError(f"exponent is not from 0 to {MAX_EXPONENT}")
    if isinstance(zero_s, bool) or not isinstance(zero_s, int | float) or not abs(zero_s) < 1 << CLOCK_BITS:
        raise ValueError("epoch_s is no time in seconds")
    return Device(name, bytes.fromhex(key), exponent, int(zero_s))


def _without_content(error: Exception) -> str:
    """Messages of our own; of the parsers only that they failed, for theirs can quote the line, and so the key."""
    own = type(error) is ValueError and not str(error).startswith("non-hexadecimal")
    return str(error) if own else "not JSON of a device"


class Ids(Sequence[str]):
    """Devices' names that are ids of 16 bytes, in one block: a million of them are no million objects."""

    def __init__(self, held: memoryview) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held) // ID

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        return self._held[at * ID : at * ID + ID].hex()
