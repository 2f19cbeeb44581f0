"""The advice worker: one niced process that holds the model and answers from it. `python -m edge.advice.worker`.

It opens the files read-only for each request, so a replaced replica is seen at once, and ends when its stdin does:
after a kill -9 of the house nobody is left behind.
"""

import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Final

import msgspec

from edge.advice import tables
from edge.advice.learning import Learning, Shop
from edge.advice.limits import barred_words
from edge.advice.model import Model
from edge.advice.ranking.packing import MODEL
from edge.advice.rules import DAY_MS, Ask, barred
from edge.advice.suggesting import suggest
from edge.advice.talk import (
    Advise,
    Advised,
    Answer,
    Line,
    Made,
    Refresh,
    Reply,
    Request,
    Train,
    Trained,
)
from edge.consent.tables import FOREVER_MS
from edge.kit.child import Failed, Start
from edge.kit.errors import Corrupt
from edge.kit.log import died
from edge.kit.sqlite import open_reader
from edge.recognition import tables as recognition
from edge.recognition.tables import SealedBaskets

NICE: Final = 10
# A slice takes some 10 ms; a rest of the same length after it leaves a two-core box to the taps even where the unit
# forbids nice.
SLICE: Final = 100
REST: Final = 1.0
READ_BYTES: Final = 65_536
# An answer gives the interpreter up ten times; at Python's 5 ms each, the learning beside it would double its time.
SWITCH_S: Final = 0.0005
MOST_PRODUCTS: Final = 200_000


class Lines:
    """Whole lines from a pipe, waited for or only looked for."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""

    def next(self, *, wait_s: float | None) -> bytes | None:
        """The next line; empty when there is none within `wait_s` (None: for ever); None at the end."""
        while b"\n" not in self._held:
            ready, _, _ = select.select([self._fd], [], [], wait_s)
            if not ready:
                return b""
            read = os.read(self._fd, READ_BYTES)
            if not read:
                return None
            self._held += read
        line, self._held = self._held.split(b"\n", 1)
        return line


class Shelf:
    """The model and where it comes from."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._model = Model()
        self.learning = Learning()
        self._unreadable = 0
        self._day = 0

    def _open(self) -> Connection:
        return open_reader(Path(self._start.journal), attach={"replica": Path(self._start.replica)})

    def _take(self, row: SealedBaskets, *, now_ms: int) -> tables.Own | None:
        try:
            own = tables.opened(row, now_ms=now_ms, kek=self._start.kek)
        except Corrupt:
            self._unreadable += 1
            own = None
        if own is None:
            self._forget(row[0])
        else:
            self._model.put(row[0], own.baskets, until_ms=own.until_ms)
        return own

    def train(self, asked: Train) -> Iterator[None]:
        """Every history anew, a slice a step; who has none any more is forgotten at the end."""
        seen: set[bytes] = set()
        after: bytes | None = b""
        self._unreadable, self._day = 0, asked.now_ms // DAY_MS
        while after is not None:
            with closing(self._open()) as conn:
                after, rows = recognition.baskets_after(
                    conn, after, recipient=self._start.recipient, now_ms=asked.now_ms, most=SLICE
                )
            for row in rows:
                self._take(row, now_ms=asked.now_ms)
                seen.add(row[0])
            yield
        # Whoever was refreshed meanwhile and lies before the slices is dropped until the next night: rather that
        # than somebody who said no.
        for gone in self._model.keep_only(seen):
            self.learning.forget(gone)

    def learn(self) -> None:
        """Begin to learn the ranking anew from everybody who was read; it goes on beside the answers."""
        self.learning.begin(self._model.known(), self._look)

    def _look(self) -> Shop:
        with closing(self._open()) as conn:
            known = tables.items(conn, self._model.popular(MOST_PRODUCTS))
            packed = tables.model(conn, MODEL)
        words = barred_words(self._start.country)
        return Shop(
            {name: item.category for name, item in known.items() if item.category.strip(" /")},
            frozenset(name for name, item in known.items() if barred(item, words)),
            packed,
            self._day,
        )

    def _forget(self, customer_id: bytes) -> None:
        self._model.forget(customer_id)
        self.learning.forget(customer_id)

    def refresh(self, asked: Refresh) -> None:
        with closing(self._open()) as conn:
            for customer_id in asked.customers:
                self._own(conn, customer_id, now_ms=asked.now_ms)

    def _own(self, conn: Connection, customer_id: bytes, *, now_ms: int) -> tables.Own | None:
        row = recognition.baskets_of(conn, customer_id, recipient=self._start.recipient, now_ms=now_ms)
        if row is None:
            self._forget(customer_id)
            return None
        return self._take(row, now_ms=now_ms)

    def advise(self, asked: Advise) -> Advised:
        """Suggestions for one customer, on what may be used at this very moment."""
        for gone in self._model.expire(asked.now_ms):
            self.learning.forget(gone)
        with closing(self._open()) as conn:
            own = self._own(conn, asked.customer, now_ms=asked.now_ms)
            refused = tables.refused(conn, asked.customer, now_ms=asked.now_ms) if own else frozenset[str]()
            # Without a basis for their purchases, what they hold is no input either: it is only not said again.
            held = tuple(asked.in_hand) if own else ()
            ask = Ask(
                customer_id=asked.customer if own else None,
                own=own.baskets if own else (),
                now_ms=asked.now_ms,
                in_hand=held,
                refused=refused.union(asked.refused, asked.in_hand),
            )
            found = suggest(
                ask,
                self._model,
                lambda names: tables.items(conn, names),
                words=barred_words(self._start.country),
                ranked=self.learning.ranked(ask.customer_id, ask.own, ask.in_hand, now_ms=asked.now_ms),
            )
        made = [Made.of(each) for each in found]
        return Advised(made, profiled=own is not None, until_ms=own.until_ms if own else FOREVER_MS)

    def size(self, began_s: float) -> Trained:
        took_ms = int((time.monotonic() - began_s) * 1000)
        learnt, failed = self.learning.learnt, self.learning.failed
        return Trained(
            self._model.customers,
            self._model.baskets,
            self._unreadable,
            took_ms,
            ranked=learnt,
            failed=failed,
        )


def serve(lines: Lines, shelf: Shelf) -> None:
    """Answer until the pipe ends; a training is a job that goes on whenever nobody asks anything."""
    job: Iterator[Reply] | None = None
    rest_s = 0.0
    while True:
        line = lines.next(wait_s=rest_s if job else None)
        if line is None:
            return
        if line:
            asked = msgspec.json.decode(line, type=Line)
            if isinstance(asked.request, Train):
                job = _training(shelf, asked.number, asked.request)
            else:
                _say(Reply(asked.number, _answer(shelf, asked.request)))
        elif job is not None:
            began_s = time.monotonic()
            done = next(job)
            rest_s = (time.monotonic() - began_s) * REST
            if done.number:
                _say(done)
                job = None
                shelf.learn()


def _training(shelf: Shelf, number: int, asked: Train) -> Iterator[Reply]:
    """Steps without a number, then the reply."""
    began_s = time.monotonic()
    step = Reply(0, shelf.size(began_s))
    try:
        for _ in shelf.train(asked):
            yield step
    except Exception as error:
        yield Reply(number, Failed(**died(error)))
        return
    yield Reply(number, shelf.size(began_s))


def _answer(shelf: Shelf, asked: Request) -> Answer:
    began_s = time.monotonic()
    try:
        match asked:
            case Advise():
                with shelf.learning.answering:
                    return shelf.advise(asked)
            case Refresh():
                shelf.refresh(asked)
            case Train():
                pass
    except Exception as error:
        return Failed(**died(error))
    return shelf.size(began_s)


def _say(reply: Reply) -> None:
    data = msgspec.json.encode(reply) + b"\n"
    while data:
        data = data[os.write(1, data) :]


def main() -> int:
    # A unit that stops tells every process; this one ends with its house, which closes its stdin or kills it.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    with suppress(OSError):  # the unit's system call filter forbids it; the rests remain
        os.nice(NICE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # purchases are in this memory: none of it on disk
    sys.setswitchinterval(SWITCH_S)
    lines = Lines(0)
    first = lines.next(wait_s=None)
    if first:
        with suppress(BrokenPipeError):
            serve(lines, Shelf(msgspec.json.decode(first, type=Start)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
