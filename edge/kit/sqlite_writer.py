"""Who writes: one read-write connection on a thread of its own, which is handed whole functions."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import aiosqlite

from edge.kit.sqlite_open import BUSY_MS

T = TypeVar("T")


@contextmanager
def patient(conn: sqlite3.Connection, most_ms: int = BUSY_MS) -> Iterator[None]:
    """Inside, wait for another process that writes: the writer's thread has the time, the loop has not."""
    conn.execute(f"PRAGMA busy_timeout={most_ms}")
    try:
        yield
    finally:
        conn.execute("PRAGMA busy_timeout=0")


class Writer(Protocol):
    """Who runs functions on the one read-write connection, each whole and in the order in which they were asked."""

    asked: int  # functions handed over
    ended: int  # functions it is through with

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection; for the loop only while the writer is `idle`."""

    @property
    def idle(self) -> bool: ...
    def start(self, function: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]": ...
    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T: ...
    async def close(self) -> None: ...


class ThreadWriter(aiosqlite.Connection):
    """aiosqlite's thread, used for whole functions instead of single statements: one hop a transaction."""

    asked = 0  # functions handed to the thread, counted by the loop
    ended = 0  # functions it is through with, counted by the thread

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection that the thread works on; for the loop only while the thread is `idle`."""
        if not self._running or self._connection is None:
            raise ValueError("the store is closed")
        return self._connection

    @property
    def idle(self) -> bool:
        return self.ended == self.asked

    def start(self, function: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Hand `function` to the thread; it is on its way when this returns."""
        conn = self.conn

        def run() -> T:
            try:
                return function(conn)
            finally:
                self.ended += 1

        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.asked += 1
        self._tx.put_nowait((future, run))
        return future

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        return await self.start(function)
