"""A serial line in software: what is written to one end comes out at the other, as through a cable."""

import os
import pty
import threading
import tty
from pathlib import Path
from typing import Final

_CHUNK: Final = 4096


class SerialLine:
    """Two ptys with a thread between them: people write to `far`, our serial driver opens `near`.

    Both are kept open here, so that neither side sees a hang-up when the other closes.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._near, near_slave = pty.openpty()
        self._far, far_slave = pty.openpty()
        for slave in (near_slave, far_slave):
            tty.setraw(slave)  # no echo, no line editing: bytes pass as they are
        self._kept = [near_slave, far_slave]
        self.near = os.ttyname(near_slave)
        self.far = folder / name
        self.far.unlink(missing_ok=True)
        self.far.symlink_to(os.ttyname(far_slave))
        threading.Thread(target=self._pump, name=f"line-{name}", daemon=True).start()

    def write(self, text: str) -> None:
        os.write(self._near, text.encode())

    def _pump(self) -> None:
        while True:
            try:
                os.write(self._near, os.read(self._far, _CHUNK))
            except OSError:
                return

    def close(self) -> None:
        self.far.unlink(missing_ok=True)
        for descriptor in (self._near, self._far, *self._kept):
            os.close(descriptor)
