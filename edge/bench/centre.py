"""A central wallet of any size for the benches: invented customers, put in as an import would."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bench.shop import barcode
from edge.config import toml
from edge.keys import Keys, read_keys, write_keys
from sync.hub import config as hub_config
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer, add_customers
from sync.hub.tables.devices import Device

SHOP: Final = "bench"
DEVICE: Final = "bench-1"
_SLICE: Final = 500
_CACHE_KIB: Final = 262_144


@dataclass(frozen=True, slots=True)
class Centre:
    """The hub's file and settings, and the secrets of the shop."""

    config: Path  # hub.toml
    file: Path
    keys: Keys


async def fill(
    state: Path, customers: int, *, recipient: str, port: int, progress: Callable[[int], None]
) -> Centre:
    """A hub with that many customers, all resident in one shop; what an earlier run put in stays."""
    credentials = state / "credentials"
    write_keys(credentials)
    keys = read_keys(credentials)
    for name, value in (("hub_kek", os.urandom(32)), (f"shop_key.{SHOP}", keys.shop_key)):
        if not (credentials / name).exists():
            (credentials / name).write_text(value.hex())
    public = Ed25519PrivateKey.from_private_bytes(keys.device_key).public_key().public_bytes_raw()
    config = state / "hub.toml"
    config.write_text(
        f"[hub]\nport = {port}\n[[shops]]\nid = {toml(SHOP)}\ndevice = {toml(DEVICE)}\n"
        f"public_key = {toml(public.hex())}\n",
        encoding="utf-8",
    )
    hub_keys = hub_config.read_keys({name: (credentials / name).read_bytes() for name in hub_config.NAMES})
    async with open_hub(hub_config.Config(state / "hub", hub_keys), log=lambda *_, **__: None) as hub:
        device = Device(DEVICE, SHOP, 1, public)
        await hub.db.apply(devices.register, hub.keys, device=device, shop_key=keys.shop_key)
        (held,) = hub.db.reader.execute("SELECT count(*) FROM customer").fetchone()
    file = state / "hub" / "hub.db"
    if held < customers:
        _pour(file, hub_keys, _people(iter(range(held, customers)), recipient), held=held, progress=progress)
    return Centre(config, file, keys)


def _pour(
    file: Path,
    keys: hub_config.Keys,
    people: Iterator[NewCustomer],
    *,
    held: int,
    progress: Callable[[int], None],
) -> None:
    """The same rows by the hub's own act, into a file that nobody serves: lasting at the end, indexed at the end.

    Cut half-way, the file has no indexes: it goes by another name until it is whole, so that nobody measures with it.
    """
    making = file.with_suffix(".making")
    file.replace(making)
    with closing(sqlite3.connect(making, isolation_level=None)) as conn:
        for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
            conn.execute(f"PRAGMA {setting}")
        indexes = conn.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type='index' AND sql LIKE 'CREATE INDEX%'"
        ).fetchall()
        conn.execute("BEGIN")
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
        while some := list(islice(people, _SLICE)):
            add_customers(conn, keys, shop_ids=[SHOP], customers=some, now_ms=time.time_ns() // 1_000_000)
            held += len(some)
            progress(held)
        for _, sql in indexes:
            conn.execute(sql)
        conn.execute("COMMIT")
        conn.execute("PRAGMA journal_mode=WAL")
    making.replace(file)


def _people(numbers: Iterator[int], recipient: str) -> Iterator[NewCustomer]:
    for number in numbers:
        yield NewCustomer(
            # Ascending ids, as UUIDv7 are.
            number.to_bytes(8) + os.urandom(8),
            traits={
                "name": {"call": f"mevrouw {number}", "short": "Mevrouw", "initials": "MV"},
                "points": {"balance": number % 1000},
                "stamps": {"have": number % 8, "of": 8, "reward": "gratis impregneren"},
            },
            credentials=[("number", barcode(number))],
            consents=[NewConsent("recognition", recipient), NewConsent("saving", recipient)],
        )
