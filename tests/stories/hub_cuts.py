"""Every disk that a power cut may leave of the hub, opened by its own code and held to what it had answered."""

import asyncio
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from edge.kit.chain import GENESIS, link
from edge.outbox import BLANK
from sync import snapshot
from sync.hub import people, restored
from sync.hub.app import open_hub
from sync.hub.config import Config
from tests.patience import PATIENT_S
from tests.stories.cuts import each_image, whole
from tests.stories.power import Image
from tests.stories.recording import Day
from tests.stories.shop import quiet
from tests.stories.trace import Op

ACK_SAID: Final = re.compile(rb'"ack":\{"epoch":1,"seq":(\d+)\}')
# Who asks for the customer that they just had erased is answered so: the erasure was answered before.
ERASED_SAID: Final = b"UNKNOWN_CUSTOMER"


@dataclass
class HubCuts:
    """How many disks there were, and what was wrong with any of them."""

    images: int = 0
    in_doubt: int = 0  # facts were on the disk that no shop had been told of
    erased: int = 0  # the erasure had been answered
    snapshots: int = 0  # one lay there whole
    wrong: list[str] = field(default_factory=list)


def cut_hub(day: Day, *, count: int, seed: int, ops: Sequence[Op] | None = None, **where: Any) -> HubCuts:
    """Open `count` disks of the hub that a cut may have left; `ops`: of another run than its own."""
    cuts = HubCuts(count)
    each_image(
        replace(day.hub, ops=ops or day.hub.ops),
        lambda folder, image: _open(folder, image, day, cuts),
        cuts.wrong,
        count=count,
        seed=seed,
        **where,
    )
    return cuts


def _open(folder: Path, image: Image, day: Day, cuts: HubCuts) -> None:
    mark = people.mark(day.keys, day.erased)
    answered = ERASED_SAID in image.said
    cuts.erased += answered
    with closing(_opened(folder)) as conn:
        whole(conn, "main")
        marks = {bytes(each) for (each,) in conn.execute("SELECT mark FROM erased")}
        assert marks <= restored.remembered(folder / restored.FILE), (
            "erased, and the file beside it knows nothing"
        )
    asyncio.run(_start(folder, day))
    _snapshots_are_whole(folder, cuts)
    with closing(_opened(folder)) as conn:
        whole(conn, "main")
        written = _history(conn)
        told = max(map(int, ACK_SAID.findall(image.said)), default=0)
        assert written >= told, f"{told} facts were acknowledged, {written} are there"
        cuts.in_doubt += written > told
        _dense(conn)
        assert not answered or mark in restored.remembered(folder / restored.FILE), (
            "no mark of who was erased"
        )
        if mark in restored.remembered(folder / restored.FILE):
            _gone(conn, day.erased)


def _opened(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "hub.db", timeout=PATIENT_S)


async def _start(folder: Path, day: Day) -> None:
    async with open_hub(Config(state=folder, keys=day.keys), log=quiet):
        pass


def _history(conn: sqlite3.Connection) -> int:
    """The number of facts of the shop: dense from 1 and chained."""
    sql = "SELECT seq, at_ms, kind, body, hash FROM event WHERE device_id='story-1' AND epoch=1 ORDER BY seq"
    previous, rows = GENESIS, conn.execute(sql).fetchall()
    for number, (seq, at_ms, kind, body, held) in enumerate(rows, 1):
        assert seq == number, f"fact {number} is missing"
        previous = held if body == BLANK else link(previous, seq=seq, at_ms=at_ms, kind=kind, body=body)
        assert previous == held, f"fact {number} does not chain to the one before"
    return len(rows)


def _dense(conn: sqlite3.Connection) -> None:
    """Each partition goes on to where its head says, and no number is missing."""
    for part, last in conn.execute("SELECT part, last FROM head").fetchall():
        seqs = conn.execute("SELECT seq, skips FROM feed WHERE part=? ORDER BY seq", (part,)).fetchall()
        before = 0
        for seq, skips in seqs:
            assert seq - skips - 1 == before, f"{part} has a gap before {seq}"
            before = seq
        assert before == last, f"{part} ends at {before}, its head says {last}"


def _gone(conn: sqlite3.Connection, customer_id: bytes) -> None:
    """No table has anything of theirs but that they are to be erased."""
    for (table,) in conn.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall():
        columns = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
        column = "id" if table == "customer" else "customer_id"
        if column in columns:
            rest = " AND op<>'erase'" if table == "feed" else ""
            sql = f"SELECT count(*) FROM {table} WHERE {column}=?{rest}"
            (left,) = conn.execute(sql, (customer_id,)).fetchone()
            assert not left, f"they are erased, and {table} still has {left} of theirs"


def _snapshots_are_whole(folder: Path, cuts: HubCuts) -> None:
    """What a manifest vouches for lies beside it."""
    for path in (folder / "snapshots").glob("*.json"):
        manifest, _ = snapshot.decode_vouched(path.read_bytes())
        content = path.with_suffix(".zst").read_bytes()
        assert sha256(content).hexdigest() == manifest.sha256, "a snapshot is not what its manifest says"
        cuts.snapshots += 1
