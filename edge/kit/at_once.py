"""Answers that are known when the head of a request is: written in the same turn of the loop, with no task between.

An application that has such answers has a method `at_once(address, headers)`; all else it is asked as ASGI says.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Headers = Sequence[tuple[bytes, bytes]]
# What may stand in a head that is answered at once: no body follows, nothing is waited for, and HTTP/1.1 goes on.
_MORE: Final = frozenset((b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"))
_KEPT: Final = (b"connection", b"keep-alive")


class AtOnce(NamedTuple):
    """A whole answer. `head` begins with the status line and ends with an empty one."""

    head: bytes
    body: bytes
    then: Callable[[], Coroutine[Any, Any, None]] | None = None  # to be done once it was sent


class Prompt(Protocol):
    """An application with answers of that kind."""

    def at_once(self, address: bytes, headers: Headers) -> AtOnce | None:
        """The answer to a GET of `address`, as it was asked; None where it takes longer. Raises nothing."""


class AtOnceProtocol(HttpToolsProtocol):
    """Uvicorn's, for an application that may be `Prompt`: a request that stands alone may be answered at once."""

    _answer: AtOnce | None = None

    def on_headers_complete(self) -> None:
        ask = getattr(self.app, "at_once", None)
        if ask is not None and self._stands_alone():
            self._answer = ask(self.url, self.headers)
        if self._answer is None:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._answer is None:
            super().on_message_complete()
            return
        (head, body, then), self._answer = self._answer, None
        self.transport.write(head)
        self.transport.write(body)
        super().on_response_complete()
        if then is not None:
            task = self.loop.create_task(self._do(then))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)

    def _stands_alone(self) -> bool:
        """Whether it is a GET that can be answered now, with nothing to come before or behind it."""
        return (
            self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and all(each[0] not in _MORE or each == _KEPT for each in self.headers)
        )

    async def _do(self, then: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await then()
        except Exception as error:
            self.logger.error("Exception after an answer\n", exc_info=error)
            self.transport.close()
