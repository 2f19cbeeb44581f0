"""The hub on a port, until it is told to stop; open long polls never hold it up."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import uvicorn

from edge.kit.errors import ConfigError
from edge.kit.log import Log
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config

_GRACE_S: Final = 2


async def serve(
    config: Config,
    log: Log,
    *,
    on_ready: Callable[[str, Hub], None] = lambda address, hub: None,
    signals: bool = True,
) -> None:
    """Serve until SIGINT, SIGTERM (with `signals`) or cancellation; ConfigError when the port is taken.

    `on_ready` gets the base address, with the port that was really taken, and the open hub.
    """
    with _listen(config) as sock:
        address = f"http://{config.host}:{sock.getsockname()[1]}"
        async with open_hub(config, log=log) as hub:
            server = _Server(hub)
            on_ready(address, hub)
            log("hub_ready", address=address)
            with _stopping(server, signals=signals):
                await _until_stopped(server, sock)
            log("hub_stopped")


async def _until_stopped(server: "_Server", sock: socket.socket) -> None:
    running = asyncio.ensure_future(server.serve(sockets=[sock]))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.should_exit = True
        await running
        raise


class _Server(uvicorn.Server):
    """uvicorn that says goodbye to the long polls before it waits for them."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(
            uvicorn.Config(
                hub.app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._bell = hub.bell

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # whoever runs the loop owns the signals: the demo runs two servers in it

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._bell.close()
        await super().shutdown(sockets)


@contextmanager
def _stopping(server: _Server, *, signals: bool) -> Generator[None, None, None]:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    its = (signal.SIGINT, signal.SIGTERM) if signals else ()
    for each in its:
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        for each in its:
            loop.remove_signal_handler(each)


def _listen(config: Config) -> socket.socket:
    try:
        return socket.create_server((config.host, config.port), backlog=256)
    except OSError as error:
        raise ConfigError(
            f"the hub cannot listen on {config.host}:{config.port} ({error.strerror})",
            code="HUB_PORT",
            hint="choose another host or port, or stop what listens there",
        ) from None
