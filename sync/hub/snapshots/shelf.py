"""The snapshots that lie ready or are being made: files in one folder, which several hub processes may share.

`SHOP.ID.zst` grows while it is made; `SHOP.ID.json`, its signed manifest, is there once it is whole.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge.kit.child import Child, Failed
from edge.kit.log import Log
from sync import snapshot
from sync.hub.config import Config
from sync.hub.problem import Refusal
from sync.hub.signer import Signer
from sync.hub.snapshots.maker import Made, Order
from sync.snapshot import Manifest, Ticket

FRESH_S: Final = 600.0  # so long one is given out again: what happened since comes down the feed
KEEP_S: Final = 3600.0  # so long one that is given out may still be fetched
STUCK_S: Final = 120.0  # one that nobody makes any more grows no longer
MAKERS: Final = 2  # at once; who comes third waits its turn
LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file from `first` on; `total` once the file is whole. No bytes: nothing new yet, or all was sent."""

    content: bytes
    first: int
    total: int | None


class Shelf:
    """Makes snapshots when somebody asks, one at a time for each shop, and gives them out in pieces."""

    def __init__(self, config: Config, *, signer: Signer, log: Log) -> None:
        self._config = config
        self._folder = config.state / "snapshots"
        self._signer = signer
        self._log = log
        self._making: dict[str, tuple[str, asyncio.Task[None]]] = {}  # shop -> id and who makes it
        self._turn = asyncio.Semaphore(MAKERS)

    def ticket(self, shop: str, *, holds: Callable[[Manifest], bool]) -> Ticket:
        """The newest snapshot of a shop that is fresh and `holds`, or one that is begun now."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._tidy()
        if shop in self._making:
            return Ticket(id=self._making[shop][0], ready=False)
        now_s = time.time()
        for path in sorted(self._folder.glob(f"{shop}.*.json"), key=_age_s):
            manifest, _ = snapshot.decode_vouched(path.read_bytes())
            if manifest.shop == shop and now_s - path.stat().st_mtime < FRESH_S and holds(manifest):
                return Ticket(id=manifest.id, ready=True)
        id_ = os.urandom(16).hex()
        self._making[shop] = id_, asyncio.create_task(self._make(shop, id_))
        return Ticket(id=id_, ready=False)

    async def piece(self, shop: str, id_: str, *, first: int, wait_s: float) -> Piece:
        """Bytes from `first` on, waited for when there are none yet; raises Refusal SNAPSHOT_GONE."""
        path, until_s = self._path(shop, id_), time.monotonic() + wait_s
        while True:
            whole = path.with_suffix(".json").exists()  # before the size: then that is all of it
            size = path.stat().st_size if path.exists() else 0
            if size > first or whole:
                content = await asyncio.to_thread(_read, path, first)
                return Piece(content, first, size if whole else None)
            self._alive(shop, id_)
            if time.monotonic() >= until_s:
                return Piece(b"", first, None)
            await asyncio.sleep(LOOK_S)

    async def manifest(self, shop: str, id_: str, *, wait_s: float) -> bytes:
        """The signed manifest; raises Refusal SNAPSHOT_GONE, and SNAPSHOT_MAKING while it is not whole."""
        path, until_s = self._path(shop, id_).with_suffix(".json"), time.monotonic() + wait_s
        while not path.exists():
            self._alive(shop, id_)
            if time.monotonic() >= until_s:
                raise _no("the snapshot is not whole yet", code="SNAPSHOT_MAKING", status=409)
            await asyncio.sleep(LOOK_S)
        return path.read_bytes()

    def forget(self) -> None:
        """Somebody was erased: what was written down of them goes, finished or not."""
        for _, task in self._making.values():
            task.cancel()
        for path in self._folder.glob("*.*.*"):
            path.unlink(missing_ok=True)

    async def close(self) -> None:
        tasks = [task for _, task in self._making.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _path(self, shop: str, id_: str) -> Path:
        return self._folder / f"{shop}.{id_}.zst"

    def _alive(self, shop: str, id_: str) -> None:
        if self._making.get(shop, ("",))[0] == id_:
            return
        path = self._path(shop, id_)
        with suppress(OSError):
            if path.with_suffix(".json").exists() or time.time() - path.stat().st_mtime < STUCK_S:
                return  # another process of this hub makes it
        raise _no("there is no such snapshot any more", code="SNAPSHOT_GONE", status=404)

    async def _make(self, shop: str, id_: str) -> None:
        path = self._path(shop, id_)
        try:
            async with self._turn:
                began_s = time.monotonic()
                at = self._config
                made = await _made(Order(str(at.state), at.database, at.database_password, shop, str(path)))
            if isinstance(made, Failed):
                self._log("snapshot_failed", error=made.error, died=made.died)
                path.unlink(missing_ok=True)
                return
            manifest = Manifest(
                id=id_, shop=shop, cursors=made.cursors, rows=made.rows, bytes=made.bytes, sha256=made.sha256
            )
            signed = self._signer.sign("manifest", snapshot.encode_manifest(manifest))
            whole = path.with_suffix(".tmp")
            whole.write_bytes(snapshot.encode_vouched(signed))
            whole.rename(path.with_suffix(".json"))
            took_ms = round((time.monotonic() - began_s) * 1000)
            self._log("snapshot_made", count=made.rows, duration_ms=took_ms)
        except asyncio.CancelledError:
            path.unlink(missing_ok=True)
            raise
        finally:
            del self._making[shop]

    def _tidy(self) -> None:
        making = {id_ for id_, _ in self._making.values()}
        for path in self._folder.glob("*.*.*"):
            if path.name.split(".")[-2] not in making and time.time() - path.stat().st_mtime > KEEP_S:
                path.unlink(missing_ok=True)


async def _made(order: Order) -> Made | Failed:
    """Have a child process make it; the child is killed when this is cancelled."""
    answers: list[bytes] = []
    heard = asyncio.Event()

    async def hear(lines: asyncio.StreamReader) -> None:
        if line := await lines.readline():
            answers.append(line)
        heard.set()

    child = Child("sync.hub.snapshots.maker", hear)
    await child.open()
    try:
        child.write(msgspec.json.encode(order))
        await heard.wait()
    finally:
        await child.close()
    if not answers:
        return Failed("ProcessLookupError", "the maker ended without a word")
    return msgspec.json.decode(answers[0], type=Made | Failed)


def _read(path: Path, first: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(first)
        return file.read(snapshot.PIECE_BYTES)


def _age_s(path: Path) -> float:
    return -path.stat().st_mtime


def _no(message: str, *, code: str, status: int) -> Refusal:
    return Refusal(message, code=code, hint="the agent asks again by itself", status=status)
