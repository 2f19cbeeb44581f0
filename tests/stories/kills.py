"""Killing the appliance at random moments under taps, and counting what was acknowledged."""

import random
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass

from edge.kit.chain import GENESIS, link
from edge.outbox import BLANK
from tests.patience import PATIENT_S
from tests.stories.shop import Shop, until
from tests.stories.taps import Pipe


@dataclass(frozen=True, slots=True)
class Verdict:
    kills: int
    acknowledged: int
    written: int
    at_hub: int


class Acknowledged:
    """A tablet's `/live` stream: the highest outbox number it was told of, each said only after COMMIT."""

    def __init__(self, shop: Shop) -> None:
        self.seq = 0
        self._socket = socket.create_connection(("127.0.0.1", shop.edge_port), timeout=PATIENT_S)
        self._socket.sendall(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{shop.edge_port}\r\nCookie: {shop.cookie}\r\n"
            "welkom-touched: 1\r\n\r\n".encode()
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        rest = b""
        with suppress(OSError):
            while got := self._socket.recv(65536):
                *lines, rest = (rest + got).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: "):
                        self.seq = max(self.seq, int(line[6:]))

    def close(self) -> int:
        self._thread.join(timeout=PATIENT_S)
        self._socket.close()
        return self.seq


def kill_under_taps(shop: Shop, *, kills: int, seed: int) -> Verdict:
    """Kill -9 `kills` times; raises AssertionError when an acknowledged fact is gone, doubled or unchained."""
    dice = random.Random(seed)
    acknowledged = 0
    for number in range(kills):
        shop.start_edge()
        stream = Acknowledged(shop)
        stop = threading.Event()
        tapping = threading.Thread(target=_tap, args=(shop, dice.randrange(2**32), stop), daemon=True)
        tapping.start()
        time.sleep(dice.uniform(0.02, 0.6))
        if (
            number == kills - 1 and not acknowledged
        ):  # a busy machine: not one of these moments was late enough
            until(lambda: stream.seq, timeout_s=PATIENT_S, what="a fact that is acknowledged")  # noqa: B023
        shop.stop_edge(signal.SIGKILL)
        stop.set()
        tapping.join(timeout=PATIENT_S)
        acknowledged = max(acknowledged, stream.close())
        written = check_journal(shop)
        assert written >= acknowledged, f"{acknowledged} acknowledged, {written} on disk"
    shop.start_edge()
    until(
        lambda: shop.ask("journal.db", "SELECT seq-acked FROM outbox_head") == 0,
        timeout_s=PATIENT_S,
        what="an empty outbox",
    )
    return Verdict(kills, acknowledged, written=check_journal(shop), at_hub=check_hub(shop))


def _tap(shop: Shop, seed: int, stop: threading.Event) -> None:
    dice = random.Random(seed)
    known = [person.barcode for person in shop.people if "recognition" in person.purposes]
    while not stop.is_set():
        with suppress(OSError, AssertionError), closing(Pipe(shop.pipe, within_s=1)) as pipe:
            while not stop.is_set():
                pipe.tap(dice.choice(known), reader=f"counter-{dice.randrange(30)}")
                time.sleep(0.003)


def check_journal(shop: Shop) -> int:
    """The number of facts on disk: dense from 1 and chained, or AssertionError."""
    with closing(sqlite3.connect(shop.journal, timeout=PATIENT_S)) as conn:
        return check_outbox(conn)


def check_outbox(conn: sqlite3.Connection) -> int:
    """As `check_journal`, of an open one."""
    rows = conn.execute("SELECT seq, at_ms, kind, body, hash FROM outbox ORDER BY seq").fetchall()
    (verdict,) = conn.execute("PRAGMA quick_check").fetchone()
    assert verdict == "ok"
    previous = GENESIS
    for number, (seq, at_ms, kind, body, held) in enumerate(rows, 1):
        assert seq == number
        if body == BLANK:  # of somebody who was erased: it stands on its word
            previous = held
            continue
        previous = link(previous, seq=seq, at_ms=at_ms, kind=kind, body=body)
        assert previous == held
    return len(rows)


def check_hub(shop: Shop) -> int:
    """The number of facts at the hub: exactly those of the journal, each once, or AssertionError."""
    with closing(sqlite3.connect(shop.folder / "hub" / "hub.db", timeout=PATIENT_S)) as conn:
        at_hub = conn.execute("SELECT seq, hash FROM event ORDER BY seq").fetchall()
    with closing(sqlite3.connect(shop.journal, timeout=PATIENT_S)) as conn:
        here = conn.execute("SELECT seq, hash FROM outbox ORDER BY seq").fetchall()
    assert at_hub == here
    return len(at_hub)
