"""A run of the real appliance under a tracer, cut at every kind of moment, and every disk opened again."""

import random
import re
import shutil
import signal
import sqlite3
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode

from edge.files import prepare
from edge.kit.clock import SystemClock
from edge.kit.errors import StoreError
from edge.kit.sqlite import open_both
from edge.record import record
from edge.wallet import acts
from edge.wallet.rules import Asked
from edge.wallet.tables import Here
from staff_ui.security import FORM_FIELD, form_token
from tests.patience import PATIENT_S
from tests.stories.kills import Acknowledged, check_outbox
from tests.stories.power import STRACE, Image, Op, images, read
from tests.stories.shop import RECIPIENT, Shop, quiet, until
from tests.stories.taps import Pipe

LINE_SAID: Final = re.compile(rb"\?line=([0-9a-f]{32})")
SEQ_SAID: Final = re.compile(rb"data: (\d+)")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run did to its folder, beginning with `base`, and the lines of its ledger in the end."""

    base: Mapping[str, bytes]
    ops: Sequence[Op]
    lines: Sequence[tuple[Any, ...]]


@dataclass
class Cuts:
    """How many disks there were, and what was wrong with any of them."""

    images: int = 0
    in_doubt: int = 0  # facts were on the disk that nobody had been told of
    taken_back: int = 0  # and of what was written, something was not
    retried: int = 0
    wrong: list[str] = field(default_factory=list)


def recorded(shop: Shop, *, rounds: int, seed: int) -> Recording:
    """Tap and fill in forms for some rounds, with the hub on the line, and pull the plug."""
    folder, trace = shop.folder / "state", shop.folder / "trace"
    base = {str(path): path.read_bytes() for path in folder.iterdir() if _kept(path)}
    shop.under = (*STRACE, "-o", str(trace))
    shop.start_edge()
    shop.moved_in()  # whoever taps before is nobody, and stays so while they tap on
    stream = Acknowledged(shop)
    opener = urllib.request.build_opener(_NoRedirect)
    dice = random.Random(seed)
    known = [person.barcode for person in shop.people if {"recognition", "saving"} <= set(person.purposes)]
    with closing(Pipe(shop.pipe)) as pipe:
        for number in range(rounds):
            pipe.tap(dice.choice(known), reader=f"counter-{number % 7}")
            here = until(lambda: _here(shop), timeout_s=PATIENT_S, what="a visit of somebody who tapped")
            _earn(shop, opener, dice, visit_id=dice.choice(here))
    shop.stop_edge(signal.SIGKILL)
    shop.under = ()
    stream.close()
    until(lambda: b"killed by SIGKILL" in _end(trace), timeout_s=PATIENT_S, what="the end of the trace")
    with closing(sqlite3.connect(f"file:{shop.journal}?mode=ro", uri=True)) as conn:
        lines = conn.execute("SELECT line_id, visit_id, delta, at_ms FROM ledger ORDER BY seq").fetchall()
    return Recording(base, read(trace, folder), lines)


def _end(trace: Path) -> bytes:
    with open(trace, "rb") as content:
        content.seek(max(0, trace.stat().st_size - 100_000))
        return content.read()


def _kept(path: Path) -> bool:
    return path.is_file() and path.suffix != ".db-shm" and not path.name.endswith("-shm")


def _here(shop: Shop) -> list[bytes]:
    """The visits that are open, as whoever looks from outside sees them."""
    with closing(sqlite3.connect(f"file:{shop.journal}?mode=ro", uri=True, timeout=PATIENT_S)) as conn:
        return [visit_id for (visit_id,) in conn.execute("SELECT id FROM visit WHERE ended_ms IS NULL")]


def _earn(shop: Shop, opener: urllib.request.OpenerDirector, dice: random.Random, *, visit_id: bytes) -> None:
    """Some points for them, by the form of the tablet."""
    tablet = dict(each.split("=", 1) for each in shop.cookie.split("; "))
    fields = {"act": "earn", "amount": "5", "line": dice.randbytes(16).hex()}
    fields[FORM_FIELD] = form_token(next(value for name, value in tablet.items() if "tablet" in name))
    url = f"{shop.url}/visits/{visit_id.hex()}/wallet"
    with suppress(HTTPError):  # 303 is one here
        opener.open(
            urllib.request.Request(url, urlencode(fields).encode(), {"Cookie": shop.cookie}),
            timeout=PATIENT_S,
        ).close()


def cut(recording: Recording, *, count: int, seed: int) -> Cuts:
    """Open `count` disks that a cut may have left."""
    cuts = Cuts()
    with tempfile.TemporaryDirectory(prefix="welkom-cuts-") as name:
        for image in images(recording.base, recording.ops, count=count, seed=seed):
            cuts.images += 1
            try:
                _open(Path(name) / "state", image, recording, cuts)
            except (AssertionError, StoreError, sqlite3.Error) as error:
                cuts.wrong.append(f"after {image.place} operations, {image.mode} of the rest: {error}")
    return cuts


def _open(folder: Path, image: Image, recording: Recording, cuts: Cuts) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, content in image.files.items():
        (folder / Path(path).name).write_bytes(content)
    files = prepare(folder, log=quiet, mend=True)
    assert not files.set_aside, "the replica is damaged"
    with closing(open_both(files.journal, attach={"replica": files.replica})) as conn:
        written = check_outbox(conn)
        told = max(map(int, SEQ_SAID.findall(image.said)), default=0)
        assert written >= told, f"{told} facts were acknowledged, {written} are there"
        cuts.in_doubt += written > told
        lines = {line_id: row for line_id, *row in conn.execute(_LEDGER).fetchall()}
        for line_id in LINE_SAID.findall(image.said):
            assert bytes.fromhex(line_id.decode()) in lines, "a line that was answered is not there"
        cuts.taken_back += len(lines) < len(recording.lines)
        for form in recording.lines:
            _again(conn, form, lines.get(form[0]), cuts)
        check_outbox(conn)


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
