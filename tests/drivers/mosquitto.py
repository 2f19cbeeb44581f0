"""A real mosquitto on a free port, that a test can kill and start again on the same one."""

import json
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.lacking import left_out
from tests.patience import PATIENT_S
from tests.ports import free_ports

STARTS_S: Final = PATIENT_S
PATH: Final = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
CONFIG: Final = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"


class Mosquitto:
    """`publish` speaks as a gateway would, in MQTT 3.1.1 written out by hand: no library is tested by itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_ports()

    def __enter__(self) -> Self:
        if shutil.which("mosquitto", path=PATH) is None:
            left_out("Debian's mosquitto is not installed")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        config = self._folder / "mosquitto.conf"
        config.write_text(CONFIG.format(port=self.port))
        program = shutil.which("mosquitto", path=PATH)
        assert program is not None
        self._process = subprocess.Popen(
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until_s = time.monotonic() + STARTS_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < until_s, "mosquitto did not start"
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def publish(self, topic: str, value: Any, *, retain: bool = False) -> None:
        with self.gateway() as line:
            line.sendall(publish_packet(topic, value, retain=retain))
            line.sendall(b"\xe0\x00")  # DISCONNECT
            line.recv(1)

    def gateway(self, *, will: tuple[str, bytes] | None = None) -> socket.socket:
        """A connection as a gateway's; closed without a word it leaves its will behind."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENT_S)
        flags, payload = 0x02, _text(b"")
        if will is not None:
            flags |= 0x04
            payload += _text(will[0].encode()) + _text(will[1])
        line.sendall(_packet(0x10, _text(b"MQTT") + bytes([4, flags]) + b"\x00\x3c" + payload))
        assert line.recv(4) == b"\x20\x02\x00\x00", "mosquitto did not accept"
        return line


def publish_packet(topic: str, value: Any, *, retain: bool = False) -> bytes:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return _packet(0x30 | retain, _text(topic.encode()) + payload)


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _packet(head: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([head]) + bytes(length) + body
