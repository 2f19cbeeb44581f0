"""Which store the hubs of a test open: a file, or a database of its own in a PostgreSQL that really runs."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import pytest

from edge.bench.cluster import binaries, make_database
from edge.kit.migrate import load
from edge.kit.postgres import Postgres
from sync.hub.store import MIGRATIONS

TEMPLATE: Final = "hub_template"
_numbers: Final = itertools.count(1)
_open = [""]  # a URL; empty: hub.db


def needs_postgresql() -> None:
    """Leave a test out where PostgreSQL is not installed, unless nothing may be left out."""
    if binaries() is None and os.environ.get("STRICT") != "1":
        pytest.skip("Debian's postgresql is not installed")


def make_template(server: str) -> None:
    """A database with the hub's tables, of which each test's is a copy."""

    async def migrate() -> None:
        store, _ = await Postgres.open(make_database(server, TEMPLATE), load(MIGRATIONS))
        await store.close()

    asyncio.run(migrate())


@contextmanager
def on(server: str) -> Iterator[str]:
    """The URL of a new database, which hubs of this test open unless they are told otherwise."""
    name = f"hub_{next(_numbers)}"
    made = make_database(server, name, template=TEMPLATE)
    _open.append(made)
    try:
        yield made
    finally:
        _open.remove(made)
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def database() -> str:
    """What a hub of this test keeps everything in."""
    return _open[-1]
