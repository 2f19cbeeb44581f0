"""A web server that stops when it is told: uvicorn, saying goodbye to open streams before it waits for them."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final

import uvicorn

from edge.kit.connection import Connection
from edge.kit.errors import WelkomError

# Tablets that were asleep come back together after an outage; 50 connect at once with room to spare.
BACKLOG: Final = 256
GRACE_S: Final = 2
_LOOK_S: Final = 0.005  # between two looks at whether all has been answered, once we stop
_DEAD_MS: Final = 60_000  # no sign from the other side that it takes what is sent
_SWEEP_S: Final = 5  # between two looks at who takes too long


class _Server(uvicorn.Server):
    """Waits to be told and stops at once. Uvicorn looks ten times a second whether it was told, rests a tenth more,
    and waits for open streams; a tablet's stream never ends by itself.
    """

    def __init__(
        self, config: uvicorn.Config, *, goodbye: Callable[[], None], ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._goodbye = goodbye
        self._ready = ready
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Take no more; `serve` returns when what was asked is answered."""
        self.should_exit = True
        self._told.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # whoever runs the loop owns the signals: the demo runs two servers in it

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def main_loop(self) -> None:
        await self.on_tick(0)  # the headers of every answer; they change only where answers carry a date
        while not self._told.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_SWEEP_S):
                    await self._told.wait()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.end_if_late()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._goodbye()
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(GRACE_S):
                while state.connections or state.tasks:  # noqa: ASYNC110  (uvicorn tells nobody)
                    await asyncio.sleep(_LOOK_S)
                for server in self.servers:
                    await server.wait_closed()
        except TimeoutError:
            for task in state.tasks:
                task.cancel()


def listen(
    host: str, port: int, *, port_at: str = "the port in the settings", host_at: str = "the host there"
) -> socket.socket:
    """A listening socket on `host` and `port` (0: any free one); raises WelkomError when it cannot be had (now).

    `port_at` and `host_at` say where a person finds these two settings.
    A connection that it accepts ends (Linux) when the other side has acknowledged or taken nothing of what waits
    for it for a minute: a stream to a line that is dead, which would hold on for 15 minutes.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # Each connection inherits it (Linux). asyncio sets it only on sockets that name their protocol, which these
        # do not, and an answer in two parts then waits 40 ms for the other side's delayed acknowledgement.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # for one on which nothing is said either
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_MS)
        return sock
    except OSError as error:
        why = str(error.strerror).partition(" (while ")[0]  # `create_server` says the address once more
        # Not a ConfigError: an address that is late, or a port not yet free, is there at the next try.
        raise WelkomError(
            f"cannot listen on {host} port {port} ({why})",
            code="C04",
            hint=_instead(error, port_at, host_at),
        ) from None


def _instead(error: OSError, port_at: str, host_at: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"stop the program that uses it, or choose another port: {port_at}"
        case errno.EACCES:
            return f"choose a port from 1024 on, for others take more rights: {port_at}"
        case _:
            return f"choose an address that this machine has, or 0.0.0.0 for all of them: {host_at}"


async def serve(
    app: Any,
    sock: socket.socket,
    *,
    goodbye: Callable[[], None],
    ready: Callable[[], None] = lambda: None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve `app` on `sock` until cancelled; stops within 2 s. `goodbye` has to end the open streams.

    A certificate that is loaded into `tls` meanwhile is what the next connection meets.
    """
    config = uvicorn.Config(
        app,
        http=Connection,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        backlog=BACKLOG,
        ssl_context_factory=(lambda *_: tls) if tls is not None else None,
    )
    server = _Server(config, goodbye=goodbye, ready=ready)
    running = asyncio.ensure_future(server.serve([sock]))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.stop()
        await running
        raise
