"""Which kinds of reader there are; each module loads only when a reader of its kind is built."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from drivers.nearby import Resolve, nobody
from drivers.reader import Idle, Reader, ReaderRefused, Sighting
from drivers.settings import ReaderSettings

KINDS: Final[dict[str, str]] = {
    "serial": "drivers.serial:build",
    "hid": "drivers.hid:build",
    "nfc": "drivers.nfc:build",
    "pcsc": "drivers.pcsc:build",
    "ble": "drivers.ble:build",
    "mqtt": "drivers.mqtt:build",
    "pipe": "drivers.pipe:build",
    "replay": "drivers.replay:build",
    "sim": "drivers.sim:build",
}

# These hear everybody's devices, and have to be told whose an identifier is.
RADIO: Final = ("ble", "mqtt")


def build(settings: ReaderSettings, *, resolve: Resolve = nobody) -> Reader:
    """The reader these settings describe, not yet opened; an unknown kind raises ReaderRefused.

    `resolve` is asked by radio kinds alone; without one every device is a stranger's.
    """
    if settings.kind not in KINDS:
        raise ReaderRefused(
            f"{settings.name}: unknown reader kind {settings.kind!r}",
            code="unknown_kind",
            hint=f"choose one of {', '.join(KINDS)}",
        )
    module, _, function = KINDS[settings.kind].partition(":")
    try:
        made = cast("Callable[..., Reader]", getattr(import_module(module), function))
    except ImportError as error:
        return _Unavailable(settings.name, missing=error.name or module)
    return made(settings, resolve) if settings.kind in RADIO else made(settings)


@dataclass(frozen=True, slots=True)
class _Unavailable:
    """Stands in for a reader whose library is not installed, so that the other readers still run."""

    name: str
    missing: str

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        raise ReaderRefused(
            f"{self.name}: the library {self.missing!r} is not installed",
            code="no_library",
            hint="run make setup again, or remove this reader from the configuration",
        )
        yield Idle(self.name)  # makes this an asynchronous generator
