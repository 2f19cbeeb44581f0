"""Which kinds of reader there are; each module loads only when a reader of its kind is built."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from drivers.reader import Idle, Reader, ReaderRefused, Sighting
from drivers.settings import ReaderSettings

KINDS: Final[dict[str, str]] = {
    "serial": "drivers.serial:build",
    "hid": "drivers.hid:build",
    "nfc": "drivers.nfc:build",
    "pcsc": "drivers.pcsc:build",
    "pipe": "drivers.pipe:build",
    "replay": "drivers.replay:build",
    "sim": "drivers.sim:build",
}


def build(settings: ReaderSettings) -> Reader:
    """The reader these settings describe, not yet opened; an unknown kind raises ReaderRefused."""
    if settings.kind not in KINDS:
        raise ReaderRefused(
            f"{settings.name}: unknown reader kind {settings.kind!r}",
            code="unknown_kind",
            hint=f"choose one of {', '.join(KINDS)}",
        )
    module, _, function = KINDS[settings.kind].partition(":")
    try:
        made = cast("Callable[[ReaderSettings], Reader]", getattr(import_module(module), function))
    except ImportError as error:
        return _Unavailable(settings.name, missing=error.name or module)
    return made(settings)


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
