"""A private message bus with a double of BlueZ on it: real dbus-daemon, real D-Bus, no radio.

The daemon and bluetoothd's double are processes of their own, so that a test can kill either, as happens in shops.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.lacking import left_out
from tests.patience import PATIENT_S

STARTS_S: Final = PATIENT_S
CONFIG: Final = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="*"/>
    <allow send_destination="*"/><allow receive_type="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """`start_bus`, `start_bluez` and their `kill_…`; `advertise` says something over the air."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "bus"
        self._daemon: subprocess.Popen[bytes] | None = None
        self._bluez: subprocess.Popen[bytes] | None = None
        self._before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")

    def __enter__(self) -> Self:
        if shutil.which("dbus-daemon") is None:
            left_out("Debian's dbus is not installed")
        (self._folder / "bus.conf").write_text(CONFIG.format(socket=self.socket))
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.socket}"
        self.start_bus()
        self.start_bluez()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_bluez()
        self.kill_bus()
        if self._before is None:
            os.environ.pop("DBUS_SYSTEM_BUS_ADDRESS", None)
        else:
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = self._before

    def start_bus(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self._folder / 'bus.conf'}", "--nofork", "--nopidfile"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until_s = time.monotonic() + STARTS_S
        while not self.socket.exists():
            assert time.monotonic() < until_s, "dbus-daemon did not start"
            time.sleep(0.01)

    def start_bluez(self) -> None:
        self._bluez = subprocess.Popen(
            [sys.executable, "-m", "tests.drivers.bluez_double"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._bluez.stdout is not None
        assert self._bluez.stdout.readline() == b"ready\n", "the double of BlueZ did not start"

    def kill_bus(self) -> None:
        self._daemon = _kill(self._daemon)
        self.socket.unlink(missing_ok=True)

    def kill_bluez(self) -> None:
        self._bluez = _kill(self._bluez)

    def say(self, *words: object) -> None:
        """A line to the double; see its docstring."""
        assert self._bluez is not None
        assert self._bluez.stdin is not None
        self._bluez.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self._bluez.stdin.flush()

    def advertise(self, eid: bytes, *, rssi: int = -60, address: str = "C0:00:00:00:00:01") -> None:
        """One advert with an Eddystone-EID frame."""
        self.say("advert", address, rssi, (b"\x30\xee" + eid).hex())


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
