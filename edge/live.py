"""Tells tablets that something changed, never what: they ask for it with a GET.

A message is the name of a topic and the outbox number up to which facts are committed. Bounded and lossy on
purpose: of several messages on one topic a slow tablet gets the last.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final

# Proxies and sleeping tablets drop silent connections after 30 s or more; SSE comments cost 8 bytes.
PING_S: Final = 15.0
_PING: Final = b": ping\n\n"


class Listener:
    """One open `/live` stream: the topics it has not yet been told of; of no other than `only` names, if it does."""

    __slots__ = ("closed", "only", "pending", "ping", "role", "wake")
    ping: asyncio.TimerHandle

    def __init__(self, role: str, only: str = "") -> None:
        self.role = role
        self.only = frozenset(only.split(",")) if only else frozenset()
        self.pending: dict[str, bytes] = {}
        self.wake = asyncio.Event()
        self.closed = False


class Live:
    """All open streams. `version` counts what was told, so that fragments can be rendered once each."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._seq = 0
        self.version = 0
        self.after_telling: Callable[[], None] | None = None  # what may be prepared while the pokes travel

    def tell(self, topic: str, seq: int = 0) -> None:
        """Poke every tablet about `topic`; `seq` is what a write returned, so say it only after COMMIT."""
        self.version += 1
        self._seq = max(self._seq, seq)
        message = b"event: %b\ndata: %d\n\n" % (topic.encode(), self._seq)
        for listener in self._listeners:
            if not listener.only or topic in listener.only:
                listener.pending[topic] = message
                listener.wake.set()
        if self.after_telling is not None and self._listeners:
            # In the turn in which the streams write, and behind them: what is written is sent at once.
            asyncio.get_running_loop().call_soon(self.after_telling)

    def roles(self) -> list[str]:
        """Roles that have a tablet open now on which a card would show."""
        return sorted({listener.role for listener in self._listeners if not listener.only})

    def count(self) -> int:
        return len(self._listeners)

    async def stream(self, role: str, *, only: str = "") -> AsyncGenerator[bytes, None]:
        """Server-sent events (HTML Living Standard 9.2) until the tablet or the house goes."""
        listener = Listener(role, only)
        # A tablet that was away missed what happened meanwhile: it asks again as soon as it is connected.
        topic = only.split(",")[0] or "visits"
        listener.pending[topic] = b"retry: 1000\nevent: %b\ndata: %d\n\n" % (topic.encode(), self._seq)
        listener.wake.set()
        self._listeners.add(listener)
        listener.ping = asyncio.get_running_loop().call_later(PING_S, self._ping, listener)
        try:
            while not listener.closed:
                await listener.wake.wait()
                listener.wake.clear()
                messages = b"".join(listener.pending.values())
                listener.pending.clear()
                if messages:
                    yield messages
        finally:
            listener.ping.cancel()
            self._listeners.discard(listener)

    def _ping(self, listener: Listener) -> None:
        """Say something that means nothing, and again later."""
        if not listener.pending:
            listener.pending[""] = _PING
            listener.wake.set()
        listener.ping = asyncio.get_running_loop().call_later(PING_S, self._ping, listener)

    def drop(self, role: str | None = None) -> None:
        """End streams (all, or those of one role); tablets connect again by themselves if they may."""
        for listener in self._listeners:
            if role is None or listener.role == role:
                listener.closed = True
                listener.wake.set()
