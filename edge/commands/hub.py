"""`welkom hub`: the central wallet."""

import argparse
import asyncio
import os
from pathlib import Path

import uvloop

from edge.hub_file import HubFile, introduced, load_hub
from edge.kit.clock import SystemClock
from edge.kit.descriptors import room_for_connections
from edge.kit.dumps import no_core_dumps
from edge.kit.log import bridge_library_logs, json_log, say_at_terminal
from edge.kit.notify import notify, watchdog
from edge.kit.serve import listen, serve
from edge.kit.told import until_told
from sync.hub.app import open_hub
from sync.hub.hq import webhooks
from sync.hub.portal import digest


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument(
        "--restored",
        action="store_true",
        help="its database was put back from a backup: the shops send again what that lacks",
    )


def run(words: argparse.Namespace) -> int:
    settings = load_hub(words.config, environment=os.environ)
    no_core_dumps()
    room_for_connections()
    uvloop.run(until_told(_serve(settings, file=words.config, put_back=words.restored)))
    say_at_terminal("Stopped.")
    return 0


async def _serve(settings: HubFile, *, file: Path, put_back: bool) -> None:
    log = json_log(now_ms=SystemClock().wall_ms)
    bridge_library_logs(log)
    async with open_hub(settings.hub, log=log, put_back=put_back, look=True) as hub:
        await introduced(hub, settings)

        here = {"port_at": f"port under [hub] in {file}", "host_at": f"host under [hub] in {file}"}
        with listen(settings.hub.host, settings.hub.port, **here) as sock:

            def ready() -> None:
                port = sock.getsockname()[1]
                log("ready", port=port)
                say_at_terminal(f"Open http://127.0.0.1:{port}/hq; fleet: http://127.0.0.1:{port}/hq/fleet")
                notify("READY=1")

            async with asyncio.TaskGroup() as group:
                beating = group.create_task(watchdog())
                telling = group.create_task(webhooks.run(hub))
                writing = group.create_task(digest.keep_sending(hub.pages))
                try:
                    await serve(hub.app, sock, goodbye=hub.bell.close, ready=ready)
                finally:
                    beating.cancel()
                    telling.cancel()
                    writing.cancel()
                    notify("STOPPING=1")
