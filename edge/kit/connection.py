"""One connection of whoever asks: what it may cost before it has asked anything, and how long it may take.

Uvicorn puts no end to a head: one line of it without end is copied anew with each piece that comes, and the loop does
nothing else meanwhile. Nor does it put an end to waiting: who sends half a head and then nothing keeps a connection
for good, and a few hundred of those are all that a process may have. So a head has a size and a time here, a body and
an answer have a time, and who is refused before their body was read does not go on sending it. A head that comes
whole in one read is taken as it is: that is 256 KiB at most, and copied once.
"""

import asyncio
import json
from typing import Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from edge.kit.at_once import AtOnceProtocol
from edge.kit.one_write import OneWrite

MOST_HEAD: Final = 65_536  # bytes of a head, or around the pieces of a body; ours have some hundreds
HEAD_S: Final = 30.0
# A full upload on a line of 30 kbit/s; of an answer, the time in which nothing of it goes.
BODY_S: Final = 300.0
LEFT_S: Final = 10.0  # to take in an answer that came before the whole body was sent
NEVER: Final = float("inf")
_TOLD_S: Final = 3_600  # between two lines in the log about what was no request


class Connection(AtOnceProtocol):
    """Uvicorn's, with an end to everything; it writes the head of an answer and its body at once."""

    _loose = 0  # bytes since the last that belonged to a head that was whole, or to a body
    _due_s = NEVER  # of what is coming in
    _unread = 0  # bytes of answers that wait for whoever asked, at the last look
    _taken_s = NEVER  # when some of them were last seen to have gone, or none to wait
    _refused = False
    _told_s = -NEVER  # of all connections together

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(OneWrite(transport, self.loop))  # type: ignore[arg-type]
        self._taken_s = self.loop.time()
        self._due_s = self._taken_s + HEAD_S

    def end_if_late(self) -> None:
        """End the connection where it has been waited for in vain; asked every few seconds.

        Who takes an answer in slowly is waited for as long as some of it goes, also once the connection is closing.
        """
        now_s = self.loop.time()
        unread = self.transport.get_write_buffer_size()
        if not unread or unread < self._unread:
            self._taken_s = now_s
        self._unread = unread
        if now_s >= min(self._due_s, self._taken_s + BODY_S):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._loose += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(400, "MALFORMED", "this is no request of HTTP/1.1")
            return
        except httptools.HttpParserUpgrade:
            pass  # to nothing else: it is answered as what it is
        if self._loose > MOST_HEAD:
            self._refuse(431, "TOO_LARGE", f"a head has at most {MOST_HEAD} bytes")

    def on_message_begin(self) -> None:
        # Not at any byte: an empty line between two begins nothing, and a quiet connection ends all the same.
        self._unset_keepalive_if_required()
        self._due_s = self.loop.time() + HEAD_S
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._loose = 0
        self._unset_keepalive_if_required()  # set anew when the one before was answered in the middle of this head
        self._due_s = self.loop.time() + BODY_S
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._loose = 0
        self._due_s = NEVER
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # The last that came in, not one before it; and not if what is coming in is already the next.
        if self.cycle.response_complete and self.cycle.more_body:
            self._due_s = self.loop.time() + LEFT_S

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
        self._due_s = self.loop.time() + LEFT_S
