"""The head of an answer and its body, written at once."""

import asyncio
from typing import Any


class OneWrite:
    """A transport that holds a head until its body is written, or the turn of the loop is over.

    So whoever asked wakes up once, as a fifth of a tap's answer is waking them.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, part: bytes) -> None:
        if self._held:
            part, self._held = self._held + part, b""
        elif part.startswith(b"HTTP/"):
            self._held = part
            self._loop.call_soon(self._flush)
            return
        self._transport.write(part)

    def _flush(self) -> None:
        if self._held:
            self.write(b"")

    def close(self) -> None:
        self._flush()
        if not self._transport.is_closing():  # closed twice, one of TLS can no longer be aborted
            self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
