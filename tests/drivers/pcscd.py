"""A real pcscd with a virtual reader (Debian's vsmartcard-vpcd), and the cards of the NFC emulator held to it.

The daemon's socket has one fixed place, /run/pcscd. It runs in a mount namespace of its own, where that is a folder
of this test process: tests run beside each other, and never meet the machine's own daemon.
"""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.drivers.pn532.cards import Card, IsoDepCard
from tests.lacking import left_out
from tests.patience import PATIENT_S
from tests.ports import free_ports

DRIVER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
STARTS_S: Final = PATIENT_S
IN_ITS_OWN_RUN: Final = (
    'mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$0" /run/pcscd && exec pcscd -f -c "$1"'
)
POWER_OFF, POWER_ON, RESET, GIVE_ATR = b"\x00", b"\x01", b"\x02", b"\x04"  # vpcd's own one-byte messages
NO_CARD_HERE = b"\x6f\x00"
# The library looks up the variable once a process, so every daemon of this process uses the one folder.
HOME: Final = Path(tempfile.mkdtemp(prefix="pcscd-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["PCSCLITE_CSOCK_NAME"] = str(HOME / "pcscd.comm")


class Pcscd:
    """One daemon with one virtual reader; `present` and `remove` hold a card to it, `stop` takes both away."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._card: VirtualCard | None = None
        self.port = 0

    def __enter__(self) -> Self:
        if not DRIVER.exists() or shutil.which("pcscd", path="/usr/sbin:/usr/bin") is None:
            left_out("Debian's pcscd and vsmartcard-vpcd are not installed")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(mode=0o700)
        conf = HOME / "reader.conf.d"
        conf.mkdir()
        self.port = free_ports(2)  # vpcd takes two, one a slot
        (conf / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{self.port:X}\nLIBPATH {DRIVER}\n'
            f"CHANNELID 0x{self.port:X}\n"
        )
        own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        self._process = subprocess.Popen(
            [*own, "sh", "-c", IN_ITS_OWN_RUN, str(HOME), str(conf)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
        until_s = time.monotonic() + STARTS_S
        while not _answers(HOME / "pcscd.comm"):
            assert time.monotonic() < until_s, "pcscd did not start"
            assert self._process.poll() is None, "pcscd ended"
            time.sleep(0.01)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        self.remove()
        self.kill()
        (HOME / "pcscd.comm").unlink(missing_ok=True)

    def present(self, card: Card, *, meanwhile: Callable[[int], None] = lambda asked: None) -> None:
        """`meanwhile` is told of each command that reaches the card, before its answer."""
        self.remove()
        self._card = VirtualCard(card, self.port, atr_of(card), meanwhile)

    def remove(self) -> None:
        if self._card is not None:
            self._card.take_away()
            self._card = None


class VirtualCard:
    """A card of the emulator behind vpcd's socket, with what a real reader answers by itself (GET DATA, READ)."""

    def __init__(self, card: Card, port: int, atr: bytes, meanwhile: Callable[[int], None]) -> None:
        self._emulated = card
        self._atr = atr
        self._meanwhile = meanwhile
        self._line = socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def take_away(self) -> None:
        with contextlib.suppress(OSError):  # the daemon ended first
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError), self._line:
            self._line.settimeout(None)
            while (head := self._take(2)) is not None:
                message = self._take(int.from_bytes(head, "big"))
                if message is None:
                    return
                answer = self._answer(message)
                if answer is None:
                    return
                if answer:
                    self._line.sendall(len(answer).to_bytes(2, "big") + answer)

    def _take(self, length: int) -> bytes | None:
        data = b""
        while len(data) < length:
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # vpcd writes in two pieces
            piece = self._line.recv(length - len(data))
            if not piece:
                return None
            data += piece
        return data

    def _answer(self, message: bytes) -> bytes | None:
        """None: the card has left."""
        if message in (POWER_OFF, POWER_ON, RESET):
            self._emulated.field_off()
            return b""
        if message == GIVE_ATR:
            return self._atr
        card = self._emulated
        if message[:2] == b"\xff\xca":
            return card.uid + b"\x90\x00"
        card.frames.append(message)
        self._meanwhile(len(card.frames))
        if card.is_spent():
            return None
        if isinstance(card, IsoDepCard):
            card.apdus.append(message)
            return card.apdu(message)
        if message[:2] == b"\xff\xb0":
            block = card.answer(b"\x30" + message[3:4])
            return block + b"\x90\x00" if block is not None and len(block) == 16 else NO_CARD_HERE
        return NO_CARD_HERE


def atr_of(card: Card) -> bytes:
    """What a reader makes up for this card (PC/SC part 3, 3.1.3.2.3)."""
    if isinstance(card, IsoDepCard):
        return _with_check(bytes.fromhex("3b8180017f"))
    name = {0x18: "0002", 0x08: "0001", 0x09: "0026"}.get(card.sak, "0003")
    return _with_check(bytes.fromhex(f"3b8f8001804f0ca00000030603{name}00000000"))


def _with_check(atr: bytes) -> bytes:
    check = 0
    for byte in atr[1:]:
        check ^= byte
    return atr + bytes([check])


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except OSError:
            return False
        return True
