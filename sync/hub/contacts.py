"""Which boxes the hub hears from: kept in memory, because a restart hears from all of them again at once."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from litestar import Request

GRACE_MS: Final = 1000  # between two long polls there is a moment without one
# Long polls and streams of one box: it has two or three, and those of a line that was lost without a word.
MOST_OPEN: Final = 32


class Reached(NamedTuple):
    """Up to which row of a partition a box had come, and when that was."""

    row: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of a box since the start; `after`: by partition, where it was when it last asked."""

    connected: bool
    last_ms: int | None
    after: Mapping[str, Reached]


class Contacts:
    """Last request and open long polls by device; `on_change` is called when a box comes or may be gone."""

    def __init__(self, *, now_ms: Callable[[], int], on_change: Callable[[], None]) -> None:
        self._now_ms = now_ms
        self._on_change = on_change
        self._heard_ms: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._after: dict[str, dict[str, Reached]] = {}

    def heard(self, device_id: str) -> None:
        """A request of the device was proven to be its own."""
        was = self.connected(device_id)
        self._heard_ms[device_id] = self._now_ms()
        if not was:
            self._on_change()
            self._look_again()

    @contextmanager
    def held(self, device_id: str) -> Generator[None, None, None]:
        """While a long poll of the device is open."""
        self._open[device_id] = self._open.get(device_id, 0) + 1
        try:
            yield
        finally:
            self._open[device_id] -= 1
            if not self._open[device_id]:
                self._look_again()

    def is_full(self, device_id: str) -> bool:
        """Whether the device waits on as many lines as one may."""
        return self._open.get(device_id, 0) >= MOST_OPEN

    def asked(self, device_id: str, part: str, after: int) -> None:
        """The device asked for what follows `after`, so it has applied all before it."""
        self._after.setdefault(device_id, {})[part] = Reached(after, self._now_ms())

    def known(self) -> dict[str, Contact]:
        """The devices that were heard of since the start."""
        return {
            each: Contact(self.connected(each), heard_ms, dict(self._after.get(each, {})))
            for each, heard_ms in self._heard_ms.items()
        }

    def last_ms(self, device_id: str) -> int | None:
        return self._heard_ms.get(device_id)

    def connected(self, device_id: str) -> bool:
        """Whether the device is on the line now: a poll is open, or was until this very moment."""
        heard_ms = self._heard_ms.get(device_id)
        fresh = heard_ms is not None and 0 <= self._now_ms() - heard_ms < GRACE_MS
        return self._open.get(device_id, 0) > 0 or fresh

    def _look_again(self) -> None:
        asyncio.get_running_loop().call_later(GRACE_MS / 1000 + 0.05, self._on_change)


async def unless_gone(request: "Request[Any, Any, Any]", work: Coroutine[Any, Any, None]) -> None:
    """Do `work`, but no longer than whoever asked stays on the line."""
    working, going = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, going), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (working, going):
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
    if (task := asyncio.current_task()) and task.cancelling():
        raise asyncio.CancelledError  # stopped in the very moment in which the others ended


async def _gone(request: "Request[Any, Any, Any]") -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
