"""One connection of whoever asks: what it may cost before it has asked anything, and how long it may take.

Uvicorn puts no end to a head: one line of it without end is copied anew with each piece that comes, and the loop does
nothing else meanwhile. Nor does it put an end to waiting: who sends half a head and then nothing keeps a connection
for good, and a few hundred of those are all that a process may have. So a head has a size and a time here, a body and
an answer have a time, and who is refused before their body was read does not go on sending it.
"""

import asyncio
import json
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MOST_HEAD: Final = 65_536  # bytes of a head, or around the pieces of a body; ours have some hundreds
HEAD_S: Final = 30.0
BODY_S: Final = 300.0  # a full upload on a line of 30 kbit/s
LEFT_S: Final = 10.0  # to take in an answer that came before the whole body was sent
NEVER: Final = float("inf")
_TOLD_S: Final = 3_600  # between two lines in the log about what was no request


class Connection(HttpToolsProtocol):
    """Uvicorn's, with an end to everything; it writes the head of an answer and its body at once."""

    _loose = 0  # bytes since the last that belonged to a head that was whole, or to a body
    _due_s = NEVER
    _sending = True  # of the request that is coming in something is still to come
    _refused = False
    _told_s = -NEVER  # of all connections together

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_OneWrite(transport, self.loop))  # type: ignore[arg-type]
        self._due_s = self.loop.time() + HEAD_S

    def end_if_late(self) -> None:
        """End the connection where it has been waited for in vain; asked every few seconds."""
        if self.loop.time() >= self._due_s:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        if not self._sending:
            self._sending, self._due_s = True, self.loop.time() + HEAD_S
        self._loose += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(400, "MALFORMED", "this is no request of HTTP/1.1")
        except httptools.HttpParserUpgrade:
            pass  # to nothing else: it is answered as what it is
        if self._loose > MOST_HEAD:
            self._refuse(431, "TOO_LARGE", f"a head has at most {MOST_HEAD} bytes")

    def on_headers_complete(self) -> None:
        self._loose = 0
        self._due_s = self.loop.time() + BODY_S
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._loose = 0
        self._sending, self._due_s = False, NEVER
        answered = self.cycle is not None and self.cycle.response_complete
        super().on_message_complete()
        if answered:
            self._rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._sending:
            self._due_s = self.loop.time() + LEFT_S

    def pause_writing(self) -> None:
        super().pause_writing()
        self._due_s = min(self._due_s, self.loop.time() + BODY_S)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._sending:
            self._due_s = NEVER

    def _rest(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _refuse(self, status: int, code: str, title: str) -> None:
        self._refused = True
        if (now_s := self.loop.time()) - Connection._told_s >= _TOLD_S:
            Connection._told_s = now_s
            words = f"Refused unread: {code}."  # the log takes no words apart
            self.logger.warning(words)
        body = json.dumps({"code": code, "title": title, "status": status}).encode()
        head = b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()


class _OneWrite:
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
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
