"""The window worker: one niced process that holds the keys and makes slices. `python -m edge.presence.worker`.

The house itself never holds a key: this process reads them, opens them and says identifiers. It ends when its stdin
does, so that after a kill -9 of the house nobody is left behind.
"""

import os
import resource
import signal
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from edge.kit.child import Failed, Start
from edge.kit.errors import Corrupt
from edge.kit.log import died
from edge.kit.sqlite import open_reader
from edge.presence import beacons, tags
from edge.presence.maker import Maker
from edge.presence.talk import Answer, Load, Loaded, Made, Make, Request

NICE: Final = 10


class Keys:
    """The devices that were read last."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._maker = Maker(())

    def load(self, asked: Load) -> tuple[Loaded, bytes]:
        start, unreadable, devices = self._start, 0, []
        with closing(open_reader(Path(start.journal), attach={"replica": Path(start.replica)})) as conn:
            most = beacons.count(conn)
            for row in beacons.every(conn, recipient=start.recipient, now_ms=asked.now_ms):
                try:
                    device = beacons.opened(row, kek=start.kek, now_ms=asked.now_ms, devices=most)
                except Corrupt:
                    unreadable += 1
                else:
                    devices.append(device)
            for tag in tags.every(conn):
                try:
                    devices.append(tags.opened(tag, kek=start.kek, now_ms=asked.now_ms))
                except Corrupt:
                    unreadable += 1
        self._maker = Maker(devices)
        held = b"".join(bytes.fromhex(each.name) for each in devices)
        held += self._maker.exponents + self._maker.reaches
        return Loaded(len(devices), self._maker.span_s, unreadable, len(held)), held

    def make(self, asked: Make) -> tuple[Made, bytes]:
        began_ns = time.process_time_ns()
        shape, held = self._maker.make(asked.number, asked.shifts)
        cpu_ms = (time.process_time_ns() - began_ns) // 1_000_000
        return Made(shape.number, shape.count, shape.bits, len(held), cpu_ms), held

    def answer(self, asked: Request) -> tuple[Answer, bytes]:
        try:
            match asked:
                case Load():
                    return self.load(asked)
                case Make():
                    return self.make(asked)
        except Exception as error:
            return Failed(**died(error)), b""


def _say(answer: Answer, held: bytes) -> None:
    for part in (memoryview(msgspec.json.encode(answer) + b"\n"), memoryview(held)):
        while part:
            part = part[os.write(1, part) :]


def main() -> int:
    # A unit that stops tells every process; this one ends with its house, which closes its stdin or kills it.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    with suppress(OSError):  # the unit's system call filter forbids it
        os.nice(NICE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # keys are in this memory: none of it on disk
    lines = iter(sys.stdin.buffer)
    first = next(lines, b"")
    if first:
        keys = Keys(msgspec.json.decode(first, type=Start))
        with suppress(BrokenPipeError):
            for line in lines:
                _say(*keys.answer(msgspec.json.decode(line, type=Request)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
