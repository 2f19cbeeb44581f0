"""A whole shop in real processes, for stories: `welkom hub` and `welkom edge` on files in a temporary folder."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bench.prepare import signed_in
from edge.demo.people import Person, invent
from edge.files import prepare
from edge.keys import Keys, read_keys, write_keys
from edge.kit.clock import SystemClock
from edge.kit.ids import uuid7_source
from edge.kit.sqlite import open_writer
from edge.staff import acts
from edge.staff.pins import hash_pin
from sync.hub import config as hub_config
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables.devices import Device
from tests.patience import PATIENT_S
from tests.ports import free_ports

RECIPIENT = "van-dam"
PIN = "2468"


def until(check: Any, *, timeout_s: float, what: str) -> Any:
    """The first true value of `check()`; AssertionError with `what` when there is none in time."""
    end_s = time.monotonic() + timeout_s
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end_s, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


def quiet(*_: object, **__: object) -> None:
    """A log for parts that a story does not listen to."""


@dataclass
class Shop:
    """One appliance and its hub. `folder` holds all their files; processes are started and killed at will."""

    folder: Path
    count: int = 40
    readers: str = ""
    extra: Sequence[tuple[Person, Sequence[str]]] = ()
    under: Sequence[str] = ()  # what the appliance runs under, such as a tracer
    hub_under: Sequence[str] = ()
    people: list[Person] = field(default_factory=list)
    edge: "subprocess.Popen[bytes] | None" = None
    hub: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.edge_port, self.hub_port = free_ports(), free_ports()
        self.people = invent(self.count, seed=7, now_ms=SystemClock().wall_ms())
        credentials = self.folder / "credentials"
        write_keys(credentials)
        self.keys: Keys = read_keys(credentials)
        (credentials / "hub_kek").write_bytes(os.urandom(32).hex().encode())
        (credentials / "shop_key.story").write_text(self.keys.shop_key.hex())
        self.write_config()
        device_key = Ed25519PrivateKey.from_private_bytes(self.keys.device_key).public_key()
        self._public = device_key.public_bytes_raw()
        (self.folder / "hub.toml").write_text(
            f'[hub]\nport = {self.hub_port}\n[[shops]]\nid = "story"\ndevice = "story-1"\n'
            f'public_key = "{self._public.hex()}"\n'
        )
        # Playwright's own loop runs in the main thread of a browser story.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(self._move_in())).result()
        self._hire()

    def write_config(self) -> None:
        (self.folder / "welkom.toml").write_text(
            f'[shop]\nid = "story"\nrecipient = "{RECIPIENT}"\n'
            f"[server]\nport = {self.edge_port}\n"
            f'[hub]\nurl = "http://127.0.0.1:{self.hub_port}"\ndevice = "story-1"\n'
            f'[[readers]]\nname = "pipe"\nkind = "pipe"\ndevice = "{self.pipe}"\n{self.readers}'
        )

    @property
    def pipe(self) -> Path:
        return self.folder / "readers.sock"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.edge_port}"

    @property
    def journal(self) -> Path:
        return self.folder / "state" / "journal.db"

    async def _move_in(self) -> None:
        credentials = self.folder / "credentials"
        keys = hub_config.read_keys(
            {name: (credentials / name).read_bytes() for name in ("hub_kek", "chain_key")}
        )
        everyone = [(person, [person.barcode]) for person in self.people] + list(self.extra)
        async with open_hub(hub_config.Config(state=self.folder / "hub", keys=keys), log=quiet) as hub:
            device = Device("story-1", "story", 1, self._public)
            await hub.db.apply(devices.register, hub.keys, device=device, shop_key=self.keys.shop_key)
            await hub.add_customers(
                ["story"],
                [
                    NewCustomer(
                        person.customer_id,
                        traits=person.traits,
                        credentials=[("number", value) for value in values],
                        consents=[NewConsent(purpose, RECIPIENT) for purpose in person.purposes],
                    )
                    for person, values in everyone
                ],
            )

    def _hire(self) -> None:
        prepare(self.folder / "state", log=quiet)
        new_id = uuid7_source(SystemClock())
        now_ms = SystemClock().wall_ms()
        with closing(open_writer(self.journal)) as conn:
            staff_id = new_id()
            pin_hash = hash_pin(self.keys.pin_pepper, PIN)
            acts.add_staff(conn, "Anna", staff_id=staff_id, role="staff", language="nl", pin_hash=pin_hash)
            self.pair_code = acts.pair_code(conn, "balie", now_ms=now_ms, keep_ms=3_600_000)
            self.cookie = signed_in(conn, staff_id, now_ms)

    def start_hub(self, *words: str) -> None:
        self.hub = self._start("hub", "hub.toml", "hub.log", *words)
        self._answers(self.hub, self.hub_port)

    def start_edge(self) -> None:
        self.edge = self._start("edge", "welkom.toml", "edge.log")
        self._answers(self.edge, self.edge_port)

    def _start(self, command: str, config: str, log: str, *words: str) -> "subprocess.Popen[bytes]":
        with open(self.folder / log, "ab") as stream:
            return subprocess.Popen(
                [
                    *(self.under if command == "edge" else self.hub_under),
                    *(sys.executable, "-m", "edge.cli", command, "--config", str(self.folder / config)),
                    *words,
                ],
                stdout=stream,
                stderr=stream,
                cwd=self.folder,
            )

    def _answers(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        def answered() -> bool:
            assert process.poll() is None, (self.folder / "edge.log").read_text() + "\n(process ended)"
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
                return True
            return False

        until(answered, timeout_s=PATIENT_S, what=f"an answer on port {port}")

    def stop_hub(self, sign: signal.Signals = signal.SIGTERM) -> None:
        _end(self.hub, sign)
        self.hub = None

    def stop_edge(self, sign: signal.Signals = signal.SIGTERM) -> None:
        _end(self.edge, sign)
        self.edge = None

    def residents(self) -> int:
        """Customers that the appliance holds now."""
        return int(self.ask("replica.db", "SELECT count(*) FROM consent"))

    def ask(self, file: str, sql: str) -> Any:
        """The first value of a query on one of the appliance's files."""
        with closing(sqlite3.connect(self.folder / "state" / file, timeout=10)) as conn:
            return conn.execute(sql).fetchone()[0]

    def log_lines(self) -> list[dict[str, Any]]:
        lines = (self.folder / "edge.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def moved_in(self) -> None:
        """Wait until everybody at the hub is resident here."""
        total = sum(len(person.purposes) for person in self.people)
        total += sum(len(person.purposes) for person, _ in self.extra)

        def everybody() -> bool:
            for process in (self.hub, self.edge):
                assert process is None or process.poll() is None, self.folder.joinpath("edge.log").read_text()
            return self.residents() == total

        until(everybody, timeout_s=PATIENT_S, what=f"{total} consents from the hub")

    def close(self) -> None:
        for process in (self.edge, self.hub):
            _end(process, signal.SIGKILL)


def _end(process: "subprocess.Popen[bytes] | None", sign: signal.Signals) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(sign)
        process.wait(timeout=PATIENT_S)


@contextmanager
def open_shop(folder: Path, **settings: Any) -> Iterator[Shop]:
    shop = Shop(folder, **settings)
    try:
        yield shop
    finally:
        shop.close()
