"""The whole appliance over HTTPS in a thread, with a clock that can be moved, and clients that trust it alone."""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from edge.app import Edge, open_edge
from edge.config import Config, Server, Shop, Store
from edge.keys import NAMES, Keys
from edge.kit.serve import listen
from edge.staff import acts
from edge.staff.pins import hash_pin
from edge.tls.own import Own
from tests.patience import PATIENT_S
from tests.staff_ui.house import PIN
from tests.staff_ui.opened import MovedClock
from tests.threads import beside

T = TypeVar("T")
HOST = "welkom-demo.local"


@dataclass(slots=True)
class Box:
    """An open appliance. `url` is how its tablets call it, `plain` its enrolment page."""

    edge: Edge
    clock: MovedClock
    loop: asyncio.AbstractEventLoop
    port: int
    enrol_port: int
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def own(self) -> Own:
        assert self.edge.house.own
        return self.edge.house.own

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{self.enrol_port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENT_S)

    def staff(self, name: str, role: Any = "staff", language: str = "nl") -> None:
        house = self.edge.house
        pin_hash = hash_pin(house.keys.pin_pepper, PIN)
        self.run(
            house.db.apply(
                acts.add_staff, name, staff_id=house.new_id(), role=role, language=language, pin_hash=pin_hash
            )
        )

    def pair_code(self, name: str = "balie") -> str:
        house = self.edge.house
        return self.run(house.db.apply(acts.pair_code, name, now_ms=house.time.now_ms()))


def trusting(authority: x509.Certificate) -> ssl.SSLContext:
    """A client that trusts one authority and nobody else."""
    pem = authority.public_bytes(serialization.Encoding.PEM).decode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return context


def connect(box: Box, host: str = HOST) -> ssl.SSLSocket:
    """A connection to the box as `host`, whatever a resolver would say."""
    plain = socket.create_connection(("127.0.0.1", box.port), timeout=PATIENT_S)
    return trusting(box.own.authority).wrap_socket(plain, server_hostname=host)


def ask(line: ssl.SSLSocket, path: str = "/healthz") -> str:
    """The answer to a GET on an open connection, which stays open."""
    line.sendall(f"GET {path} HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    (length,) = [
        int(each.split(b":")[1]) for each in head.split(b"\r\n") if each.startswith(b"content-length:")
    ]
    while len(body) < length:
        body += line.recv(65_536)
    return (head + b"\r\n\r\n" + body).decode()


@contextmanager
def open_box(state: Path, *, clock: MovedClock | None = None, server: Server | None = None) -> Iterator[Box]:
    """Open the appliance as production does, on ports of 127.0.0.1."""
    physics = clock or MovedClock()
    events: list[tuple[str, dict[str, Any]]] = []
    opened: list[Box] = []
    there = threading.Event()
    tasks: list[asyncio.Task[None]] = []

    def log(event: str, /, **fields: Any) -> None:
        events.append((event, fields))
        if event == "ready":
            there.set()

    async def main(sock: socket.socket, enrol: socket.socket) -> None:
        port, enrol_port = sock.getsockname()[1], enrol.getsockname()[1]
        asked = replace(server or Server(tls="own"), port=port, enrol_port=enrol_port)
        config = replace(Config(), shop=Shop(), server=asked, store=Store(state=state))
        keys = Keys(**{name: bytes([number]) * 32 for number, name in enumerate(NAMES, 1)})
        async with open_edge(
            config, clock=physics, keys=keys, readers=[], log=log, synchronous="OFF"
        ) as edge:
            opened.append(Box(edge, physics, asyncio.get_running_loop(), port, enrol_port, events))
            tasks.append(asyncio.create_task(edge.run(sock, enrol=enrol)))
            try:
                await tasks[0]
            except asyncio.CancelledError:
                return

    def work() -> None:
        before = os.umask(0o077)
        try:
            with ExitStack() as stack:
                socks = [stack.enter_context(listen("127.0.0.1", 0)) for _ in range(2)]
                asyncio.run(main(*socks))
        finally:
            os.umask(before)

    def end() -> None:
        opened[0].loop.call_soon_threadsafe(tasks[0].cancel)

    with beside(work, name="box", ready=there, stop=end):
        yield opened[0]
