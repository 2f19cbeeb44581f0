"""A serial cable made of a pseudo-terminal: a path that stays, and a node behind it that comes and goes."""

import os
import tempfile
import tty
from pathlib import Path
from types import TracebackType
from typing import Self


class Cable:
    """`path` is a link, as in /dev/serial/by-id; `pull` takes its node away, `plug` puts another there."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="cable-")
        self.path = str(Path(self._home.name, "usb-Maker_Reader_0001-if00"))
        self.chip_end: int | None = None
        self.host_end: int | None = None

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()
        self._home.cleanup()

    def plug(self) -> None:
        if self.chip_end is not None:
            return
        chip_end, host_end = os.openpty()  # the host's end stays open here: closing the port is no hang-up
        tty.setraw(chip_end)
        tty.setraw(host_end)
        os.symlink(os.ttyname(host_end), self.path + ".new")
        os.replace(self.path + ".new", self.path)
        self.chip_end, self.host_end = chip_end, host_end

    def pull(self) -> None:
        chip_end, host_end = self.chip_end, self.host_end
        self.chip_end = self.host_end = None
        if chip_end is None or host_end is None:
            return
        os.unlink(self.path)
        os.close(host_end)
        os.close(chip_end)

    def write(self, data: bytes) -> None:
        assert self.chip_end is not None
        os.write(self.chip_end, data)
