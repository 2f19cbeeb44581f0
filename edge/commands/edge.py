"""`welkom edge`: the appliance."""

import argparse
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import uvloop

from edge.app import open_edge
from edge.config import Config, load
from edge.kit.clock import SystemClock
from edge.kit.descriptors import room_for_connections
from edge.kit.dumps import no_core_dumps
from edge.kit.log import bridge_library_logs, json_log, say_at_terminal
from edge.kit.serve import listen
from edge.kit.told import until_told
from edge.tls import places


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="welkom.toml")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    no_core_dumps()
    room_for_connections()
    uvloop.run(until_told(_serve(config, file=words.config)))
    say_at_terminal("Stopped.")
    return 0


async def _serve(config: Config, *, file: Path) -> None:
    log = json_log(now_ms=SystemClock().wall_ms)
    bridge_library_logs(log)
    async with open_edge(config, log=log) as edge:
        with ExitStack() as stack:
            server = config.server
            at = partial(listen, server.host, host_at=f"host under [server] in {file}")
            sock = stack.enter_context(at(server.port, port_at=f"port under [server] in {file}"))
            enrol = None
            if server.tls == "own" and server.enrol_port:
                enrol_at = f"enrol_port under [server] in {file}"
                enrol = stack.enter_context(at(server.enrol_port, port_at=enrol_at))
            say_at_terminal(
                f"Open {places.base(config)} on a paired tablet; pair one: welkom tablet pair --config {file}"
            )
            await edge.run(sock, enrol=enrol)
