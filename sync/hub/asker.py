"""Who asks, and what the hub keeps of that: to the gate a request counts for its box, to the pages that box is there.

An upload may be let in by what was last known of its box (`sync.hub.known`). Then nothing of that is kept until it
is sure that the box has this key still: the transaction that takes the upload in compares, and for what is refused
before or by it one look at the box does.
"""

from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from litestar.datastructures import State

from edge.kit.errors import StoreError
from sync import signing
from sync.hub.tables.devices import Device

if TYPE_CHECKING:
    from sync.hub.app import Hub


class Asker:
    """The box that signed a request; as a context it answers BAD_SIGNATURE to whoever turns out not to be it.

    `state` is the request's. `is_sure`: the box was looked for, and has this key.
    """

    def __init__(self, hub: "Hub", state: State, device: Device, *, is_sure: bool) -> None:
        self.device = device
        self._hub = hub
        self._state = state
        self._is_open = self._is_let_in = not is_sure
        self._is_signed = False
        if is_sure:
            state.device = device.id

    def signed_all(self) -> None:
        """The body is the one that was signed."""
        self._is_signed = True
        if not self._is_open:
            self._hub.contacts.heard(self.device.id)

    @contextmanager
    def compared(self) -> Generator[None, None, None]:
        """While the transaction is asked: what it takes in is of the box; raises BadSignature of what is not."""
        try:
            yield
        except signing.BadSignature:
            self._is_open = False
            self._state.device = ""  # so it was not asked by it
            self._hub.known.forget(self.device)
            raise
        self._is_it()

    async def __aenter__(self) -> Self:
        if self._is_let_in:
            self._hub.known.let_in(self.device)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_let_in:
            self._hub.known.let_go(self.device)
        # A store that failed is not asked again at once: it is all that this request is told.
        if not self._is_open or not isinstance(error, Exception) or isinstance(error, StoreError):
            return
        found = await self._hub.known.device(self.device.id)
        if found is None or found.public_key != self.device.public_key:
            raise signing.other_key() from None
        self._is_it()

    def _is_it(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._state.device = self.device.id
        if self._is_signed:
            self._hub.contacts.heard(self.device.id)
