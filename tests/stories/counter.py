"""A counter with real input: nfcpy's PN532 driver over the emulator, a scanner's line, a VTAP's line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.demo.line import SerialLine
from edge.demo.people import DAY_MS, Person
from edge.kit.clock import SystemClock
from tests.drivers.pn532.chip import Pn532
from tests.drivers.wallets import COLLECTOR, PASS_TYPE, SMARTTAP, VAS
from tests.stories.shop import Shop, open_shop


def person(number: int, call: str) -> Person:
    """Somebody who wants to be recognised, with a name of their own."""
    traits: dict[str, Any] = {
        "name": {"call": call, "short": call, "full": call, "initials": call[:2].upper()},
        "since": {"year": 2020},
        "points": {"balance": 400},
        "stamps": {"have": 7, "of": 8, "reward": "gratis impregneren"},
        "last": {"what": "de wandelschoenen", "at_ms": SystemClock().wall_ms() - 35 * DAY_MS},
    }
    return Person(bytes([number]) * 16, call, "", traits, ("saving", "recognition", "profiling"))


TYPE_2 = person(1, "mevrouw De Vries")
TYPE_4 = person(2, "Joost")
SCANNED = person(3, "meneer Aydın")
PASS = person(4, "Anouk")
APPLE = person(5, "Fatima")
GOOGLE = person(6, "Bram")
NUMBERS = {
    "type2": "LOYAL2002",
    "type4": "LOYAL4004",
    "scan": "2900000012345",
    "vtap": "LOYALTY-0001",
    "apple": "LOYALTY-0005",
    "google": "LOYALTY-0006",
}
WALLETS = f"""[[readers.vas]]
pass_type_id = "{PASS_TYPE}"
private_key = "{VAS["private_key"]}"
[[readers.smarttap]]
collector_id = {COLLECTOR}
key_version = 1
private_key = "{SMARTTAP["private_key"]}"
"""


@dataclass
class Counter:
    shop: Shop
    chip: Pn532
    scanner: SerialLine
    vtap: SerialLine


@contextmanager
def open_counter(folder: Path) -> Iterator[Counter]:
    """A shop whose appliance reads a PN532 and two serial lines, with its hub up to move in from."""
    folder.mkdir(parents=True, exist_ok=True)
    scanner, vtap = SerialLine(folder, "scanner"), SerialLine(folder, "vtap")
    with Pn532() as chip:
        readers = (
            f'[[readers]]\nname = "balie"\nkind = "nfc"\ndevice = "{chip.path}"\n'
            '[[readers.ndef]]\nrecord = "uri"\nmatch = "^https://shop\\\\.example/c/([0-9A-Z]+)$"\n'
            f"{WALLETS}"
            f'[[readers]]\nname = "kassa"\nkind = "serial"\ndevice = "{scanner.near}"\n'
            f'[[readers]]\nname = "pas"\nkind = "serial"\nformat = "vtap"\ndevice = "{vtap.near}"\n'
        )
        extra = [
            (TYPE_2, [NUMBERS["type2"]]),
            (TYPE_4, [NUMBERS["type4"]]),
            (SCANNED, [NUMBERS["scan"]]),
            (PASS, [NUMBERS["vtap"]]),
            (APPLE, [NUMBERS["apple"]]),
            (GOOGLE, [NUMBERS["google"]]),
        ]
        with open_shop(folder / "shop", readers=readers, extra=extra) as shop:
            yield Counter(shop, chip, scanner, vtap)
    scanner.close()
    vtap.close()
