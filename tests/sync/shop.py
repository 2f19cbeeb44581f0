"""A small shop for the tests: a Box on real SQLite, and a line to the hub that can be spoiled."""

import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import httpx
import msgspec

from edge.kit.chain import GENESIS, link
from edge.kit.sql import Connection
from sync import wire
from sync.box import Place, Told, Unsaid

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (seq INTEGER PRIMARY KEY, at_ms, kind, body, hash);
CREATE TABLE IF NOT EXISTS acked (seq);
CREATE TABLE IF NOT EXISTS row (t, id, ver, d, PRIMARY KEY (t, id));
CREATE TABLE IF NOT EXISTS cursor (part PRIMARY KEY, seq);
"""


class PowerCut(Exception):
    """The plug was pulled in the middle of a page."""


class TestBox:
    """Implements sync.box.Box as simply as it can be."""

    __test__ = False

    def __init__(self, path: Path, *, epoch: int = 1) -> None:
        self._conn = sqlite3.connect(path, isolation_level=None)
        self._conn.executescript(_SCHEMA)
        self._epoch = epoch
        self.cut_after: int | None = None
        self.rejected: list[wire.Rejection] = []
        self.applied: list[wire.Page] = []
        self.hub_times_ms: list[int] = []
        self.pinned: tuple[str, ...] = ()
        self.known_hub_epoch = 0

    def close(self) -> None:
        self._conn.close()

    def happened(self, count: int = 1, *, kind: str = "greeted", body: bytes = b'{"visit_id":"07"}') -> None:
        """Append `count` facts to the outbox."""
        seq, previous = self.depth(), self.hash_at(self.depth())
        for _ in range(count):
            seq += 1
            previous = link(previous, seq=seq, at_ms=seq, kind=kind, body=body)
            self._conn.execute("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", (seq, seq, kind, body, previous))

    def forge_history(self) -> None:
        """Chain other facts under the same numbers, as a copied box would."""
        count = self.depth()
        self._conn.execute("DELETE FROM fact")
        self.happened(count, body=b'{"visit_id":"08"}')

    def depth(self) -> int:
        return int(self._conn.execute("SELECT count(*) FROM fact").fetchone()[0])

    def acked(self) -> int:
        return int(self._conn.execute("SELECT coalesce(max(seq), 0) FROM acked").fetchone()[0])

    def hash_at(self, seq: int) -> bytes:
        row = self._conn.execute("SELECT hash FROM fact WHERE seq=?", (seq,)).fetchone()
        return bytes(row[0]) if row else GENESIS

    def batch(self, first: int, last: int) -> wire.Batch:
        rows = self._conn.execute(
            "SELECT seq, at_ms, kind, body FROM fact WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
        )
        events = [wire.Event(seq, at_ms, kind, msgspec.Raw(body)) for seq, at_ms, kind, body in rows]
        return wire.Batch(self._epoch, first, self.hash_at(first - 1), events)

    def waiting(self, limit: int) -> wire.Batch | None:
        first = self.acked() + 1
        return self.batch(first, first + limit - 1) if first <= self.depth() else None

    async def settle(self, answer: wire.Answer) -> None:
        self.rejected += answer.rejected
        self._conn.execute("INSERT INTO acked VALUES (?)", (answer.ack.seq,))

    def cursor(self, part: str) -> int:
        row = self._conn.execute("SELECT seq FROM cursor WHERE part=?", (part,)).fetchone()
        return int(row[0]) if row else 0

    def put_cursor(self, part: str, seq: int) -> None:
        self._conn.execute("INSERT INTO cursor VALUES (?, ?)", (part, seq))

    async def apply(self, page: wire.Page) -> None:
        part = page.checkpoint.part
        held = self.cursor(part)
        self._conn.execute("BEGIN")
        try:
            for count, row in enumerate(page.rows):
                if count == self.cut_after:
                    raise PowerCut
                if row.seq > held:
                    self._apply(row)
            cursor = (part, page.checkpoint.cursor)
            self._conn.execute(
                "INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET seq=excluded.seq", cursor
            )
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")
        self.applied.append(page)

    def _apply(self, row: wire.Row) -> None:
        if row.op == "erase":
            self._conn.execute("DELETE FROM row WHERE id=? OR instr(d, ?)", (row.id, row.id))
            return
        wire.row_body(row)
        self._conn.execute(
            """
            INSERT INTO row VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET ver=excluded.ver, d=excluded.d
            WHERE excluded.ver>ver
            """,
            (row.t, row.id, row.ver, bytes(row.d).decode()),
        )

    async def heed(self, rows: Sequence[wire.Row]) -> None:
        raise NotImplementedError("this box fetches nothing whole")

    def hub_time(self, hub_time_ms: int) -> None:
        self.hub_times_ms.append(hub_time_ms)

    def pins(self) -> Sequence[str]:
        return self.pinned

    async def pin(self, keys: Sequence[str]) -> None:
        self.pinned = tuple(keys)

    def receipt(self) -> tuple[str, int] | None:
        return None

    async def receipted(self, cursor: int, *, of_hub: int) -> None:
        raise NotImplementedError("this box gives no receipts")

    async def make_sure(self, part: str, *, replaced: bool = False) -> None:
        pass

    def epoch(self) -> int:
        return self._epoch

    def silent(self) -> bool:
        return False

    def retained(self) -> Mapping[int, tuple[int, int]]:
        return {self._epoch: (1, self.depth())} if self.depth() else {}

    def chain(self, epoch: int, seq: int) -> str:
        return self.hash_at(seq).hex() if epoch == self._epoch else ""

    async def reopen(self, seq: int) -> None:
        self._conn.execute("DELETE FROM acked WHERE seq>?", (seq,))

    def unsaid(self, shared: Mapping[int, int], *, after: Place, most: int) -> Sequence[Unsaid]:
        raise NotImplementedError("this box was never put back from a backup")

    def chained(self, last: Told, facts: Sequence[Unsaid]) -> list[Told]:
        raise NotImplementedError("this box was never put back from a backup")

    async def renew(self, epoch: int, shared: Mapping[int, int], told: Mapping[Place, Told]) -> None:
        raise NotImplementedError("this box was never put back from a backup")

    def hub_epoch(self) -> int:
        return self.known_hub_epoch

    def owes(self) -> bool:
        return False

    async def up_to_date(self) -> None:
        pass

    async def start_over(self, hub_epoch: int, *, empty: bool) -> None:
        self.known_hub_epoch = hub_epoch
        if empty:
            self._conn.executescript("DELETE FROM row; DELETE FROM cursor")

    def rows(self, kind: str) -> dict[str, str]:
        """What the shop knows of one type: id -> JSON."""
        return dict(self._conn.execute("SELECT id, d FROM row WHERE t=? ORDER BY id", (kind,)))


class Line(httpx.AsyncBaseTransport):
    """The hub at the end of a line that loses, doubles and reorders, as `faults` say: one word a request.

    `ok`; `lost`: the hub never hears it; `mute`: the hub acts, the answer is lost; `twice`: the hub hears it
    twice and the second answer comes back; `stale`: what the hub heard before comes once more, first.
    """

    def __init__(self, app: object, faults: list[str] | None = None) -> None:
        self._hub = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        self.faults = deque(faults or [])
        self.down = False
        self.asked: list[str] = []
        self._before: httpx.Request | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        fault = self.faults.popleft() if self.faults else "ok"
        if self.down or fault == "lost":
            raise httpx.ConnectError("the line is down")
        if fault == "stale" and self._before is not None:
            await self._hub.handle_async_request(self._before)
        response = await self._hub.handle_async_request(request)
        self._before = request
        if fault == "mute":
            raise httpx.ReadTimeout("no answer")
        if fault == "twice":
            response = await self._hub.handle_async_request(request)
        return response


class Liar(httpx.AsyncBaseTransport):
    """A hub that answers what it is told to."""

    def __init__(
        self, *, status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async def parts() -> AsyncIterator[bytes]:
            for start in range(0, len(self.body), 65536):
                yield self.body[start : start + 65536]

        return httpx.Response(self.status, headers=self.headers, stream=_Stream(parts()))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._parts


def events_at(conn: Connection) -> list[tuple[int, str, bytes, str | None]]:
    """(seq, kind, body, code) of all events in a hub's store."""
    return conn.execute("SELECT seq, kind, body, code FROM event ORDER BY device_id, epoch, seq").fetchall()
