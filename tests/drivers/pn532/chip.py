"""The chip: answers every command the nfc reader sends, over a cable that can be pulled."""

import os
import select
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.drivers.cable import Cable
from tests.drivers.pn532.cards import Card
from tests.drivers.pn532.frames import ACK, CHIP, HOST, frame, take

BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
SPEEDS = {
    termios.B9600: 9600,
    termios.B57600: 57600,
    termios.B115200: 115200,
    termios.B230400: 230400,
    termios.B460800: 460800,
    termios.B921600: 921600,
}
LOGGED = 20_000  # commands kept: a bench may run for hours
RX_MODE, FIFO_DATA = 0x6303, 0x6339
RX_CRC = 0x80  # CIU_RxMode: the chip checks and removes the CRC of answers


class Pn532:
    """A chip on `path`. `commands` logs (code, data), `air` every frame sent to a card.

    `baud` is the chip's own rate: a host at another rate is not understood. `hung` makes it deaf.
    """

    def __init__(self, *, baud: int = 115200) -> None:
        self.baud = baud
        self.hung = False
        self.busy_s = 0.0  # spent on commands, the card's part included
        self.line_bytes = 0  # over the cable, both ways
        self.commands: deque[tuple[int, bytes]] = deque(maxlen=LOGGED)
        self.air: deque[bytes] = deque(maxlen=LOGGED)
        self._cable = Cable()
        self._card: Card | None = None
        self._field = False
        self._registers: dict[int, int] = {}
        self._next_baud: int | None = None
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pn532", daemon=True)

    @property
    def path(self) -> str:
        return self._cable.path

    def __enter__(self) -> Self:
        self._cable.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(5)
        self._cable.__exit__(kind, error, trace)

    def present(self, card: Card) -> None:
        """Lay a card on the reader in place of any other."""
        with self._lock:
            card.field_off()
            self._card = card

    def remove(self) -> None:
        """Take the card away."""
        with self._lock:
            self._card = None

    @property
    def holds_a_card(self) -> bool:
        """Whether something lies there: a card with so many `lives` is gone after them."""
        return self._card is not None

    def pull(self) -> None:
        """Pull the cable: the node vanishes, the chip loses power."""
        with self._lock:
            self._cable.pull()
            self._power_off()

    def plug(self) -> None:
        """Put the cable back: another node behind the same link."""
        with self._lock:
            self._cable.plug()

    def _power_off(self) -> None:
        self.baud = 115200
        self._next_baud = None
        self._set_field(on=False)

    def _set_field(self, *, on: bool) -> None:
        if self._field and not on and self._card is not None:
            self._card.field_off()
        self._field = on

    def _run(self) -> None:
        buffer = bytearray()
        while not self._stop.is_set():
            with self._lock:
                end, host = self._cable.chip_end, self._cable.host_end
            if end is None or host is None:
                buffer.clear()
                time.sleep(0.005)
                continue
            try:
                ready, _, _ = select.select([end], [], [], 0.02)
                with self._lock:
                    if ready and self._cable.chip_end == end:
                        self._receive(os.read(end, 4096), buffer)
            except (OSError, ValueError):  # pulled between two steps
                buffer.clear()

    def _receive(self, data: bytes, buffer: bytearray) -> None:
        assert self._cable.host_end is not None
        speed = SPEEDS.get(termios.tcgetattr(self._cable.host_end)[4])
        if speed == self._next_baud:  # the ACK went out before the host changed over, and is read only now
            self.baud, self._next_baud = speed, None
        if self.hung or speed != self.baud:
            buffer.clear()
            return
        buffer += data
        self.line_bytes += len(data)
        while (payload := take(buffer)) is not None:
            if not payload:  # the host's ACK: it has heard the answer, or gives up waiting
                if self._next_baud is not None:
                    self.baud, self._next_baud = self._next_baud, None
            elif payload[0] == HOST and len(payload) > 1:
                began_s = time.perf_counter()
                self._command(payload[1], payload[2:])
                self.busy_s += time.perf_counter() - began_s

    def _command(self, code: int, data: bytes) -> None:
        self.commands.append((code, data))
        self._send(ACK)
        if code not in COMMANDS:
            self._send(frame(b"\x7f"))
            return
        answer = COMMANDS[code](self, data)
        if not self.hung:
            self._send(frame(bytes([CHIP, code + 1]) + answer))

    def _send(self, data: bytes) -> None:
        if self._cable.chip_end is not None:
            self.line_bytes += len(data)
            os.write(self._cable.chip_end, data)

    def _diagnose(self, data: bytes) -> bytes:
        return data if data[:1] == b"\0" else b"\0"

    def _version(self, data: bytes) -> bytes:
        return bytes.fromhex("32010607")

    def _general_status(self, data: bytes) -> bytes:
        return bytes([0, self._field, 0, 0])

    def _nothing(self, data: bytes) -> bytes:
        return b""

    def _read_register(self, data: bytes) -> bytes:
        at = [int.from_bytes(data[n : n + 2], "big") for n in range(0, len(data), 2)]
        return bytes(self._registers.get(register, 0) for register in at)

    def _write_register(self, data: bytes) -> bytes:
        for n in range(0, len(data) - 2, 3):
            self._registers[int.from_bytes(data[n : n + 2], "big")] = data[n + 2]
        return b""

    def _set_baud(self, data: bytes) -> bytes:
        self._next_baud = BAUDS[data[0]]
        return b""

    def _rf_configuration(self, data: bytes) -> bytes:
        if data[0] == 0x01:
            self._set_field(on=bool(data[1] & 0x01))
        return b""

    def _power_down(self, data: bytes) -> bytes:
        self._set_field(on=False)
        return b"\0"

    def _list_passive_target(self, data: bytes) -> bytes:
        self._set_field(on=True)
        self._registers[RX_MODE] = RX_CRC
        card = self._card
        wanted = {0: "A", 3: "B"}.get(data[1])
        found = card.sense() if card is not None and card.technology == wanted else None
        if found is None:
            self._registers[FIFO_DATA] = 0x26  # the REQA still lies in the FIFO: nothing answered it
            return b"\0"
        self._registers[FIFO_DATA] = 0
        return b"\x01\x01" + found

    def _communicate_thru(self, data: bytes) -> bytes:
        self.air.append(data)
        answer = self._card.exchange(data) if self._card is not None and self._field else None
        if self._card is not None and self._card.is_spent():
            self._card = None
        if answer is None:
            return b"\x01"
        no_crc = not self._registers.get(RX_MODE, 0) & RX_CRC
        return b"\0" + answer + (crc_a(answer) if no_crc and len(answer) > 1 else b"")


def crc_a(data: bytes) -> bytes:
    """ISO/IEC 14443-3, CRC_A, low byte first."""
    crc = 0x6363
    for byte in data:
        byte ^= crc & 0xFF
        byte ^= byte << 4 & 0xFF
        crc = crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return (crc & 0xFFFF).to_bytes(2, "little")


COMMANDS: dict[int, Callable[[Pn532, bytes], bytes]] = {
    0x00: Pn532._diagnose,
    0x02: Pn532._version,
    0x04: Pn532._general_status,
    0x06: Pn532._read_register,
    0x08: Pn532._write_register,
    0x10: Pn532._set_baud,
    0x12: Pn532._nothing,
    0x14: Pn532._nothing,
    0x16: Pn532._power_down,
    0x32: Pn532._rf_configuration,
    0x42: Pn532._communicate_thru,
    0x4A: Pn532._list_passive_target,
}
