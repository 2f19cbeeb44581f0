"""The snapshots that lie ready or are being made: files in one folder, which several hub processes may share.

`SHOP.MARK.ID.zst` grows while it is made; `SHOP.MARK.ID.json`, its signed manifest, is there once it is whole. `MARK`
is up to where the shop's people were erased when it was begun, and under which key: once one more is, or a box comes
back with another key, no hub finds it, wherever it lies.
"""

import asyncio
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge.kit.child import Child, Failed
from edge.kit.errors import StoreError
from edge.kit.log import Log
from edge.kit.sql import Connection
from sync import snapshot, wire
from sync.hub.config import Config
from sync.hub.problem import Refusal
from sync.hub.signer import Signer
from sync.hub.snapshots.maker import Made, Order
from sync.hub.store import Store
from sync.hub.tables import compaction
from sync.hub.tables import snapshot as tables
from sync.snapshot import Manifest, Ticket

FOLDER: Final = "snapshots"  # in the state folder, where the settings name no other
FRESH_S: Final = 600.0  # so long one is given out again: what happened since comes down the feed
KEEP_S: Final = 3600.0  # so long one that is given out may still be fetched
STUCK_S: Final = 120.0  # one that nobody makes any more grows no longer
MAKERS: Final = 2  # at once; who comes third waits its turn
LOOK_S: Final = 0.05
SWEEP_S: Final = 30.0


# Without the mark in the middle: as earlier versions named them. Nothing else in there is ours.
_NAME: Final = re.compile(r"(?P<shop>.+?)(\.(?P<mark>\d+-[0-9a-f]{16}))?\.[0-9a-f]{32}\.(zst|json|tmp)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file from `first` on; `total` once the file is whole. No bytes: nothing new yet, or all was sent."""

    content: bytes
    first: int
    total: int | None


@dataclass(frozen=True, slots=True)
class _Making:
    """A snapshot that this process makes."""

    id: str
    mark: str
    path: Path
    task: asyncio.Task[None]


class Shelf:
    """Makes snapshots when somebody asks, one at a time for each shop, and gives them out in pieces."""

    def __init__(self, config: Config, *, db: Store, signer: Signer, log: Log) -> None:
        self._config = config
        self._folder = config.snapshots or config.state / FOLDER
        self._db = db
        self._signer = signer
        self._log = log
        self._making: dict[str, _Making] = {}  # by shop
        self._turn = asyncio.Semaphore(MAKERS)

    async def ticket(self, shop: str) -> Ticket:
        """The newest snapshot of a shop that is fresh and goes on in the feed, or one that is begun now."""
        await self.sweep()
        mark, gone = await self._db.read(_standing, shop)
        while making := self._making.get(shop):
            if making.mark == mark:
                return Ticket(id=making.id, ready=False)
            making.task.cancel()
            await asyncio.wait([making.task])
        for path in sorted(self._folder.glob(f"{shop}.{mark}.*.json"), key=self._age_s):
            with suppress(OSError, wire.Malformed):  # another hub took it away, or its disk lost some of it
                manifest, _ = snapshot.decode_vouched(path.read_bytes())
                lasts = all(manifest.cursors.get(part, -1) >= seq for part, seq in gone.items())
                if manifest.shop == shop and self._age_s(path) < FRESH_S and lasts:
                    return Ticket(id=manifest.id, ready=True)
        return Ticket(id=self._begin(shop, mark), ready=False)

    async def piece(self, shop: str, id_: str, *, first: int, wait_s: float) -> Piece:
        """Bytes from `first` on, waited for when there are none yet; raises Refusal SNAPSHOT_GONE."""
        until_s = self._now_s() + wait_s
        while True:
            path = await self._path(shop, id_)
            whole = path.with_suffix(".json").exists()  # before the size: then that is all of it
            size = path.stat().st_size if path.exists() else 0
            if size > first or whole:
                content = await asyncio.to_thread(_read, path, first)
                return Piece(content, first, size if whole else None)
            self._alive(path)
            if self._now_s() >= until_s:
                return Piece(b"", first, None)
            await asyncio.sleep(LOOK_S)

    async def manifest(self, shop: str, id_: str, *, wait_s: float) -> bytes:
        """The signed manifest; raises Refusal SNAPSHOT_GONE, and SNAPSHOT_MAKING while it is not whole."""
        until_s = self._now_s() + wait_s
        while True:
            path = (await self._path(shop, id_)).with_suffix(".json")
            if path.exists():
                return path.read_bytes()
            self._alive(path.with_suffix(".zst"))
            if self._now_s() >= until_s:
                raise _no("the snapshot is not whole yet", code="SNAPSHOT_MAKING", status=409)
            await asyncio.sleep(LOOK_S)

    async def sweep(self) -> None:
        """What was written down before an erasure or under another key goes, finished or not; so does what is old."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {path: _NAME.fullmatch(path.name) for path in self._folder.iterdir()}
        begun = dict(self._making)  # before the marks are read: one that begins meanwhile has a newer one
        shops = {*begun, *(each["shop"] for each in found.values() if each)}
        marks = {shop: await self._db.read(tables.mark, shop) for shop in shops}
        for shop, making in begun.items():
            if making.mark != marks[shop]:
                making.task.cancel()
            else:
                with suppress(OSError):
                    os.utime(making.path)  # other hubs see that somebody makes it
        mine = {making.path.stem for making in self._making.values()}
        for path, name in found.items():
            if name and (
                name["mark"] != marks[name["shop"]] or (path.stem not in mine and self._is_old(path))
            ):
                path.unlink(missing_ok=True)

    async def keep_swept(self) -> None:
        """`sweep` until cancelled: another hub on the same database may have erased somebody, or enrolled a box."""
        while True:
            await asyncio.sleep(SWEEP_S)
            with suppress(
                StoreError, OSError
            ):  # nothing can be served meanwhile either: each piece asks the store
                await self.sweep()

    def forget(self) -> None:
        """The database is another one now: all of them go, finished or not."""
        for making in self._making.values():
            making.task.cancel()
        for path in self._folder.iterdir():
            if _NAME.fullmatch(path.name):
                path.unlink(missing_ok=True)

    async def close(self) -> None:
        tasks = [making.task for making in self._making.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _path(self, shop: str, id_: str) -> Path:
        """Where it lies, if nobody of the shop was erased since it was asked for and its key is the same; else there
        is nothing."""
        return self._folder / f"{shop}.{await self._db.read(tables.mark, shop)}.{id_}.zst"

    def _alive(self, path: Path) -> None:
        if any(making.path == path for making in self._making.values()):
            return
        with suppress(OSError):
            if path.with_suffix(".json").exists() or self._age_s(path) < STUCK_S:
                return  # another process of this hub makes it
        raise _no("there is no such snapshot any more", code="SNAPSHOT_GONE", status=404)

    def _begin(self, shop: str, mark: str) -> str:
        id_ = os.urandom(16).hex()
        path = self._folder / f"{shop}.{mark}.{id_}.zst"
        path.touch(mode=0o600)  # from now on every hub knows of it
        making = _Making(id_, mark, path, asyncio.create_task(self._make(shop, id_, mark, path)))
        self._making[shop] = making
        making.task.add_done_callback(lambda _: self._done(shop))
        return id_

    def _done(self, shop: str) -> None:
        making = self._making.pop(shop)
        if not making.path.with_suffix(".json").exists():
            making.path.unlink(missing_ok=True)

    async def _make(self, shop: str, id_: str, mark: str, path: Path) -> None:
        async with self._turn:
            began_s = self._now_s()
            at = self._config
            order = Order(str(at.state), at.database, at.database_password, shop, mark, str(path))
            made = await self._made(order)
        if isinstance(made, Failed):
            self._log("snapshot_failed", error=made.error, died=made.died)
            return
        manifest = Manifest(
            id=id_, shop=shop, cursors=made.cursors, rows=made.rows, bytes=made.bytes, sha256=made.sha256
        )
        signed = self._signer.sign("manifest", snapshot.encode_manifest(manifest))
        await asyncio.to_thread(_vouch, path, snapshot.encode_vouched(signed))
        took_ms = round((self._now_s() - began_s) * 1000)
        self._log("snapshot_made", count=made.rows, duration_ms=took_ms)

    def _now_s(self) -> float:
        return time.monotonic()

    def _age_s(self, path: Path) -> float:
        """Since it was last written to; raises OSError where another hub took it away."""
        return time.time() - path.stat().st_mtime

    def _is_old(self, path: Path) -> bool:
        try:
            return self._age_s(path) > KEEP_S
        except OSError:
            return False

    async def _made(self, order: Order) -> Made | Failed:
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


def _standing(conn: Connection, shop: str) -> tuple[str, dict[str, int]]:
    """The shop's mark, and from where on its partitions can be followed."""
    parts = (wire.main_part(shop), wire.urgent_part(shop))
    return tables.mark(conn, shop), {part: compaction.head(conn, part).gone for part in parts}


def _vouch(path: Path, manifest: bytes) -> None:
    """Lay the manifest beside its snapshot: whole, or after a power cut not at all."""
    draft = path.with_suffix(".tmp")
    with open(draft, "wb") as file:
        file.write(manifest)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path.with_suffix(".json"))


def _read(path: Path, first: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(first)
        return file.read(snapshot.PIECE_BYTES)


def _no(message: str, *, code: str, status: int) -> Refusal:
    return Refusal(message, code=code, hint="the agent asks again by itself", status=status)
