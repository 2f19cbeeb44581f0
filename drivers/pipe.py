"""Sightings of other processes: JSON lines over a Unix socket, so that a reader can run as its own unit."""

import asyncio
import contextlib
import errno
import os
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterable
from pathlib import Path
from typing import Final

from drivers.codecs.sightings import MAX_LINE, LineError, from_line, to_line
from drivers.reader import IDLE_EVERY_S, Idle, Reader, ReaderError, ReaderGone, ReaderRefused, Sighting
from drivers.settings import ReaderSettings

MODE: Final = 0o660  # the owner's group may write: the reader's unit has its own user
WAITING: Final = 64  # sightings in flight; then writers wait, the kernel's buffer fills, and `watch` blocks
PROBE_S: Final = 0.2  # a living listener answers at once
STOP_S: Final = 1.0  # for the connections to end, inside the 2 s of the seam


def build(settings: ReaderSettings) -> Reader:
    """A reader that listens on the socket `device`."""
    return PipeReader(settings.name, Path(settings.device))


async def send(path: Path, sightings: AsyncIterable[Sighting]) -> None:
    """Write each sighting to a `pipe` reader's socket until they end; ReaderGone when it is not there."""
    try:
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            async for sighting in sightings:
                # The other side never speaks: an end of its stream is how its going shows before a write is lost.
                if reader.at_eof():
                    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
                writer.write(to_line(sighting).encode() + b"\n")
                await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    except OSError as error:
        raise ReaderGone(
            f"cannot write to {path}: {os.strerror(error.errno or errno.EPIPE)}",
            code="no_device",
            hint="start the appliance that listens there; check the path and the group of the socket",
        ) from None


class PipeReader:
    """A socket for any number of writers; each line keeps the reader name it came with.

    A bad line is dropped and counted in `dropped`; it never ends the reader or its connection.
    """

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path
        self.dropped = 0

    @property
    def name(self) -> str:
        return self._name

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        waiting: asyncio.Queue[Sighting] = asyncio.Queue(WAITING)
        readers: set[asyncio.Task[None]] = set()

        async def on_connection(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            readers.add(task)
            try:
                await self._receive(stream, waiting)
            except (asyncio.CancelledError, OSError):
                pass  # left, or the writer went away: both end this connection and nothing else
            finally:
                writer.close()
                readers.discard(task)

        listener = _listen(self._name, self._path)
        inode = _inode(self._path)
        server = await asyncio.start_unix_server(on_connection, sock=listener, limit=MAX_LINE + 1)
        try:
            yield Idle(self._name)
            while True:
                try:
                    async with asyncio.timeout(IDLE_EVERY_S):
                        sighting = await waiting.get()
                except TimeoutError:
                    if _inode(self._path) != inode:
                        raise ReaderGone(
                            f"{self._name}: the socket {self._path} was removed",
                            code="unplugged",
                            hint="it is made again by itself; find out what cleans that directory",
                        ) from None
                    yield Idle(self._name)
                else:
                    yield sighting
        finally:
            server.close()
            for task in readers:
                task.cancel()
            if readers:
                await asyncio.wait(set(readers), timeout=STOP_S)
            await asyncio.sleep(0)  # transports close their sockets one round later
            if inode is not None and _inode(self._path) == inode:
                self._path.unlink(missing_ok=True)

    async def _receive(self, stream: asyncio.StreamReader, waiting: asyncio.Queue[Sighting]) -> None:
        while True:
            try:
                line = await stream.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                self.dropped += bool(error.partial)
                return
            except asyncio.LimitOverrunError:
                await _skip_line(stream)
                self.dropped += 1
                continue
            try:
                sighting = from_line(line.decode())
            except (LineError, UnicodeDecodeError):
                self.dropped += 1
                continue
            await waiting.put(sighting)


async def _skip_line(stream: asyncio.StreamReader) -> None:
    while True:
        try:
            await stream.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await stream.readexactly(max(error.consumed, 1))
        except asyncio.IncompleteReadError:
            return
        else:
            return


def _listen(name: str, path: Path) -> socket.socket:
    """A bound socket; a stale file of a process that ended is replaced, a living one is left alone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(name, path)
        listener.bind(str(path))
        path.chmod(MODE)
        listener.listen()
    except OSError as error:
        listener.close()
        raise _why_not(name, path, error) from None
    except ReaderError:
        listener.close()
        raise
    return listener


def _remove_stale(name: str, path: Path) -> None:
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return  # what is no socket makes bind fail
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(PROBE_S)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise ReaderGone(
        f"{name}: another process listens on {path}",
        code="busy",
        hint="stop the other appliance, or give this reader its own path",
    )


def _why_not(name: str, path: Path, error: OSError) -> ReaderError:
    what = f"{name}: cannot listen on {path}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ReaderRefused(
            f"{what}: permission denied",
            code="no_permission",
            hint="use a path in the service's own runtime directory",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ReaderGone(
            f"{what}: there is no such directory",
            code="no_device",
            hint="create the directory; it is tried again",
        )
    return ReaderRefused(
        f"{what}: {os.strerror(error.errno) if error.errno else 'the path is too long'}",
        code="not_a_reader",
        hint="give a path under 100 characters that is free or holds an old socket",
    )


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
