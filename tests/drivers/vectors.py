"""Published and self-made vectors of the NFC and BLE protocols, by group; `data/` holds the files as they came."""

import json
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parent / "data"
NFC: Final[tuple[dict[str, Any], ...]] = tuple(
    json.loads((DATA / "nfc_vectors.json").read_text(encoding="utf-8"))["vectors"]
)
BLE: Final[dict[str, Any]] = json.loads((DATA / "ble_vectors.json").read_text(encoding="utf-8"))


def nfc(*groups: str) -> list[dict[str, Any]]:
    """The vectors of these groups, in the order of the file."""
    return [each for each in NFC if each["group"] in groups]


def hexed(vector: dict[str, Any], name: str) -> bytes:
    """The bytes of one field."""
    return bytes.fromhex(vector[name])


def vectors(group: str, start: str = "") -> list[dict[str, Any]]:
    """Those of a group whose names begin so; at least one."""
    wanted = [each for each in nfc(group) if each["name"].startswith(start)]
    assert wanted, (group, start)
    return wanted


def one(group: str, start: str) -> dict[str, Any]:
    (found,) = vectors(group, start)
    return found
