"""Every disk that a power cut may leave of the appliance, opened by its own code and held to what it had said."""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.fetching.places import Places
from edge.files import prepare
from edge.kit.clock import SystemClock
from edge.kit.errors import StoreError
from edge.kit.sqlite_open import open_both
from edge.record import record
from edge.wallet import acts
from edge.wallet.rules import Asked
from edge.wallet.tables import Here
from sync import wire
from tests.stories.kills import check_outbox
from tests.stories.power import Image, images
from tests.stories.recording import Day, FeedRow, Recording
from tests.stories.shop import RECIPIENT, quiet
from tests.stories.trace import Op

LINE_SAID: Final = re.compile(rb"\?line=([0-9a-f]{32})")
SEQ_SAID: Final = re.compile(rb"data: (\d+)")
RECEIPT_SAID: Final = re.compile(rb'"part":"shop:story:urgent","cursor":(\d+),"device"')


@dataclass
class Cuts:
    """How many disks there were, and what was wrong with any of them."""

    images: int = 0
    in_doubt: int = 0  # facts were on the disk that nobody had been told of
    taken_back: int = 0  # and of what was written, something was not
    retried: int = 0
    receipts: int = 0  # the receipt for the erasure had been sent
    fetching: int = 0  # half of a replica lay there
    wrong: list[str] = field(default_factory=list)


def cut(day: Day, *, count: int, seed: int, ops: Sequence[Op] | None = None, **where: Any) -> Cuts:
    """Open `count` disks of the appliance that a cut may have left; `ops`: of another run than its own."""
    cuts = Cuts()
    expected = _Expected(day)
    each_image(
        replace(day.edge, ops=ops or day.edge.ops),
        lambda folder, image: _open(folder, image, day, expected, cuts),
        cuts.wrong,
        count=count,
        seed=seed,
        **where,
    )
    cuts.images = count
    return cuts


def each_image(
    recording: Recording,
    check: Callable[[Path, Image], None],
    wrong: list[str],
    *,
    count: int,
    seed: int,
    **where: Any,
) -> None:
    """Lay each image into a folder and `check` it; what does not hold is a sentence in `wrong`."""
    with tempfile.TemporaryDirectory(prefix="welkom-cuts-") as name:
        folder = Path(name) / "state"
        for image in images(recording.base, recording.ops, count=count, seed=seed, **where):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for path, content in image.files.items():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_bytes(content)
            try:
                check(folder, image)
            except (AssertionError, StoreError, wire.WireError, ValueError, sqlite3.Error) as error:
                wrong.append(f"after {image.place} operations, {dict(image.modes)} of the rest: {error!r}")


def whole(conn: sqlite3.Connection, *schemas: str) -> None:
    for schema in schemas:
        (verdict,) = conn.execute(f"PRAGMA {schema}.integrity_check").fetchone()
        assert verdict == "ok", f"{schema}: {verdict}"


class _Expected:
    """What a replica holds at its cursors, from the hub's own rows."""

    def __init__(self, day: Day) -> None:
        self._feed = [row for row in day.feed if row[3] in ("key", "customer", "credential", "consent")]
        self._residents = day.residents
        self._known: dict[tuple[int, ...], set[tuple[Any, ...]]] = {}

    def at(self, cursors: Mapping[str, int]) -> set[tuple[Any, ...]]:
        key = tuple(cursors[part] for part in sorted(cursors))
        if key not in self._known:
            self._known[key] = self.own(_folded(self._feed, cursors))
        return self._known[key]

    def own(self, rows: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Those about people of whom the feed alone speaks."""
        return {row for row in rows if row[1] in self._residents}


def _folded(feed: Sequence[FeedRow], cursors: Mapping[str, int]) -> set[tuple[Any, ...]]:
    newest: dict[tuple[str, str], tuple[int, tuple[Any, ...]]] = {}
    for part, seq, op, t, id_, ver, d in feed:
        if seq > cursors.get(part, 0):
            continue
        if op == "del" and t == "credential":
            newest.pop((t, id_), None)
        elif op == "put" and ver >= newest.get((t, id_), (0,))[0]:
            newest[t, id_] = ver, _held_as(t, id_, ver, msgspec.json.decode(d))
    return {row for _, row in newest.values()}


def _held_as(t: str, id_: str, ver: int, d: Mapping[str, Any]) -> tuple[Any, ...]:
    match t:
        case "credential":
            return t, d["customer"], id_, ver, d["state"]
        case "consent":
            return t, d["customer"], d["purpose"], d["recipient"], ver, d["gen"], d["state"]
        case "customer":
            return t, id_, ver
        case _:
            return t, id_


_HELD: Final = (
    "SELECT 'key', lower(hex(customer_id)) FROM replica.customer_key",
    "SELECT 'customer', lower(hex(id)), ver FROM replica.customer",
    "SELECT 'credential', lower(hex(customer_id)), lower(hex(hash)), ver, state FROM replica.credential",
    "SELECT 'consent', lower(hex(customer_id)), purpose, recipient, ver, gen, state FROM replica.consent",
)


def _open(folder: Path, image: Image, day: Day, expected: _Expected, cuts: Cuts) -> None:
    files = prepare(folder, log=quiet, mend=True)
    assert not files.set_aside, "the replica is damaged"
    cuts.fetching += Places(files.replica).packed.exists()
    with closing(open_both(files.journal, attach={"replica": files.replica})) as conn:
        whole(conn, "main", "replica")
        written = check_outbox(conn)
        told = max(map(int, SEQ_SAID.findall(image.said)), default=0)
        assert written >= told, f"{told} facts were acknowledged, {written} are there"
        cuts.in_doubt += written > told
        _as_the_feed_says(conn, expected)
        if receipted(image.said) >= day.gone_at[wire.urgent_part("story")]:
            cuts.receipts += 1
            _gone(conn, day.erased)
        _as_the_facts_say(conn, day)
        lines = {line_id: row for line_id, *row in conn.execute(_LEDGER).fetchall()}
        theirs = {form[0] for form in day.lines}  # of whom was erased, no line is left to be looked for
        for line_id in map(bytes.fromhex, map(bytes.decode, LINE_SAID.findall(image.said))):
            assert line_id in lines or line_id not in theirs, "a line that was answered is not there"
        cuts.taken_back += len(lines) < len(day.lines)
        for form in day.lines:
            _again(conn, form, lines.get(form[0]), cuts)
        check_outbox(conn)


def receipted(said: bytes) -> int:
    """Up to where the hub was told that what it took away is gone."""
    return max(map(int, RECEIPT_SAID.findall(said)), default=0)


def _as_the_feed_says(conn: sqlite3.Connection, expected: _Expected) -> None:
    """The replica is what its cursors say, neither more nor less."""
    cursors = dict(conn.execute("SELECT part, seq FROM replica.feed_cursor").fetchall())
    here = expected.own({row for sql in _HELD for row in conn.execute(sql).fetchall()})
    there = expected.at(cursors)
    assert here == there, f"at {cursors}: {len(there - here)} rows are missing, {len(here - there)} too many"


def _as_the_facts_say(conn: sqlite3.Connection, day: Day) -> None:
    """Whoever is said to have joined is held, a bound card is theirs, and a "no" is one."""
    facts = conn.execute("SELECT kind, body FROM outbox").fetchall()
    for kind, body in facts:
        said = msgspec.json.decode(body)
        if not said or said.get("customer_id") == day.erased.hex():
            continue
        who = bytes.fromhex(said.get("customer_id") or "")
        match kind:
            case "consent_withdrawn":
                sql = "SELECT state FROM main.consent WHERE customer_id=? AND purpose=?"
                held = conn.execute(sql, (who, said["purpose"])).fetchall()
                assert held == [("withdrawn",)], "a withdrawal was written down, and is none"
            case "customer_joined":
                assert _held(conn, "joined", who) or _held(conn, "customer", who), "who joined is nobody"
            case "credential_bound":
                hashes = {card for (card,) in conn.execute(_CARDS, {"who": who})}
                assert bytes.fromhex(said["hash"]) in hashes, "a card that was bound is nobody's"


_HAS: Final = {
    "joined": "SELECT EXISTS (SELECT 1 FROM main.joined WHERE customer_id=?)",
    "customer": "SELECT EXISTS (SELECT 1 FROM replica.customer WHERE id=?)",
}
_CARDS: Final = """
    SELECT hash FROM main.credential WHERE customer_id=:who AND state='active'
    UNION SELECT hash FROM replica.credential WHERE customer_id=:who AND state='active'"""


def _held(conn: sqlite3.Connection, where: str, customer_id: bytes) -> bool:
    return bool(conn.execute(_HAS[where], (customer_id,)).fetchone()[0])


def _gone(conn: sqlite3.Connection, customer_id: bytes) -> None:
    """Nothing of theirs in any table of either file."""
    for schema in ("main", "replica"):
        tables = conn.execute(f"SELECT name FROM {schema}.sqlite_schema WHERE type='table'").fetchall()
        for (table,) in tables:
            columns = {row[1] for row in conn.execute(f"PRAGMA {schema}.table_info({table})")}
            column = "id" if table == "customer" else "customer_id"
            if column in columns:
                sql = f"SELECT count(*) FROM {schema}.{table} WHERE {column}=?"
                (left,) = conn.execute(sql, (customer_id,)).fetchone()
                assert not left, f"the receipt was sent, and {schema}.{table} still has {left} of theirs"


_LEDGER: Final = "SELECT line_id, visit_id, delta, at_ms FROM ledger"
HERE: Final = Here(recipient=RECIPIENT, device="story-1", kek=b"")


def _again(conn: sqlite3.Connection, form: Sequence[Any], held: Sequence[Any] | None, cuts: Cuts) -> None:
    """Send a form once more, as somebody does who got no answer: what was written stands, and nothing beside it."""
    if held is None:
        return  # neither written nor answered: it is a new form
    line_id, visit_id, delta, _ = form
    asked = Asked(line_id, visit_id, role="staff", staff_id=b"", at_ms=SystemClock().wall_ms())
    conn.execute("BEGIN IMMEDIATE")
    facts = acts.earn(conn, asked, instrument="points", amount=delta + 1, here=HERE)
    if facts:
        record(conn, list(facts))
    conn.execute("COMMIT")
    rows = conn.execute(f"{_LEDGER} WHERE line_id=?", (line_id,)).fetchall()
    assert rows == [(line_id, *held)], "a form that was sent again changed its line"
    assert tuple(held) == tuple(form[1:]), "a line is not the one that was written"
    cuts.retried += 1
