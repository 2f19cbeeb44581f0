"""The web server of the house: uvicorn that says goodbye to open streams before it waits for them."""

import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import uvicorn

from edge.kit.errors import ConfigError

# Tablets that were asleep come back together after an outage; 50 connect at once with room to spare.
BACKLOG: Final = 256


class _Server(uvicorn.Server):
    """Uvicorn waits for open streams on shutdown, and a tablet's stream never ends by itself."""

    def __init__(
        self, config: uvicorn.Config, *, goodbye: Callable[[], None], ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._goodbye = goodbye
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._goodbye()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Uvicorn would raise the signal again after serving, and kill the closing of the databases.
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on `host` and `port` (0: any free one); raises ConfigError when that is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {host} port {port} ({error.strerror})",
            code="C04",
            hint="stop the program that uses it, or choose another server.port",
        ) from None
    return sock


async def serve(
    app: Any, sock: socket.socket, *, goodbye: Callable[[], None], ready: Callable[[], None]
) -> None:
    """Serve `app` on `sock` until SIGINT, SIGTERM or cancellation; stops within 2 s of being told."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
        backlog=BACKLOG,
        ws="none",
        lifespan="off",
    )
    await _Server(config, goodbye=goodbye, ready=ready).serve([sock])
