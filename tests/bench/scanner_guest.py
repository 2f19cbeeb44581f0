"""What runs inside the virtual machine of tests/bench/scanner.py, as its first and only process: the real hid reader.

Says on standard output, one line each: what it saw, how a reader ended, and what another listener could hear.
"""

import asyncio
import ctypes
import json
import os
import sys
import time
from contextlib import aclosing
from pathlib import Path
from typing import Final

from drivers import evdev
from drivers.codecs.sightings import to_line
from drivers.hid import HidReader
from drivers.reader import Idle, ReaderError
from drivers.settings import ReaderSettings

MODULES: Final = (
    "virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_input",
    "evdev",
)  # fmt: skip
FINIT_MODULE: Final = 313  # the system call's number on x86-64
BY_ID: Final = Path("/dev/input/by-id/usb-Maker_Scanner-event-kbd")
LOOK_S: Final = 0.05


def prepare() -> None:
    """What an init does: device nodes, and the drivers of the virtual keyboard."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, place in ((b"devtmpfs", b"/dev"), (b"proc", b"/proc"), (b"sysfs", b"/sys")):
        os.makedirs(place, exist_ok=True)
        libc.mount(kind, place, kind, 0, None)
    for name in MODULES:
        with open(f"/modules/{name}.ko", "rb") as file:
            libc.syscall(FINIT_MODULE, file.fileno(), b"", 0)


def say(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def plugged() -> Path:
    """The keyboard's node, with the name that udev would give it."""
    while not (found := sorted(Path("/dev/input").glob("event*"))):
        time.sleep(LOOK_S)
    BY_ID.parent.mkdir(exist_ok=True)
    BY_ID.unlink(missing_ok=True)
    BY_ID.symlink_to(found[-1])
    return found[-1]


def pulled(node: Path) -> None:
    while node.exists():
        time.sleep(LOOK_S)


async def listen(node: Path) -> None:
    """Say what the reader says, until it ends."""
    reader = HidReader(ReaderSettings("till-1", "hid", device=str(BY_ID)))
    other = os.open(node, os.O_RDONLY | os.O_NONBLOCK)  # as a login prompt would listen
    try:
        async with aclosing(reader.events()) as events:
            async for event in events:
                if isinstance(event, Idle):
                    await second(node)
                    say(up=node.name)
                else:
                    say(saw=json.loads(to_line(event)), overheard=heard(other))
    except ReaderError as error:
        say(ended=error.code)
    os.close(other)


async def second(node: Path) -> None:
    """Another reader of the same device is refused as long as ours has it."""
    try:
        async with aclosing(HidReader(ReaderSettings("till-2", "hid", device=str(node))).events()) as events:
            await anext(events)
            say(second="open")
    except ReaderError as error:
        say(second=error.code)


def heard(other: int) -> int:
    """How many keys somebody else heard."""
    try:
        events, _ = evdev.parse(os.read(other, 64 * evdev.EVENT.size))
    except BlockingIOError:
        return 0
    return sum(event.type == evdev.EV_KEY for event in events)


if __name__ == "__main__":
    prepare()
    for _ in range(2):
        found = plugged()
        asyncio.run(listen(found))
        pulled(found)
